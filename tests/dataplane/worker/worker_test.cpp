#include "netft/dataplane/worker.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "lab.hpp"
#include "netft/dataplane/sockaddr.hpp"

namespace netft::dataplane::test {
namespace {

SocketAddress address_of(const std::string& text, std::uint16_t port, socklen_t& length) {
    SocketAddress address;
    length = to_sockaddr({*IpAddress::parse(text), port}, address);
    return address;
}

Fd listen_on(const Namespace& where, const std::string& address) {
    Fd fd;
    where.inside([&] { fd = Fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)); });
    socklen_t length = 0;
    SocketAddress at = address_of(address, 7000, length);
    BOOST_REQUIRE(bind(fd.get(), &at.any, length) == 0);
    BOOST_REQUIRE(listen(fd.get(), 1) == 0);
    return fd;
}

Fd connect_to(const Namespace& from, const std::string& address) {
    Fd fd;
    from.inside([&] { fd = Fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)); });
    timeval patience{.tv_sec = 10};
    setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    socklen_t length = 0;
    SocketAddress to = address_of(address, 7000, length);
    BOOST_REQUIRE(connect(fd.get(), &to.any, length) == 0);
    return fd;
}

// Byte i of the stream.
std::uint8_t pattern(std::size_t i) { return static_cast<std::uint8_t>(i * 2'654'435'761u >> 13); }

// How many bytes came before the first wrong one or the end.
std::size_t count_good_bytes(int listener) {
    Fd fd(accept(listener, nullptr, nullptr));
    std::vector<std::uint8_t> buffer(1 << 16);
    std::size_t good = 0;
    for (;;) {
        ssize_t n = recv(fd.get(), buffer.data(), buffer.size(), 0);
        if (n <= 0) return good;
        for (ssize_t i = 0; i < n; ++i, ++good)
            if (buffer[static_cast<std::size_t>(i)] != pattern(good)) return good;
    }
}

void send_stream(int fd, std::size_t bytes) {
    std::vector<std::uint8_t> buffer(1 << 20);
    for (std::size_t at = 0; at < bytes;) {
        std::size_t part = std::min(buffer.size(), bytes - at);
        for (std::size_t i = 0; i < part; ++i) buffer[i] = pattern(at + i);
        for (std::size_t sent = 0; sent < part;) {
            ssize_t n = ::send(fd, buffer.data() + sent, part - sent, MSG_NOSIGNAL);
            BOOST_REQUIRE(n > 0);
            sent += static_cast<std::size_t>(n);
        }
        at += part;
    }
}

BOOST_FIXTURE_TEST_SUITE(worker, TwoNodes)

BOOST_AUTO_TEST_CASE(routes_come_up_and_ping_crosses) {
    start(2);
    BOOST_TEST(n1.space().succeeds("ping -c 3 -i 0.02 -W 5 169.254.77.2"));
    BOOST_TEST(n2.space().succeeds("ping -c 3 -i 0.02 -W 5 169.254.77.1"));
    BOOST_TEST(n1.space().succeeds("ping -6 -c 3 -i 0.02 -W 5 fe80::77:2%netft0"));
    WorkerReport report = n1.report();
    BOOST_TEST(report.counters.answers_to_adapter >= 1u);
    BOOST_TEST(report.counters.frames_to_adapter >= 9u);
    BOOST_TEST(report.counters.heartbeats_sent > 0u);
}

// As after a restart with another NIC.
BOOST_AUTO_TEST_CASE(the_kernel_is_told_of_a_peers_new_mac) {
    start(1);
    const std::string ping = "ping -c 1 -W 2 ";
    BOOST_TEST(n1.space().succeeds(ping + "169.254.77.2"));
    BOOST_TEST(n1.space().succeeds(ping + "-6 fe80::77:2%netft0"));
    BOOST_TEST(n2.space().succeeds("ip link set netft0 address 02:00:00:00:00:42"));
    const MacAddress mac{{2, 0, 0, 0, 0, 0x42}};
    n2.publish([&](core::Plan& plan) { plan.adapter.mac = mac; });
    std::uint64_t before = n1.report().counters.answers_to_adapter;
    n1.publish([&](core::Plan& plan) { plan.peers[0].mac = mac; });
    wait_until("the announcements",
               [&] { return n1.report().counters.answers_to_adapter == before + 2; });
    BOOST_TEST(n1.space().succeeds(ping + "169.254.77.2"));
    BOOST_TEST(n1.space().succeeds(ping + "-6 fe80::77:2%netft0"));
    BOOST_TEST(n1.report().drops.of(DropReason::frame_unknown_peer) == 0u);
}

void a_tcp_stream_crosses(TwoNodes& nodes, SecurityMode security) {
    auto& [n1, n2] = nodes;
    nodes.start(1, security);
    constexpr std::size_t kBytes = 64 << 20;
    Fd listener = listen_on(n2.space(), Node::adapter_address(2));
    std::size_t good = 0;
    std::thread server([&] { good = count_good_bytes(listener.get()); });
    {
        Fd client = connect_to(n1.space(), Node::adapter_address(2));
        send_stream(client.get(), kBytes);
    }
    server.join();
    BOOST_TEST(good == kBytes);
    WorkerReport from = n1.report();
    WorkerReport to = n2.report();
    // Far more bytes a frame than an MTU: the kernels neither segmented nor coalesced.
    BOOST_TEST(from.counters.bytes_from_adapter / from.counters.frames_from_adapter > 5'000u);
    BOOST_TEST(to.counters.bytes_to_adapter / to.counters.frames_to_adapter > 5'000u);
    BOOST_TEST(to.drops.of(DropReason::tap_write_failed) == 0u);
    BOOST_TEST(to.drops.of(DropReason::train_malformed) == 0u);
    BOOST_TEST(to.drops.of(DropReason::frame_bad_virtio) == 0u);
    BOOST_TEST(from.drops.of(DropReason::tx_too_big) == 0u);
    BOOST_TEST(to.drops.of(DropReason::rx_bad_seal) == 0u);
}

BOOST_AUTO_TEST_CASE(an_encrypted_tcp_stream_crosses_whole_and_in_long_trains) {
    a_tcp_stream_crosses(*this, SecurityMode::encrypt);
}

BOOST_AUTO_TEST_CASE(a_signed_tcp_stream_crosses_whole_and_in_long_trains) {
    a_tcp_stream_crosses(*this, SecurityMode::sign);
}

BOOST_AUTO_TEST_CASE(a_plain_tcp_stream_crosses_whole_and_in_long_trains) {
    a_tcp_stream_crosses(*this, SecurityMode::none);
}

BOOST_AUTO_TEST_CASE(traffic_survives_the_loss_of_a_network) {
    start(2);
    BOOST_TEST(n1.space().succeeds("ping -c 1 -W 5 169.254.77.2"));
    n2.space().run("ip link set net0 down");
    BOOST_TEST((n1.wait_for_transition(BfdState::down).route == RouteId(1)));
    n1.wait_for_selection(RouteId(2));
    n2.wait_for_selection(RouteId(2));
    BOOST_TEST(n1.space().succeeds("ping -c 3 -i 0.02 -W 5 169.254.77.2"));
}

// Both ports own the same buffers; that none is lost or freed twice, the nodes check as they end.
BOOST_AUTO_TEST_CASE(policy_duplicate_sends_the_same_buffers_on_both_ports) {
    start(2);
    for (Node* node : {&n1, &n2}) {
        std::unique_ptr<Snapshot> duplicating = node->snapshot();
        duplicating->plan.version = 2;
        duplicating->plan.peers[0].traffic.policy = core::Policy::duplicate;
        node->worker().publish(std::move(duplicating));
    }
    wait_until("both routes in use", [&] {
        WorkerReport report = n1.report();
        return report.core.routes[0].in_use && report.core.routes[1].in_use;
    });
    std::string said = n1.space().run("ping -c 20 -i 0.01 -W 5 -s 9000 169.254.77.2 || true");
    BOOST_TEST(said.find("20 received") != std::string::npos, said);
    BOOST_TEST(said.find("duplicates") == std::string::npos, said);
    WorkerReport report = n2.report();
    BOOST_TEST(report.drops.of(DropReason::rx_duplicate) +
                   report.core.drops.of(DropReason::rx_duplicate) >=
               20u);
}

BOOST_AUTO_TEST_CASE(multicast_reaches_the_peer) {
    start(1);
    std::uint64_t before = n2.report().counters.frames_to_adapter;
    (void)n1.space().succeeds("ping -6 -c 1 -W 1 -L -I netft0 ff02::1");
    wait_until("the multicast frame",
               [&] { return n2.report().counters.frames_to_adapter > before; });
}

BOOST_AUTO_TEST_CASE(garbage_is_counted_and_harms_nothing) {
    start(1);
    Fd fd;
    n1.space().inside([&] { fd = Fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)); });
    socklen_t length = 0;
    SocketAddress to = address_of("10.0.0.2", kNetftPort, length);
    auto send = [&](std::uint8_t first, std::size_t size) {
        std::vector<std::uint8_t> bytes(size, first);
        BOOST_REQUIRE(sendto(fd.get(), bytes.data(), size, 0, &to.any, length) > 0);
    };
    send(0x95, 40);  // version 9
    send(0x14, 4);   // no header
    send(0x1f, 40);  // no such type
    send(0x15, 40);  // data of no session
    wait_until("garbage counted", [&] {
        DropCounters drops = n2.report().drops;
        return drops.of(DropReason::rx_bad_version) == 1 &&
               drops.of(DropReason::rx_truncated) == 1 && drops.of(DropReason::rx_bad_type) == 1 &&
               drops.of(DropReason::rx_no_session) == 1;
    });
    BOOST_TEST(n1.space().succeeds("ping -c 1 -W 5 169.254.77.2"));
}

// From the right address, with the right index, in vain.
BOOST_AUTO_TEST_CASE(what_does_not_authenticate_is_counted_and_harms_nothing) {
    start(1);
    Fd fd;
    n1.space().inside([&] { fd = Fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)); });
    socklen_t length = 0;
    SocketAddress to = address_of("10.0.0.2", kNetftPort, length);
    std::uint64_t sent = 0;
    for (MessageType type : {MessageType::heartbeat, MessageType::data, MessageType::control})
        for (std::size_t size : {kHeaderSize, kHeaderSize + kTagSize - 1, kHeaderSize + kTagSize,
                                 std::size_t{200}, std::size_t{1400}}) {
            std::vector<std::uint8_t> bytes(size);
            ByteWriter out(bytes);
            encode(Header{type, 0, 1, SessionIndex(102), ++sent}, out);
            BOOST_REQUIRE(sendto(fd.get(), bytes.data(), size, 0, &to.any, length) > 0);
        }
    wait_until("all counted",
               [&] { return n2.report().drops.of(DropReason::rx_bad_seal) == sent; });
    BOOST_TEST(n1.space().succeeds("ping -c 1 -W 5 169.254.77.2"));
}

