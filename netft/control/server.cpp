#include "netft/control/server.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <fcntl.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <exception>
#include <map>
#include <nlohmann/json.hpp>

#include "netft/control/fd.hpp"
#include "netft/control/server_client.hpp"
#include "netft/control/server_socket.hpp"

namespace netft::control {

namespace {

using nlohmann::json;

constexpr std::size_t kEventsMax = 32;
constexpr std::size_t kAcceptsPerTurnMax = 16;
// So that one client with many requests cannot hold up the others, nor the daemon.
constexpr std::size_t kLinesPerTurnMax = 8;
constexpr std::size_t kNameBytesMax = 64;  // of a request's name, in the audit

// Text from outside may be no UTF-8: replaced, never thrown about.
std::string to_line(const json& document) {
    return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string error_line(const std::string& what) { return to_line({{"error", what}}); }

// Empty: the answer is none.
// Taking over has steps, and only the last one is a change.
std::string name_in_audit(const std::string& what, const json& request) {
    auto step = request.find("step");
    bool has_steps = what == "take-over" && step != request.end() && step->is_string();
    return has_steps ? what + " (" + step->get<std::string>() + ")" : what;
}

std::string error_of(const json& answer) {
    auto error = answer.find("error");
    return error != answer.end() && error->is_string() ? error->get<std::string>() : "";
}

std::optional<Stream> stream_of(const json& request) {
    auto name = request.find("stream");
    if (name == request.end() || !name->is_string()) return {};
    if (*name == "watch") return Stream::watch;
    if (*name == "trace") return Stream::trace;
    return {};
}

Fd spare_fd() { return Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

TimePoint steady_now() {
    return TimePoint(
        std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

}  // namespace

struct ControlServer::State {
    State(ListeningSocket socket, Fd poll_fd, Handlers h, ServerOptions o)
        : listening(std::move(socket)),
          epoll(std::move(poll_fd)),
          handlers(std::move(h)),
          options(std::move(o)) {
        if (!options.clock) options.clock = steady_now;
    }

    void accept_clients();
    bool accept_one();
    void refuse_one();
    bool admit_client(const Fd& fd, const Caller& caller);
    bool admit_request(ServerClient& client);
    void refuse_request(ServerClient& client, const std::string& request, const std::string& why);
    std::size_t clients_of(uid_t uid) const;
    void audit(const Caller& caller, const std::string& what, const std::string& refusal);
    void handle_client(ServerClient& client);
    void handle_line(ServerClient& client, const std::string& line);
    void handle_bad_line(ServerClient& client, const std::string& why);
    json answer(const ServerClient& client, const json& request);
    void subscribe(ServerClient& client, const json& request);
    void watch(ServerClient& client);
    void sweep();
    bool is_subscribed(Stream stream) const;
    void tell_subscribers_changed();

    ListeningSocket listening;
    Fd epoll;
    Fd spare = spare_fd();  // lets us refuse somebody when no descriptor is left
    Handlers handlers;
    ServerOptions options;
    ServerLimits limits;
    std::map<int, std::unique_ptr<ServerClient>> clients;
    std::array<bool, kStreams> subscribed{};
    ServerCounters counters;
    bool inside = false;  // handlers may publish: no client may go away under our feet then
};

Result<ControlServer> ControlServer::open(const std::string& path, Handlers handlers,
                                          ServerOptions options) {
    Result<ListeningSocket> socket = options.listening >= 0
                                         ? ListeningSocket::adopt(Fd(options.listening), path)
                                         : ListeningSocket::open(path, options.readers);
    if (!socket) return tl::unexpected(socket.error());
    Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll) return fail_errno("control socket: epoll", errno);
    epoll_event event{.events = EPOLLIN, .data = {.fd = socket->fd()}};
    if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, socket->fd(), &event) != 0)
        return fail_errno("control socket: epoll", errno);
    return ControlServer(std::make_unique<State>(std::move(*socket), std::move(epoll),
                                                 std::move(handlers), std::move(options)));
}

ControlServer::ControlServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
ControlServer::~ControlServer() = default;
ControlServer::ControlServer(ControlServer&&) noexcept = default;
ControlServer& ControlServer::operator=(ControlServer&&) noexcept = default;

int ControlServer::listening_fd() const { return state_->listening.fd(); }
void ControlServer::give_away() { state_->listening.give_away(); }
int ControlServer::fd() const { return state_->epoll.get(); }
const ServerCounters& ControlServer::counters() const { return state_->counters; }
std::size_t ControlServer::clients() const { return state_->clients.size(); }
bool ControlServer::has_subscribers(Stream stream) const { return state_->is_subscribed(stream); }

void ControlServer::handle_ready() {
    std::array<epoll_event, kEventsMax> events;
    int n = ::epoll_wait(state_->epoll.get(), events.data(), events.size(), 0);
    state_->inside = true;
    for (int i = 0; i < n; ++i) {
        int fd = events[static_cast<std::size_t>(i)].data.fd;
        if (fd == state_->listening.fd()) {
            state_->accept_clients();
            continue;
        }
        auto client = state_->clients.find(fd);
        if (client == state_->clients.end()) continue;
        if ((events[static_cast<std::size_t>(i)].events & (EPOLLHUP | EPOLLERR)) != 0 &&
            client->second->stream)
            client->second->finish();
        state_->handle_client(*client->second);
    }
    state_->inside = false;
    state_->sweep();
}

void ControlServer::publish(Stream stream, const std::string& line) {
    for (auto& [fd, client] : state_->clients) {
        if (client->stream != stream || client->is_dropped()) continue;
        state_->counters.records_lost += client->send_record(line);
        state_->watch(*client);
    }
    if (!state_->inside) state_->sweep();
}

void ControlServer::State::accept_clients() {
    for (std::size_t i = 0; i < kAcceptsPerTurnMax; ++i)
        if (!accept_one()) return;
}

// False when nobody waits any more.
bool ControlServer::State::accept_one() {
    Fd fd(::accept4(listening.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) {
        if (errno == EMFILE || errno == ENFILE) refuse_one();
        return errno == ECONNABORTED || errno == EINTR;
    }
    Caller caller = caller_of(fd.get());
    if (!admit_client(fd, caller)) return true;
    ++counters.clients_accepted;
    int key = fd.get();
    auto client = std::make_unique<ServerClient>(std::move(fd), std::move(caller));
    client->watched = client->interest();
    epoll_event event{.events = client->watched, .data = {.fd = key}};
    if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, key, &event) == 0) clients[key] = std::move(client);
    return true;
}

bool ControlServer::State::admit_client(const Fd& fd, const Caller& caller) {
    Admission verdict =
        limits.admit_client(options.clock(), caller.uid, clients_of(caller.uid), clients.size());
    if (verdict.admitted) return true;
    const std::string why = "too many clients, try again later";
    std::string line = error_line("netftd: " + why) + "\n";
    (void)::send(fd.get(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    ++counters.clients_refused;
    if (verdict.first) audit(caller, "connect", why);
    return false;
}

std::size_t ControlServer::State::clients_of(uid_t uid) const {
    return static_cast<std::size_t>(
        std::count_if(clients.begin(), clients.end(),
                      [uid](const auto& entry) { return entry.second->caller().uid == uid; }));
}

// No descriptor is left. Left waiting, the caller would keep us awake for ever.
void ControlServer::State::refuse_one() {
    spare.reset();
    Fd refused(::accept4(listening.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (refused) ++counters.clients_refused;
    refused.reset();
    spare = spare_fd();
    errno = EAGAIN;
}

void ControlServer::State::handle_client(ServerClient& client) {
    client.flush();
    client.receive();
    for (std::size_t i = 0; i < kLinesPerTurnMax && !client.is_done(); ++i) {
        if (client.is_line_too_long()) {
            handle_bad_line(
                client, "request line longer than " + std::to_string(kRequestBytesMax) + " bytes");
            client.drop();
            break;
        }
        std::optional<std::string> line = client.take_line();
        if (!line) break;
        handle_line(client, *line);
    }
    watch(client);
}

void ControlServer::State::handle_line(ServerClient& client, const std::string& line) {
    if (line.find_first_not_of(" \t\r") == std::string::npos || !admit_request(client)) return;
    json request = json::parse(line, nullptr, false);
    if (!request.is_object()) return handle_bad_line(client, "request is no JSON object");
    auto name = request.find("request");
    if (name == request.end() || !name->is_string())
        return handle_bad_line(client, "request has no \"request\"");
    ++counters.requests;
    client.bad_lines = 0;
    const std::string& what = name->get_ref<const std::string&>();
    std::string why = refusal(what, client.caller(), options.readers, options.owner);
    if (!why.empty()) return refuse_request(client, what, why);
    if (what == "stream") return subscribe(client, request);
    json document = answer(client, request);
    if (access_for(what) == Access::change)
        audit(client.caller(), name_in_audit(what, request), error_of(document));
    client.send_line(to_line(document),
                     handlers.attachments ? handlers.attachments() : std::vector<int>{});
}

bool ControlServer::State::admit_request(ServerClient& client) {
    Admission verdict = limits.admit_request(options.clock(), client.caller().uid, client.requests);
    if (verdict.admitted) return true;
    ++counters.limited_requests;
    const std::string why = "too many requests, try again later";
    client.send_line(error_line("netftd: " + why));
    if (verdict.first) audit(client.caller(), "requests", why);
    return false;
}

void ControlServer::State::refuse_request(ServerClient& client, const std::string& request,
                                          const std::string& why) {
    // A request may be 64 KiB long: the log and the caller know it by its beginning.
    std::string name = request.substr(0, kNameBytesMax);
    ++counters.refused_requests;
    limits.handle_refusal(options.clock(), client.caller().uid);
    audit(client.caller(), name, why);
    client.send_line(error_line(name + ": refused: " + why));
}

void ControlServer::State::audit(const Caller& caller, const std::string& what,
                                 const std::string& refusal) {
    if (handlers.on_audit) handlers.on_audit({caller, what.substr(0, kNameBytesMax), refusal});
}

void ControlServer::State::handle_bad_line(ServerClient& client, const std::string& why) {
    ++counters.bad_requests;
    client.send_line(error_line(why));
    if (++client.bad_lines >= kBadLinesMax) client.drop();
}

json ControlServer::State::answer(const ServerClient& client, const json& request) {
    try {
        return handlers.on_request(request, client.caller());
    } catch (const std::exception& e) {
        const std::string& name = request["request"].get_ref<const std::string&>();
        return {{"error", name + ": " + e.what()}};
    }
}

void ControlServer::State::subscribe(ServerClient& client, const json& request) {
    std::optional<Stream> stream = stream_of(request);
    if (!stream) return client.send_line(error_line("stream: unknown: \"watch\" or \"trace\""));
    if (client.stream)
        return client.send_line(error_line("stream: this connection has a stream already"));
    try {
        for (const json& record : handlers.on_subscribe(*stream)) client.send_line(to_line(record));
    } catch (const std::exception& e) {
        return client.send_line(error_line(std::string("stream: ") + e.what()));
    }
    client.send_line(R"({"version":1,"type":"end-of-snapshot"})");
    client.stream = stream;
    tell_subscribers_changed();
}

void ControlServer::State::watch(ServerClient& client) {
    std::uint32_t wanted = client.interest();
    if (wanted == client.watched) return;
    epoll_event event{.events = wanted, .data = {.fd = client.fd()}};
    if (::epoll_ctl(epoll.get(), EPOLL_CTL_MOD, client.fd(), &event) != 0) client.drop();
    client.watched = wanted;
}

// Closes who is done.
void ControlServer::State::sweep() {
    for (auto it = clients.begin(); it != clients.end();) {
        if (!it->second->is_done()) {
            ++it;
            continue;
        }
        if (it->second->is_dropped()) ++counters.clients_dropped;
        it = clients.erase(it);
    }
    tell_subscribers_changed();
}

bool ControlServer::State::is_subscribed(Stream stream) const {
    return std::any_of(clients.begin(), clients.end(),
                       [stream](const auto& entry) { return entry.second->stream == stream; });
}

void ControlServer::State::tell_subscribers_changed() {
    std::array<bool, kStreams> now{is_subscribed(Stream::watch), is_subscribed(Stream::trace)};
    if (now == subscribed) return;
    subscribed = now;
    try {
        if (handlers.on_subscribers_changed) handlers.on_subscribers_changed();
    } catch (const std::exception&) {
        // The handler's own affair; has_subscribers() tells the truth all the same.
    }
}

}  // namespace netft::control
