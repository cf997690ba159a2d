// Two socket ports on a veth pair: A 10.0.0.1 ── lan0 ── 10.0.0.2 B
#include "netft/dataplane/socket_port.hpp"

#include <boost/test/unit_test.hpp>

#include "exchange.hpp"
#include "netft/dataplane/port_health.hpp"

namespace netft::dataplane::test {
namespace {

struct TwoPorts {
    Namespace a;
    Namespace b;
    Pools pools = make_pools();
    DropCounters drops;
    Endpoint at_a = endpoint("10.0.0.1");
    Endpoint at_b = endpoint("10.0.0.2");
    std::unique_ptr<Port> port_a;
    std::unique_ptr<Port> port_b;

    TwoPorts() {
        join(a, b, "lan0", "10.0.0.1/24", "10.0.0.2/24");
        port_a = *open(a, at_a);
        port_b = *open(b, at_b);
    }
    ~TwoPorts() { BOOST_TEST(pools.in_use() == 0u); }

    Result<std::unique_ptr<Port>> open(const Namespace& where, const Endpoint& local) {
        Result<std::unique_ptr<Port>> port;
        where.inside([&] {
            port = open_socket_port({.local = local, .interface = "lan0", .pools = &pools});
        });
        return port;
    }
};

BOOST_FIXTURE_TEST_SUITE(socket_port, TwoPorts)

BOOST_AUTO_TEST_CASE(a_train_crosses_in_one_piece_and_keeps_its_segments) {
    auto bytes = train(5, 44, 1472, 100);
    send(*port_a, pools, at_b, bytes, 1472, drops);
    auto arrived = receive_bytes(*port_b, bytes.size(), drops);
    BOOST_TEST(arrived.size() == 1u);
    BOOST_TEST((arrived[0].bytes == bytes));
    BOOST_TEST(arrived[0].segment == 1472u);
    BOOST_TEST((arrived[0].remote == at_a));
    BOOST_TEST(port_a->counters().tx_datagrams == 44u);
    BOOST_TEST(port_b->counters().rx_datagrams == 44u);
    BOOST_TEST(drops.total() == 0u);
}

BOOST_AUTO_TEST_CASE(more_than_64_small_datagrams_in_one_buffer_all_arrive) {
    auto bytes = train(5, 120, 300, 7);
    send(*port_a, pools, at_b, bytes, 300, drops);
    auto arrived = receive_bytes(*port_b, bytes.size(), drops);
    BOOST_TEST(port_b->counters().rx_datagrams == 120u);
    BOOST_TEST(drops.total() == 0u);
}

BOOST_AUTO_TEST_CASE(single_datagrams_of_one_length_cross_in_one_piece) {
    std::vector<Outgoing> burst;
    for (std::size_t bytes : {200u, 200u, 200u, 150u, 200u, 200u})
        burst.push_back(outgoing(pools, at_b, train(5, 1, bytes, bytes), bytes));
    port_a->send(burst, drops);
    auto arrived = receive_bytes(*port_b, 4 * 200 + 150 + 200, drops);
    BOOST_REQUIRE(arrived.size() == 2u);
    BOOST_TEST(arrived[0].bytes.size() == 750u);  // a shorter one ends it
    BOOST_TEST(arrived[0].segment == 200u);
    BOOST_TEST(arrived[1].bytes.size() == 400u);
    BOOST_TEST(port_a->counters().tx_datagrams == 6u);
    BOOST_TEST(port_b->counters().rx_datagrams == 6u);
    BOOST_TEST(drops.total() == 0u);
}

// The interface takes a gigabit a second, the socket's buffer fills: what there was no room for is
// kept and goes later, nothing is lost, and heartbeats pass meanwhile.
BOOST_AUTO_TEST_CASE(a_full_socket_keeps_data_and_lets_heartbeats_pass) {
    a.run("tc qdisc add dev lan0 root tbf rate 1gbit burst 256k limit 200m");
    auto bytes = train(5, 44, 1472, 1472);
    std::size_t sent = 0;
    for (; !port_a->is_blocked() && sent < 2'000; ++sent)
        send(*port_a, pools, at_b, bytes, 1472, drops);
    BOOST_TEST(port_a->is_blocked());
    std::uint64_t before = port_a->counters().tx_datagrams;
    BOOST_TEST(before < sent * 44);
    auto heartbeat = train(4, 1, 80, 80);
    send(*port_a, pools, at_b, heartbeat, 80, drops, true);
    BOOST_TEST(port_a->counters().tx_datagrams == before + 1);
    for (std::size_t more = 0; more < 2; ++more, ++sent)  // behind what is kept
        send(*port_a, pools, at_b, bytes, 1472, drops);
    std::size_t arrived = 0;
    wait_until("all that was sent", [&] {
        port_a->retry({}, drops);
        for (const Arrived& next : receive(*port_b, drops)) arrived += next.bytes.size();
        return arrived == sent * bytes.size() + heartbeat.size();
    });
    BOOST_TEST(!port_a->is_blocked());
    BOOST_TEST(port_a->counters().tx_datagrams == sent * 44 + 1);
    BOOST_TEST(drops.total() == 0u);
}

BOOST_AUTO_TEST_CASE(an_empty_pool_is_counted_and_what_came_waits_for_it) {
    Outgoing waiting = outgoing(pools, at_b, train(5, 3, 1400, 1400), 1400);
    std::vector<rte_mbuf*> taken;
    while (rte_mbuf* mbuf = pools.big()) taken.push_back(mbuf);
    port_a->send({&waiting, 1}, drops);
    for (rte_mbuf* last = pools.big(); last != nullptr; last = pools.big()) taken.push_back(last);
    BOOST_REQUIRE(is_readable(port_b->wake_fds()[1]));
    BOOST_TEST(receive(*port_b, drops).empty());
    BOOST_TEST(drops.of(DropReason::rx_no_buffer) > 0u);
    for (rte_mbuf* mbuf : taken) rte_pktmbuf_free(mbuf);
    drops = DropCounters();
    (void)receive_bytes(*port_b, 3 * 1400, drops);
    BOOST_TEST(drops.total() == 0u);
}

BOOST_AUTO_TEST_CASE(a_full_port_that_is_closed_gives_back_what_it_keeps) {
    a.run("tc qdisc add dev lan0 root tbf rate 10mbit burst 256k limit 200m");
    auto bytes = train(5, 44, 1472, 1472);
    for (std::size_t i = 0; !port_a->is_blocked() && i < 2'000; ++i)
        send(*port_a, pools, at_b, bytes, 1472, drops);
    BOOST_TEST(port_a->is_blocked());
    port_a.reset();
    BOOST_TEST(drops.total() == 0u);
}

BOOST_AUTO_TEST_CASE(more_single_datagrams_than_a_message_holds_all_arrive) {
    for (int round = 0; round < 10; ++round) {
        std::vector<Outgoing> burst;
        for (std::size_t i = 0; i < Port::kBurstMax; ++i)
            burst.push_back(outgoing(pools, at_b, train(5, 1, 1400, 1400), 1400));
        port_a->send(burst, drops);
    }
    receive_bytes(*port_b, 10 * Port::kBurstMax * 1400, drops);
    BOOST_TEST(port_b->counters().rx_datagrams == 10 * Port::kBurstMax);
    BOOST_TEST(drops.total() == 0u);
}

BOOST_AUTO_TEST_CASE(heartbeats_have_a_socket_of_their_own_and_are_read_first) {
    send(*port_a, pools, at_b, train(5, 1, 900, 900), 900, drops);
    send(*port_a, pools, at_b, train(4, 1, 80, 80), 80, drops, true);
    std::span<const int> fds = port_b->wake_fds();
    BOOST_REQUIRE(fds.size() == 2u);
    BOOST_TEST((is_readable(fds[0]) && is_readable(fds[1])));
    auto arrived = receive(*port_b, drops);
    BOOST_REQUIRE(arrived.size() == 2u);
    BOOST_TEST(arrived[0].bytes.size() == 80u);
    BOOST_TEST(arrived[1].bytes.size() == 900u);
}

BOOST_AUTO_TEST_CASE(only_a_socket_that_was_reported_is_read) {
    send(*port_a, pools, at_b, train(5, 1, 900, 900), 900, drops);
    BOOST_TEST(is_readable(port_b->wake_fds()[1]));
    BOOST_TEST(receive(*port_b, drops, 0b01).empty());
    BOOST_TEST(receive(*port_b, drops, 0b10).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_port_that_is_taken_is_refused_with_the_address) {
    Result<std::unique_ptr<Port>> second = open(a, at_a);
    BOOST_REQUIRE(!second.has_value());
    BOOST_TEST(second.error().errno_value == EADDRINUSE);
    BOOST_TEST(second.error().what.starts_with("10.0.0.1:3343 on lan0: port taken"));
}

BOOST_AUTO_TEST_CASE(an_address_that_is_not_here_is_refused) {
    Result<std::unique_ptr<Port>> absent = open(a, endpoint("10.0.0.77"));
    BOOST_REQUIRE(!absent.has_value());
    BOOST_TEST(absent.error().errno_value == EADDRNOTAVAIL);
}

BOOST_AUTO_TEST_CASE(too_large_a_datagram_is_counted_as_that) {
    send(*port_a, pools, at_b, train(5, 1, 1473, 1473), 1473, drops);
    BOOST_TEST(drops.of(DropReason::tx_too_big) == 1u);
    send(*port_a, pools, at_b, train(5, 3, 1473, 1473), 1473, drops);
    BOOST_TEST(drops.of(DropReason::tx_too_big) == 4u);
}

// The error would fail the next send, and would make the socket readable for ever.
BOOST_AUTO_TEST_CASE(an_icmp_error_is_told_and_costs_nothing_else) {
    port_b.reset();
    auto heartbeat = train(4, 1, 80, 80);
    send(*port_a, pools, at_b, heartbeat, 80, drops, true);
    std::optional<core::PathError> error;
    wait_until("an ICMP error", [&] {
        BOOST_TEST(receive(*port_a, drops).empty());
        return (error = port_a->health()->poll_error()).has_value();
    });
    BOOST_TEST((error->kind == core::PathError::Kind::port_unreachable));
    BOOST_TEST((error->remote == at_b));
    BOOST_TEST((error->said_by.address == at_b.address));
    BOOST_TEST(!is_readable(port_a->wake_fds()[0], 0));
    port_b = *open(b, at_b);
    for (int i = 0; i < 5; ++i) send(*port_a, pools, at_b, heartbeat, 80, drops, true);
    (void)receive_bytes(*port_b, 5 * 80, drops);
    BOOST_TEST(drops.total() == 0u);
}

BOOST_AUTO_TEST_CASE(a_flood_of_icmp_errors_is_not_listened_to) {
    port_b.reset();
    b.run("sysctl -q -w net.ipv4.icmp_ratemask=0");
    for (int i = 0; i < 200; ++i) send(*port_a, pools, at_b, train(4, 1, 80, 80), 80, drops, true);
    wait_until("deafness", [&] {
        (void)receive(*port_a, drops);
        return port_a->health()->take_deafness();
    });
    while (port_a->health()->poll_error()) {
    }
    for (int lane = 0; lane < 2; ++lane) BOOST_TEST(!is_readable(port_a->wake_fds()[lane], 0));
    port_a->hear_errors();
    send(*port_a, pools, at_b, train(4, 1, 80, 80), 80, drops, true);
    wait_until("an ICMP error again", [&] {
        (void)receive(*port_a, drops);
        return port_a->health()->poll_error().has_value();
    });
}

BOOST_AUTO_TEST_CASE(what_the_hosts_firewall_refuses_is_counted_and_told) {
    a.run(
        "nft add table ip t; nft add chain ip t o '{ type filter hook output priority 0; }'; "
        "nft add rule ip t o udp dport 3343 drop");
    send(*port_a, pools, at_b, train(4, 1, 80, 80), 80, drops, true);
    BOOST_TEST(drops.of(DropReason::tx_forbidden) == 1u);
    auto error = port_a->health()->poll_error();
    BOOST_REQUIRE(error.has_value());
    BOOST_TEST((error->kind == core::PathError::Kind::refused_here));
    a.run("nft flush ruleset");
    send(*port_a, pools, at_b, train(4, 1, 80, 80), 80, drops, true);
    (void)receive_bytes(*port_b, 80, drops);
    BOOST_TEST(drops.total() == 1u);
}

// Something on the way that drops what is sent together, and says nothing.
BOOST_AUTO_TEST_CASE(datagrams_that_are_to_go_singly_pass_where_others_are_swallowed) {
    b.run(
        "nft add table netdev g; nft add chain netdev g in "
        "'{ type filter hook ingress device lan0 priority 0; }'; "
        "nft add rule netdev g in meta length '>' 1600 drop");
    auto bytes = train(5, 10, 1400, 1400);
    send(*port_a, pools, at_b, bytes, 1400, drops);
    BOOST_TEST(receive(*port_b, drops).empty());
    std::vector<Outgoing> burst;
    burst.push_back(outgoing(pools, at_b, bytes, 1400));
    for (int i = 0; i < 4; ++i)
        burst.push_back(outgoing(pools, at_b, train(5, 1, 1400, 1400), 1400));
    for (Outgoing& one : burst) one.is_single = true;
    port_a->send(burst, drops);
    (void)receive_bytes(*port_b, 14 * 1400, drops);
    BOOST_TEST(port_b->counters().rx_datagrams == 14u);
    BOOST_TEST(drops.total() == 0u);
}

BOOST_AUTO_TEST_CASE(an_interface_that_is_down_gives_counted_drops) {
    a.run("ip link set lan0 down");
    send(*port_a, pools, at_b, train(4, 1, 80, 80), 80, drops, true);
    BOOST_TEST(drops.of(DropReason::tx_unreachable) == 1u);
}

BOOST_AUTO_TEST_CASE(a_vanished_interface_gives_counted_drops_and_a_port_that_can_be_reopened) {
    a.run("ip link del lan0");
    send(*port_a, pools, at_b, train(5, 2, 900, 900), 900, drops);
    send(*port_a, pools, at_b, train(4, 1, 80, 80), 80, drops, true);
    BOOST_TEST(drops.of(DropReason::tx_unreachable) == 3u);
    BOOST_TEST(receive(*port_a, drops).empty());
    join(a, b, "lan0", "10.0.0.1/24", "10.0.0.2/24");
    port_a.reset();
    port_b.reset();
    port_a = *open(a, at_a);
    port_b = *open(b, at_b);
    send(*port_a, pools, at_b, train(4, 1, 80, 80), 80, drops, true);
    BOOST_TEST(receive_bytes(*port_b, 80, drops).size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_the_socket_loses_is_counted) {
    auto heartbeat = train(4, 1, 80, 80);
    for (int i = 0; i < 20'000; ++i) send(*port_a, pools, at_b, heartbeat, 80, drops, true);
    // The count of losses comes with the next datagram, and what is under way may be late.
    std::uint64_t sent = 20'000;
    std::uint64_t received = 0;
    wait_until("all accounted for", [&] {
        send(*port_a, pools, at_b, heartbeat, 80, drops, true);
        ++sent;
        std::size_t n = 0;
        do {
            n = receive(*port_b, drops).size();
            received += n;
        } while (n > 0);
        return received + drops.of(DropReason::rx_port_error) + drops.of(DropReason::tx_refused) ==
               sent;
    });
    BOOST_TEST(drops.of(DropReason::rx_port_error) > 0u);
    BOOST_TEST(port_b->counters().rx_datagrams == received);
}

BOOST_AUTO_TEST_CASE(link_local_ipv6_carries_its_scope) {
    std::string pattern = "ip -6 -br address show dev lan0 | grep -o 'fe80::[0-9a-f:]*'";
    for (const Namespace* n : {&a, &b})
        wait_until("a usable link-local address", [&] {
            return n->succeeds("ip -6 address show dev lan0 -tentative | grep -q fe80");
        });
    auto parse = [&](const Namespace& n) {
        std::string text = n.run(pattern);
        text.pop_back();
        return Endpoint{IpAddress::parse(text)->with_scope(n.index_of("lan0"))};
    };
    Endpoint local = parse(a);
    Endpoint remote = parse(b);
    Result<std::unique_ptr<Port>> v6_a = open(a, local);
    Result<std::unique_ptr<Port>> v6_b = open(b, remote);
    BOOST_REQUIRE_MESSAGE(v6_a.has_value(), (v6_a ? "" : v6_a.error().what));
    BOOST_REQUIRE_MESSAGE(v6_b.has_value(), (v6_b ? "" : v6_b.error().what));
    Endpoint to{remote.address.with_scope(a.index_of("lan0"))};
    auto bytes = train(5, 10, 1400, 9);
    send(**v6_a, pools, to, bytes, 1400, drops);
    auto arrived = receive_bytes(**v6_b, bytes.size(), drops);
    BOOST_TEST((arrived[0].remote.address == local.address.with_scope(b.index_of("lan0"))));
    BOOST_TEST(arrived[0].segment == 1400u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::dataplane::test