BOOST_AUTO_TEST_CASE(datagrams_for_control_pass_both_ways) {
    start(1);
    std::vector<std::uint8_t> opening(120, 0xab);
    opening[0] = 0x11;  // version 1, initiation
    BOOST_TEST(n1.worker().send(EndpointId(1), {*IpAddress::parse("10.0.0.2")}, opening));
    std::optional<ControlDatagram> arrived;
    wait_until("the opening", [&] { return (arrived = n2.poll_datagram()).has_value(); });
    BOOST_TEST(arrived->size == opening.size());
    BOOST_TEST((arrived->remote == Endpoint{*IpAddress::parse("10.0.0.1")}));
    BOOST_TEST(std::equal(opening.begin(), opening.end(), arrived->bytes.begin()));
}

BOOST_AUTO_TEST_CASE(an_unreachable_peer_is_answered_at_once) {
    start(1);
    n2.stop();  // says that it goes
    core::RouteTransition down = n1.wait_for_transition(BfdState::down);
    BOOST_TEST(down.remote_said_so);
    std::string said = n1.space().run("ping -c 1 -W 60 169.254.77.2 || true");
    BOOST_TEST(said.find("Unreachable") != std::string::npos, said);
    BOOST_TEST(n1.report().drops.of(DropReason::frame_peer_unreachable) >= 1u);
}

