#include "netft/control/server.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "netft/control/fd.hpp"

using namespace netft;
using namespace netft::control;
using nlohmann::json;

namespace {

constexpr std::chrono::seconds kDeadline{10};

struct Directory {
    Directory() {
        char name[] = "/tmp/netft-server-test-XXXXXX";
        path = ::mkdtemp(name);
    }
    ~Directory() { std::filesystem::remove_all(path); }
    std::string path;
};

Fd connect_to(const std::string& path) {
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    BOOST_REQUIRE(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    return fd;
}

// A server and its loop, in one thread with its clients.
struct Fixture {
    Fixture() : path(directory.path + "/run/netftd.sock") {
        Handlers handlers;
        handlers.on_request = [this](const json& request, const Caller& caller) -> json {
            last_caller = caller;
            if (request["request"] == "unknown") return {{"error", "unknown request"}};
            if (request["request"] == "throw") throw std::runtime_error("boom");
            return {{"echo", request}, {"pad", std::string(pad, 'x')}};
        };
        handlers.on_subscribe = [](Stream) { return std::vector<json>{{{"type", "node"}}}; };
        handlers.on_subscribers_changed = [this] { ++changes; };
        handlers.on_audit = [this](const AuditRecord& record) { audit.push_back(record); };
        // Who runs the tests may read, root or not; the time stands still.
        ServerOptions options{.readers = ::getegid(), .clock = [this] { return now; }};
        Result<ControlServer> opened = ControlServer::open(path, handlers, options);
        BOOST_REQUIRE(opened.has_value());
        server.emplace(std::move(*opened));
    }

    // Runs the loop until the condition holds; false when it never does.
    template <class Condition>
    bool run_until(Condition condition) {
        auto end = std::chrono::steady_clock::now() + kDeadline;
        while (!condition()) {
            if (std::chrono::steady_clock::now() > end) return false;
            pollfd wanted{server->fd(), POLLIN, 0};
            if (::poll(&wanted, 1, 10) > 0) server->handle_ready();
        }
        return true;
    }

    void send(const Fd& client, std::string_view bytes) {
        while (!bytes.empty()) {
            ssize_t n = ::send(client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (n < 0 && errno != EAGAIN) return;
            if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
            server->handle_ready();
        }
    }

    bool is_closed(const Fd& client) {
        char buffer[65536];
        ssize_t n = 1;
        while (n > 0) n = ::recv(client.get(), buffer, sizeof buffer, 0);
        return n == 0 || errno == ECONNRESET;
    }

    std::string read_line(const Fd& client) {
        std::string line;
        bool whole = run_until([&] {
            char buffer[65536];
            ssize_t n = ::recv(client.get(), buffer, sizeof buffer, MSG_PEEK);
            if (n <= 0) return false;
            std::string_view seen(buffer, static_cast<std::size_t>(n));
            std::size_t end = seen.find('\n');
            line += seen.substr(0, end);
            ::recv(client.get(), buffer, end == seen.npos ? seen.size() : end + 1, 0);
            return end != seen.npos;
        });
        BOOST_TEST(whole);
        return line;
    }
    json ask(const Fd& client, std::string_view line) {
        send(client, std::string(line) + "\n");
        return json::parse(read_line(client));
    }

    Directory directory;
    std::string path;
    Caller last_caller{.uid = 1, .gid = 1, .pid = 1};
    std::size_t pad = 0;
    int changes = 0;
    std::vector<AuditRecord> audit;
    TimePoint now{1h};
    std::optional<ControlServer> server;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(server, Fixture)

BOOST_AUTO_TEST_CASE(a_request_is_answered_and_its_caller_known) {
    Fd client = connect_to(path);
    json answer = ask(client, R"({"request":"show"})");
    BOOST_TEST(answer["echo"]["request"] == "show");
    BOOST_TEST(last_caller.uid == ::geteuid());
    BOOST_TEST(last_caller.pid == ::getpid());
}

BOOST_AUTO_TEST_CASE(the_file_is_open_to_all_and_goes_with_the_server) {
    struct stat info {};
    BOOST_REQUIRE(::stat(path.c_str(), &info) == 0);
    BOOST_TEST((info.st_mode & 0777) == 0666u);
    server.reset();
    BOOST_TEST(::stat(path.c_str(), &info) != 0);
}

BOOST_AUTO_TEST_CASE(a_live_daemon_is_left_alone) {
    Result<ControlServer> second = ControlServer::open(path, {});
    BOOST_REQUIRE(!second.has_value());
    BOOST_TEST(second.error().what.find("another netftd") != std::string::npos);
    Fd client = connect_to(path);
    BOOST_TEST(ask(client, R"({"request":"show"})").contains("echo"));
}

BOOST_AUTO_TEST_CASE(the_socket_of_a_dead_daemon_is_replaced) {
    std::string stale = directory.path + "/stale.sock";
    {
        Fd dead(::socket(AF_UNIX, SOCK_STREAM, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, stale.data(), stale.size());
        BOOST_REQUIRE(::bind(dead.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) ==
                      0);
    }
    BOOST_TEST(ControlServer::open(stale, {}).has_value());
}

BOOST_AUTO_TEST_CASE(a_file_that_is_no_socket_stays) {
    std::string file = directory.path + "/precious";
    std::ofstream(file) << "data";
    BOOST_TEST(!ControlServer::open(file, {}).has_value());
    BOOST_TEST(std::filesystem::exists(file));
    BOOST_TEST(!ControlServer::open(directory.path + "/" + std::string(200, 'x'), {}).has_value());
}

BOOST_AUTO_TEST_CASE(garbage_gets_an_error_and_too_much_of_it_the_door) {
    Fd client = connect_to(path);
    for (std::size_t i = 0; i + 1 < ControlServer::kBadLinesMax; ++i)
        BOOST_TEST(ask(client, "\xff{[garbage").contains("error"));
    send(client, "[]\n");
    BOOST_TEST(run_until([&] { return is_closed(client); }));
    BOOST_TEST(server->counters().bad_requests == ControlServer::kBadLinesMax);
    BOOST_TEST(server->counters().clients_dropped == 1u);
}

BOOST_AUTO_TEST_CASE(a_good_request_forgives_the_bad_ones_before) {
    Fd client = connect_to(path);
    for (std::size_t i = 0; i < 3 * ControlServer::kBadLinesMax; ++i) {
        BOOST_TEST(ask(client, "{}").contains("error"));
        BOOST_TEST(ask(client, R"({"request":"show"})").contains("echo"));
    }
}

BOOST_AUTO_TEST_CASE(a_line_without_end_is_refused) {
    Fd client = connect_to(path);
    send(client, std::string(ControlServer::kRequestBytesMax + 20'000, 'a'));
    BOOST_TEST(json::parse(read_line(client)).contains("error"));
    BOOST_TEST(run_until([&] { return is_closed(client); }));
    BOOST_TEST(server->clients() == 0u);
}

BOOST_AUTO_TEST_CASE(a_handler_that_throws_is_an_error_to_its_caller_only) {
    if (::geteuid() != 0) return;  // requests that nobody knows are root's
    Fd client = connect_to(path);
    BOOST_TEST(ask(client, R"({"request":"throw"})")["error"] == "throw: boom");
    BOOST_TEST(ask(client, R"({"request":"show"})").contains("echo"));
}

BOOST_AUTO_TEST_CASE(many_requests_in_one_piece_are_all_answered) {
    Fd client = connect_to(path);
    std::string many;
    for (int i = 0; i < 100; ++i) many += "{\"request\":\"show\"}\n";
    send(client, many);
    for (int i = 0; i < 100; ++i) BOOST_TEST(!read_line(client).empty());
}

BOOST_AUTO_TEST_CASE(who_closes_its_sending_half_still_gets_its_answers) {
    Fd client = connect_to(path);
    send(client, "{\"request\":\"show\"}\n{\"request\":\"show\"}\n");
    ::shutdown(client.get(), SHUT_WR);
    read_line(client);
    read_line(client);
    BOOST_TEST(run_until([&] { return is_closed(client); }));
}

BOOST_AUTO_TEST_CASE(a_stream_begins_with_a_snapshot_and_goes_on) {
    Fd client = connect_to(path);
    send(client, "{\"request\":\"stream\",\"stream\":\"watch\"}\n");
    BOOST_TEST(json::parse(read_line(client))["type"] == "node");
    BOOST_TEST(json::parse(read_line(client))["type"] == "end-of-snapshot");
    BOOST_TEST(server->has_subscribers(Stream::watch));
    BOOST_TEST(!server->has_subscribers(Stream::trace));
    server->publish(Stream::trace, R"({"type":"heartbeat"})");
    server->publish(Stream::watch, R"({"type":"transition"})");
    BOOST_TEST(json::parse(read_line(client))["type"] == "transition");
    BOOST_TEST(changes == 1);
    BOOST_TEST(ask(client, R"({"request":"stream","stream":"trace"})").contains("error"));
}

BOOST_AUTO_TEST_CASE(an_unknown_stream_is_an_error) {
    Fd client = connect_to(path);
    BOOST_TEST(ask(client, R"({"request":"stream","stream":"river"})").contains("error"));
    BOOST_TEST(ask(client, R"({"request":"stream"})").contains("error"));
}

BOOST_AUTO_TEST_CASE(a_subscriber_that_vanishes_is_forgotten) {
    Fd client = connect_to(path);
    ask(client, R"({"request":"stream","stream":"trace"})");
    BOOST_TEST(run_until([&] { return server->has_subscribers(Stream::trace); }));
    client.reset();
    BOOST_TEST(run_until([&] { return server->clients() == 0; }));
    BOOST_TEST(!server->has_subscribers(Stream::trace));
    BOOST_TEST(changes == 2);
}

BOOST_AUTO_TEST_CASE(a_subscriber_that_reads_too_slowly_is_told_how_many_it_lost) {
    Fd slow = connect_to(path);
    ask(slow, R"({"request":"stream","stream":"trace"})");
    BOOST_TEST(json::parse(read_line(slow))["type"] == "end-of-snapshot");
    std::string record = "{\"type\":\"heartbeat\",\"pad\":\"" + std::string(100'000, 'x') + "\"}";
    constexpr std::uint64_t kSent = 100;  // 10 MB
    for (std::uint64_t i = 0; i < kSent; ++i) server->publish(Stream::trace, record);
    BOOST_TEST(server->counters().records_lost > 0u);
    std::uint64_t seen = 0;
    std::uint64_t lost = 0;
    while (seen + lost < kSent) {
        json line = json::parse(read_line(slow));
        lost += line["type"] == "lost" ? line["count"].get<std::uint64_t>() : 0;
        seen += line["type"] == "heartbeat" ? 1 : 0;
    }
    BOOST_TEST(lost == server->counters().records_lost);
    server->publish(Stream::trace, R"({"type":"selection"})");
    BOOST_TEST(json::parse(read_line(slow))["type"] == "selection");
}

BOOST_AUTO_TEST_CASE(a_client_that_asks_and_never_reads_is_dropped) {
    pad = 1'000'000;
    Fd greedy = connect_to(path);
    for (int i = 0; i < 20; ++i) send(greedy, "{\"request\":\"show\"}\n");
    BOOST_TEST(run_until([&] { return server->clients() == 0; }));
    BOOST_TEST(server->counters().clients_dropped == 1u);
}

BOOST_AUTO_TEST_CASE(there_is_a_limit_to_clients_and_it_passes) {
    std::vector<Fd> clients;
    std::size_t room =
        ::geteuid() == 0 ? ControlServer::kClientsMax : ServerLimits::kUserClientsMax;
    for (std::size_t i = 0; i < room; ++i) {
        clients.push_back(connect_to(path));
        BOOST_REQUIRE(run_until([&] { return server->clients() == i + 1; }));
    }
    Fd extra = connect_to(path);
    BOOST_TEST(json::parse(read_line(extra)).contains("error"));
    BOOST_TEST(server->counters().clients_refused == 1u);
    BOOST_REQUIRE(audit.size() == 1u);
    BOOST_TEST(audit[0].what == "connect");
    clients.clear();
    BOOST_TEST(run_until([&] { return server->clients() == 0; }));
    Fd later = connect_to(path);
    BOOST_TEST(ask(later, R"({"request":"show"})").contains("echo"));
}

BOOST_AUTO_TEST_CASE(changes_are_audited_with_their_result_and_reading_is_not) {
    if (::geteuid() != 0) return;
    Fd client = connect_to(path);
    ask(client, R"({"request":"show"})");
    ask(client, R"({"request":"stop"})");
    ask(client, R"({"request":"unknown"})");
    BOOST_REQUIRE(audit.size() == 2u);
    BOOST_TEST(audit[0].what == "stop");
    BOOST_TEST(audit[0].refusal == "");
    BOOST_TEST(audit[0].who.pid == ::getpid());
    BOOST_TEST(audit[1].refusal == "unknown request");
}

BOOST_AUTO_TEST_CASE(a_flood_of_requests_is_limited_audited_once_and_forgiven) {
    Fd client = connect_to(path);
    bool is_root = ::geteuid() == 0;
    std::uint32_t burst =
        ServerLimits::kRequestsBurst * (is_root ? ServerLimits::kRootFactor : 1) / 2;
    for (std::uint32_t i = 0; i < burst; ++i)
        BOOST_REQUIRE(ask(client, R"({"request":"show"})").contains("echo"));
    for (int i = 0; i < 5; ++i) BOOST_TEST(ask(client, R"({"request":"show"})").contains("error"));
    BOOST_TEST(server->counters().limited_requests == 5u);
    BOOST_TEST(audit.size() == 1u);
    now += 1s;
    BOOST_TEST(ask(client, R"({"request":"show"})").contains("echo"));
}

BOOST_AUTO_TEST_SUITE_END()
