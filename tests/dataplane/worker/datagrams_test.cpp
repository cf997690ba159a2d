// Many datagrams of one flow: in order, each as it was sent, and joined on their way into the
// kernel.
#include <net/if.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <numeric>

#include "lab.hpp"
#include "netft/dataplane/sockaddr.hpp"

namespace netft::dataplane::test {
namespace {

constexpr std::uint16_t kPort = 7002;

struct Datagrams : TwoNodes {
    Fd client;
    Fd server;

    static IpAddress address_of(const Node& node, const std::string& text) {
        std::uint32_t scope = 0;
        node.space().inside([&] { scope = if_nametoindex("netft0"); });
        IpAddress address = *IpAddress::parse(text);
        return address.is_v4() ? address : address.with_scope(scope);
    }
    static Fd open(const Node& node, const IpAddress& address, std::uint16_t port) {
        Fd fd;
        int family = address.is_v4() ? AF_INET : AF_INET6;
        node.space().inside([&] { fd = Fd(socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0)); });
        timeval patience{.tv_sec = 5};
        setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        SocketAddress at;
        socklen_t length = to_sockaddr({address, port}, at);
        BOOST_REQUIRE(bind(fd.get(), &at.any, length) == 0);
        return fd;
    }
    void connect_by(const std::string& from, const std::string& to) {
        server = open(n2, address_of(n2, to), kPort);
        client = open(n1, address_of(n1, from), 0);
        SocketAddress there;
        socklen_t length = to_sockaddr({address_of(n1, to), kPort}, there);
        BOOST_REQUIRE(connect(client.get(), &there.any, length) == 0);
        all_arrive_as_sent({64});  // what waits for a neighbour's address waits in a short queue
    }
    // Byte 0 is the number, all bytes hang on it.
    static std::vector<std::uint8_t> body(std::size_t number, std::size_t bytes) {
        std::vector<std::uint8_t> out(bytes);
        std::iota(out.begin(), out.end(), static_cast<std::uint8_t>(number));
        return out;
    }
    void send(std::size_t number, std::size_t bytes) {
        std::vector<std::uint8_t> out = body(number, bytes);
        BOOST_REQUIRE(::send(client.get(), out.data(), bytes, 0) == static_cast<ssize_t>(bytes));
    }
    // No more at once than a socket's buffer holds.
    void all_arrive_as_sent(const std::vector<std::size_t>& sizes) {
        for (std::size_t from = 0; from < sizes.size(); from += 50) {
            std::size_t to = std::min(from + 50, sizes.size());
            for (std::size_t i = from; i < to; ++i) send(i, sizes[i]);
            receive(sizes, from, to);
        }
    }
    void receive(const std::vector<std::size_t>& sizes, std::size_t from, std::size_t to) {
        for (std::size_t i = from; i < to; ++i) {
            std::array<std::uint8_t, 2048> room;
            ssize_t got = recv(server.get(), room.data(), room.size(), 0);
            BOOST_TEST_INFO("datagram " << i << " of " << sizes.size());
            BOOST_REQUIRE_EQUAL(got, static_cast<ssize_t>(sizes[i]));
            std::vector<std::uint8_t> wanted = body(i, sizes[i]);
            BOOST_REQUIRE(std::memcmp(room.data(), wanted.data(), wanted.size()) == 0);
        }
    }
    // The kernel gives a socket that asks for it what belongs together in one piece.
    bool is_joined_once() {
        for (std::size_t i = 0; i < 32; ++i) send(i, 100);
        bool is_joined = false;
        for (std::size_t at = 0; at < 3'200;) {
            std::array<std::uint8_t, 65'535> room;
            ssize_t got = recv(server.get(), room.data(), room.size(), 0);
            BOOST_REQUIRE(got > 0);
            for (ssize_t i = 0; i < got; i += 100)
                BOOST_REQUIRE(room[static_cast<std::size_t>(i)] == at / 100 + i / 100);
            is_joined |= got > 100;
            at += static_cast<std::size_t>(got);
        }
        return is_joined;
    }
};

const std::pair<const char*, const char*> kWays[] = {{"169.254.77.1", "169.254.77.2"},
                                                     {"fe80::77:1", "fe80::77:2"}};

BOOST_FIXTURE_TEST_SUITE(datagrams, Datagrams)

BOOST_AUTO_TEST_CASE(each_arrives_as_it_was_sent_and_in_order) {
    start(1);
    std::vector<std::size_t> sizes(100, 64);
    for (std::size_t i = 0; i < 100; ++i) sizes.push_back(1 + i * 37 % 1'300);
    for (std::size_t i = 0; i < 30; ++i) sizes.insert(sizes.end(), {400, 400, 399});
    for (auto [from, to] : kWays) {
        connect_by(from, to);
        for (int i = 0; i < 5; ++i) all_arrive_as_sent(sizes);
    }
    DropCounters drops = n2.report().drops;
    BOOST_TEST(drops.of(DropReason::tap_write_failed) == 0u);
    BOOST_TEST(drops.of(DropReason::frame_bad_virtio) == 0u);
}

BOOST_AUTO_TEST_CASE(what_comes_together_enters_the_kernel_together) {
    start(1);
    if (!n2.has_uso()) {
        BOOST_TEST_MESSAGE("the kernel has no UDP segmentation for a TAP: nothing is joined");
        return;
    }
    for (auto [from, to] : kWays) {
        connect_by(from, to);
        int on = 1;
        BOOST_REQUIRE(setsockopt(server.get(), SOL_UDP, UDP_GRO, &on, sizeof(on)) == 0);
        std::uint64_t before = n2.report().counters.frames_to_adapter;
        std::uint64_t rounds = 0;
        wait_until("joined datagrams", [&] { return ++rounds, is_joined_once(); });
        BOOST_TEST(n2.report().counters.frames_to_adapter - before >= rounds * 32);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::dataplane::test
