// Nodes of several workers.
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <thread>

#include "lab.hpp"
#include "netft/dataplane/sockaddr.hpp"

namespace netft::dataplane::test {
namespace {

constexpr std::uint16_t kEchoPort = 7001;
constexpr int kFlows = 24;

Fd udp_socket(const Namespace& where, const std::string& address, std::uint16_t port) {
    Fd fd;
    where.inside([&] { fd = Fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)); });
    timeval patience{.tv_sec = 2};
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    SocketAddress at;
    socklen_t length = to_sockaddr({*IpAddress::parse(address), port}, at);
    BOOST_REQUIRE(bind(fd.get(), &at.any, length) == 0);
    return fd;
}

struct Workers : TwoNodes {
    Fd server;
    std::array<Fd, kFlows> clients;

    void open_flows() {
        server = udp_socket(n2.space(), Node::adapter_address(2), kEchoPort);
        for (Fd& client : clients) {
            client = udp_socket(n1.space(), Node::adapter_address(1), 0);
            SocketAddress to;
            socklen_t length =
                to_sockaddr({*IpAddress::parse(Node::adapter_address(2)), kEchoPort}, to);
            BOOST_REQUIRE(connect(client.get(), &to.any, length) == 0);
        }
    }
    // One datagram there and back in each flow; how many came back as they went.
    int echo_all(std::size_t bytes) {
        std::vector<std::uint8_t> question(bytes, 7);
        std::vector<std::uint8_t> answer(bytes + 1);
        for (std::size_t i = 0; i < clients.size(); ++i) {
            std::memcpy(question.data(), &i, sizeof(i));
            (void)::send(clients[i].get(), question.data(), bytes, 0);
        }
        for (int i = 0; i < kFlows; ++i) {
            SocketAddress from;
            socklen_t length = sizeof(from);
            ssize_t n = recvfrom(server.get(), answer.data(), answer.size(), 0, &from.any, &length);
            if (n > 0)
                (void)sendto(server.get(), answer.data(), static_cast<std::size_t>(n), 0, &from.any,
                             length);
        }
        int good = 0;
        for (std::size_t i = 0; i < clients.size(); ++i) {
            std::memcpy(question.data(), &i, sizeof(i));
            ssize_t n = recv(clients[i].get(), answer.data(), answer.size(), 0);
            good += n == static_cast<ssize_t>(bytes) &&
                    std::memcmp(question.data(), answer.data(), bytes) == 0;
        }
        return good;
    }
    void check_each_worker_carries(Node& node, std::size_t workers) {
        for (std::size_t i = 0; i < workers; ++i) {
            WorkerReport report = node.report(i);
            BOOST_TEST_CONTEXT("worker " << i) {
                BOOST_TEST(report.counters.frames_from_adapter > 0u);
                BOOST_TEST(report.counters.trains_sent > 0u);
                BOOST_TEST((report.counters.heartbeats_sent > 0) == (i == 0));
                BOOST_TEST(report.drops.of(DropReason::rx_wrong_worker) == 0u);
                BOOST_TEST(report.drops.of(DropReason::worker_queue_full) == 0u);
                BOOST_TEST(report.drops.of(DropReason::rx_duplicate) == 0u);
                BOOST_TEST(report.drops.of(DropReason::rx_bad_seal) == 0u);
            }
        }
    }
    void check_flows(std::size_t workers1, std::size_t workers2) {
        open_flows();
        for (std::size_t bytes : {64, 1'400, 3'000}) BOOST_TEST(echo_all(bytes) == kFlows);
        check_each_worker_carries(n1, workers1);
        check_each_worker_carries(n2, workers2);
    }
};

BOOST_FIXTURE_TEST_SUITE(workers, Workers)

BOOST_AUTO_TEST_CASE(flows_go_over_both_workers) {
    start(2, SecurityMode::encrypt, 2, 2);
    check_flows(2, 2);
}

BOOST_AUTO_TEST_CASE(flows_go_over_both_workers_in_mode_none) {
    start(1, SecurityMode::none, 2, 2);
    check_flows(2, 2);
}

