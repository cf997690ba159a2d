// Ports over an interface that the kernel keeps: af_packet and af_xdp on a veth pair.
#include "netft/dataplane/ethdev_port.hpp"

#include <boost/test/unit_test.hpp>

#include "exchange.hpp"

namespace netft::dataplane::test {
namespace {

std::unique_ptr<const NextHopTable> table(const Endpoint& remote, const EthdevPort& port) {
    return std::make_unique<const NextHopTable>(
        std::vector<NextHop>{{.remote = remote, .mac = port.mac()}});
}

struct Devices {
    Pools pools = make_pools();
    DropCounters drops;
    Endpoint at_a = endpoint("10.0.0.1");
    Endpoint at_b = endpoint("10.0.0.2");
    std::unique_ptr<EthdevPort> port_a;
    std::unique_ptr<EthdevPort> port_b;

    ~Devices() {
        port_a.reset();
        port_b.reset();
        BOOST_TEST(pools.in_use() == 0u);
    }
    void introduce() {
        port_a->set_next_hops(table(at_b, *port_b));
        port_b->set_next_hops(table(at_a, *port_a));
    }
    // Both ways, cut into datagrams.
    void check_exchange() {
        PortCounters before = port_a->counters();
        auto bytes = train(5, 10, 1400, 33);
        send(*port_a, pools, at_b, bytes, 1400, drops);
        auto arrived = receive_bytes(*port_b, bytes.size(), drops);
        BOOST_REQUIRE(arrived.size() == 10u);
        for (const Arrived& one : arrived) BOOST_TEST((one.remote == at_a));
        BOOST_TEST(arrived[3].bytes.size() == 1400u);
        BOOST_TEST(arrived[3].bytes[1] == 3u);
        BOOST_TEST(arrived[9].bytes.size() == 33u);
        send(*port_b, pools, at_a, train(4, 1, 80, 80), 80, drops, true);
        BOOST_TEST(receive_bytes(*port_a, 80, drops).size() == 1u);
        BOOST_TEST(drops.total() == 0u);
        BOOST_TEST(port_a->counters().tx_datagrams == before.tx_datagrams + 10u);
        BOOST_TEST(port_a->counters().tx_bytes == before.tx_bytes + bytes.size());
    }
};

using OpenPort = Result<std::unique_ptr<EthdevPort>> (*)(const InterfacePortSettings&);

// A 10.0.0.1 ── lan0 ── 10.0.0.2 B
template <OpenPort open_port>
struct OnVeth : Devices {
    Namespace a;
    Namespace b;

    OnVeth() {
        join(a, b, "lan0", "10.0.0.1/24", "10.0.0.2/24");
        port_a = *must_open(a, at_a);
        port_b = *must_open(b, at_b);
    }
    Result<std::unique_ptr<EthdevPort>> open(const Namespace& where, const Endpoint& local) {
        Result<std::unique_ptr<EthdevPort>> port;
        where.inside([&] {
            port = open_port({.local = local,
                              .interface = "lan0",
                              .interface_index = where.index_of("lan0"),
                              .pools = &pools});
        });
        return port;
    }
    Result<std::unique_ptr<EthdevPort>> must_open(const Namespace& where, const Endpoint& local) {
        auto port = open(where, local);
        BOOST_REQUIRE_MESSAGE(port.has_value(), (port ? "" : port.error().what));
        return port;
    }