BOOST_AUTO_TEST_CASE(a_node_that_leaves_to_be_restarted_is_waited_for_and_not_for_ever) {
    start(2);
    n2.leave();
    core::RouteTransition told = n1.wait_for_transition(BfdState::up);
    while (told.reason != Diagnostic::peer_restarting) told = n1.wait_for_transition(BfdState::up);
    BOOST_TEST(told.remote_said_so);
    core::RouteTransition down = n1.wait_for_transition(BfdState::down);
    BOOST_TEST((down.reason == Diagnostic::restart_overdue));
    BOOST_TEST((down.at - told.at >= 1900ms));
}

BOOST_AUTO_TEST_CASE(a_snapshot_without_a_port_lets_it_be_closed) {
    start(2);
    std::unique_ptr<Snapshot> without = n1.snapshot();
    without->plan.version = 2;
    without->ports.erase(without->ports.begin());
    n1.worker().publish(std::move(without));
    wait_until("old snapshot retired", [&] {
        n1.worker().reclaim();
        return n1.worker().all_retired();
    });
    n1.close_port(0);
    n1.wait_for_selection(RouteId(2));  // the other end stopped hearing us
    n2.wait_for_selection(RouteId(2));
    BOOST_TEST(n1.space().succeeds("ping -c 3 -i 0.02 -W 5 169.254.77.2"));
    BOOST_TEST(n1.report().drops.of(DropReason::tx_no_port) > 0u);
}

BOOST_AUTO_TEST_CASE(a_deleted_adapter_does_not_stop_heartbeats_or_sleep) {
    start(1);
    n1.space().run("ip link del netft0");
    std::uint64_t reports = 0;
    WorkerReport first = n1.report();
    WorkerReport last;
    wait_until("heartbeats as ever", [&] {
        ++reports;
        last = n1.report();
        return last.counters.heartbeats_sent > first.counters.heartbeats_sent + 5;
    });
    // Heartbeats and our own questions wake it, the dead descriptor does not.
    BOOST_TEST(last.counters.cycles - first.counters.cycles < 2 * reports + 100);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::dataplane::test