BOOST_AUTO_TEST_CASE(a_node_with_three_workers_talks_with_one_that_has_one) {
    start(2, SecurityMode::encrypt, 3, 1);
    open_flows();
    for (std::size_t bytes : {64, 3'000}) BOOST_TEST(echo_all(bytes) == kFlows);
    check_each_worker_carries(n2, 1);
}

BOOST_AUTO_TEST_CASE(a_node_with_two_workers_talks_with_one_that_has_three) {
    start(2, SecurityMode::encrypt, 2, 3);
    check_flows(2, 2);
}

BOOST_AUTO_TEST_CASE(over_one_port_the_first_worker_hands_the_others_what_is_theirs) {
    n1.share_one_port();
    n2.share_one_port();
    start(1, SecurityMode::encrypt, 2, 2);
    check_flows(2, 2);
}

BOOST_AUTO_TEST_CASE(all_workers_leave_a_lost_network) {
    start(2, SecurityMode::encrypt, 2, 2);
    open_flows();
    BOOST_TEST(echo_all(200) == kFlows);
    n2.space().run("ip link set net0 down");
    n1.wait_for_selection(RouteId(2));
    n2.wait_for_selection(RouteId(2));
    BOOST_TEST(echo_all(200) == kFlows);
    check_each_worker_carries(n1, 2);
}

// What a worker asked of the selection line a frame ago may be over.
BOOST_AUTO_TEST_CASE(the_last_route_may_go_at_any_time_under_small_frames) {
    constexpr int kCuts = 8;
    start(1, SecurityMode::encrypt, 2, 2);
    open_flows();
    std::atomic<bool> stops{false};
    std::thread load([&] {
        std::array<std::uint8_t, 64> bytes{};
        while (!stops)
            for (Fd& client : clients) (void)::send(client.get(), bytes.data(), bytes.size(), 0);
    });
    for (int i = 0; i < kCuts; ++i) {
        n1.publish([](core::Plan& plan) { plan.routes[0].usable = false; });
        n1.wait_for_transition(BfdState::down);
        wait_until("frames refused by both", [&] {
            return n1.report(0).drops.of(DropReason::frame_peer_unreachable) +
                       n1.report(1).drops.of(DropReason::frame_peer_unreachable) >
                   0;
        });
        n1.publish([](core::Plan&) {});
        n1.wait_for_transition(BfdState::up);
    }
    stops = true;
    load.join();
    check_each_worker_carries(n1, 2);
}

BOOST_AUTO_TEST_CASE(copies_are_dropped_by_the_worker_that_has_the_space) {
    start(2, SecurityMode::encrypt, 2, 2);
    for (Node* node : {&n1, &n2})
        node->publish([](core::Plan& plan) {
            plan.version = 2;
            plan.peers[0].traffic.policy = core::Policy::duplicate;
        });
    open_flows();
    wait_until("copies", [&] {
        BOOST_REQUIRE(echo_all(200) == kFlows);
        return n2.report(0).drops.of(DropReason::rx_duplicate) > 0 &&
               n2.report(1).drops.of(DropReason::rx_duplicate) > 0;
    });
    std::string said = n1.space().run("ping -c 20 -i 0.01 -W 5 169.254.77.2 || true");
    BOOST_TEST(said.find("20 received") != std::string::npos, said);
    BOOST_TEST(said.find("duplicates") == std::string::npos, said);
}

// What is received by all workers is told to the peer with the first one's heartbeats.
BOOST_AUTO_TEST_CASE(data_of_all_workers_is_counted_for_the_route) {
    start(1, SecurityMode::encrypt, 2, 2);
    open_flows();
    for (int i = 0; i < 10; ++i) BOOST_TEST(echo_all(200) == kFlows);
    std::uint64_t sent = n1.report(0).core.routes[0].data_sent;
    std::uint64_t by_workers = 0;
    for (std::size_t i : {0, 1}) by_workers += n1.report(i).counters.trains_sent;
    BOOST_TEST(sent >= 10u * kFlows);
    BOOST_TEST(by_workers >= sent);
    wait_until("all of it received",
               [&] { return n2.report(0).core.routes[0].data_received >= sent; });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::dataplane::test