    void check_missing_mac() {
        send(*port_a, pools, at_b, train(5, 3, 100, 100), 100, drops);
        BOOST_TEST(drops.of(DropReason::tx_no_neighbour) == 3u);
    }
    void check_wake_up() {
        introduce();
        BOOST_REQUIRE(port_b->wake_fds().size() == 1u);
        (void)receive(*port_b, drops);  // what came between the ring's opening and its filter
        BOOST_TEST(a.succeeds("ping -c 1 -W 2 10.0.0.2"));  // the kernel's, untouched
        pollfd p{.fd = port_b->wake_fds()[0], .events = POLLIN};
        BOOST_TEST(poll(&p, 1, 0) == 0);
        send(*port_a, pools, at_b, train(4, 1, 80, 80), 80, drops, true);
        BOOST_TEST(is_readable(port_b->wake_fds()[0]));
        BOOST_TEST(receive(*port_b, drops).size() == 1u);
        BOOST_TEST(poll(&p, 1, 0) == 0);
    }
    void check_kernel_sender() {
        a.run("printf '\\024abcdefghi' | timeout 2 bash -c 'cat > /dev/udp/10.0.0.2/3343'");
        auto arrived = receive_bytes(*port_b, 10, drops);
        BOOST_TEST(arrived.size() == 1u);
        BOOST_TEST(drops.total() == 0u);
    }
    void check_ipv6() {
        port_a.reset();
        port_b.reset();
        a.run("ip address add fd00::1/64 dev lan0 nodad");
        b.run("ip address add fd00::2/64 dev lan0 nodad");
        at_a = endpoint("fd00::1");
        at_b = endpoint("fd00::2");
        port_a = *must_open(a, at_a);
        port_b = *must_open(b, at_b);
        introduce();
        check_exchange();
    }
    std::size_t sent_by_kernel() const {
        return std::stoul(a.run("awk '$1 == \"lan0:\" { print $11 }' /proc/net/dev"));
    }
    // A device that takes nothing is an interface that is down; later it is up again. More comes
    // out at once then than the receiver has room for: what was sent is counted by the kernel.
    void check_full_ring() {
        introduce();
        a.run("ip link set lan0 down");
        Jam jam{*port_a, *port_b, pools, at_b, drops};
        jam.fill();
        for (std::size_t i = 0; i < Backlog::kBuffersMax - 1; ++i) jam.send_train();
        send(*port_a, pools, at_b, train(4, 1, 80, 80), 80, drops, true);
        ++jam.datagrams;
        std::size_t before = sent_by_kernel();
        a.run("ip link set lan0 up");
        wait_until("all that was kept", [&] {
            port_a->retry(jam.now, drops);
            (void)receive(*port_b, drops);
            return !port_a->is_blocked() && sent_by_kernel() - before >= jam.datagrams;
        });
        BOOST_TEST(port_a->counters().tx_datagrams == jam.datagrams);
        while (!receive(*port_b, drops).empty()) continue;
        check_exchange();
    }
    void check_too_big() {
        introduce();
        send(*port_a, pools, at_b, train(5, 1, 1473, 1473), 1473, drops);
        BOOST_TEST(drops.of(DropReason::tx_too_big) == 1u);
    }
};

using AfPacket = OnVeth<open_af_packet_port>;
using AfXdp = OnVeth<open_af_xdp_port>;

BOOST_FIXTURE_TEST_SUITE(af_packet_port, AfPacket)

BOOST_AUTO_TEST_CASE(trains_and_heartbeats_cross) {
    introduce();
    check_exchange();
}

BOOST_AUTO_TEST_CASE(they_cross_on_ipv6_too) { check_ipv6(); }

BOOST_AUTO_TEST_CASE(a_remote_without_a_mac_address_is_counted) { check_missing_mac(); }

BOOST_AUTO_TEST_CASE(it_can_wake_its_reader_and_only_for_its_own_packets) { check_wake_up(); }

BOOST_AUTO_TEST_CASE(a_kernel_sender_on_the_same_link_is_understood) { check_kernel_sender(); }

BOOST_AUTO_TEST_CASE(too_large_a_datagram_is_counted_as_that) { check_too_big(); }

BOOST_AUTO_TEST_CASE(a_full_ring_keeps_what_comes_and_nothing_is_lost) { check_full_ring(); }

BOOST_AUTO_TEST_CASE(an_empty_pool_is_counted_and_got_over) {
    introduce();
    std::vector<rte_mbuf*> taken;
    while (rte_mbuf* mbuf = pools.small()) taken.push_back(mbuf);
    send(*port_a, pools, at_b, train(5, 3, 1400, 1400), 1400, drops);  // in a big mbuf
    BOOST_TEST(drops.of(DropReason::tx_refused) == 3u);
    for (rte_mbuf* mbuf : taken) rte_pktmbuf_free(mbuf);
    drops = DropCounters();
    check_exchange();
}

BOOST_AUTO_TEST_CASE(a_slow_interface_is_waited_for) {
    introduce();
    a.run("tc qdisc add dev lan0 root tbf rate 10mbit burst 32k limit 10m");
    Jam jam{*port_a, *port_b, pools, at_b, drops};
    jam.fill();
    for (std::size_t i = 0; i < Backlog::kBuffersMax - 1; ++i) jam.send_train();
    BOOST_TEST(jam.drain().size() == jam.datagrams);
}

BOOST_AUTO_TEST_CASE(an_interface_that_goes_down_wakes_nobody_for_ever) {
    a.run("ip link set lan0 down");
    pollfd p{.fd = port_a->wake_fds()[0], .events = POLLIN};
    wait_until("a quiet descriptor", [&] {
        (void)receive(*port_a, drops);
        return poll(&p, 1, 0) == 0;
    });
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(af_xdp_port, AfXdp)

BOOST_AUTO_TEST_CASE(trains_and_heartbeats_cross) {
    introduce();
    check_exchange();
}

BOOST_AUTO_TEST_CASE(they_cross_on_ipv6_too) { check_ipv6(); }

BOOST_AUTO_TEST_CASE(a_remote_without_a_mac_address_is_counted) { check_missing_mac(); }

BOOST_AUTO_TEST_CASE(it_can_wake_its_reader_and_only_for_its_own_packets) { check_wake_up(); }

BOOST_AUTO_TEST_CASE(a_kernel_sender_on_the_same_link_is_understood) { check_kernel_sender(); }

BOOST_AUTO_TEST_CASE(too_large_a_datagram_is_counted_as_that) { check_too_big(); }

BOOST_AUTO_TEST_CASE(a_full_ring_keeps_what_comes_and_nothing_is_lost) { check_full_ring(); }

BOOST_AUTO_TEST_CASE(its_program_goes_with_it) {
    BOOST_TEST(a.run("ip -d link show lan0").find("prog/xdp") != std::string::npos);
    port_a.reset();
    BOOST_TEST(a.run("ip -d link show lan0").find("prog/xdp") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_second_port_on_the_interface_is_refused_and_harms_nothing) {
    a.run("ip address add 10.0.0.9/24 dev lan0");
    auto second = open(a, endpoint("10.0.0.9"));
    BOOST_REQUIRE(!second.has_value());
    BOOST_TEST(second.error().what.find("another XDP program") != std::string::npos);
    introduce();
    check_exchange();
}

BOOST_AUTO_TEST_CASE(many_datagrams_at_once_fit_its_rings) {
    introduce();
    for (int i = 0; i < 200; ++i) {
        auto bytes = train(5, 40, 1400, 33);
        send(*port_a, pools, at_b, bytes, 1400, drops);
        BOOST_TEST(receive_bytes(*port_b, bytes.size(), drops).size() == 40u);
    }
    BOOST_TEST(drops.total() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::dataplane::test
