// Devices taken from the kernel, with their exception TAPs: two memif ends in one process, a TAP of
// DPDK's, a ring.
#include "netft/dataplane/native_device.hpp"

#include <rte_mbuf.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <future>

#include "exchange.hpp"
#include "netft/dataplane/ethdev_port.hpp"

namespace netft::dataplane::test {
namespace {

using Opened = Result<std::shared_ptr<NativeDevice>>;

Opened open_device(const Namespace& where, const std::string& device, const char* address) {
    Opened opened;
    where.inside([&] {
        opened = NativeDevice::open({.interface = "nic0",
                                     .device = *core::parse_device_string(device),
                                     .addresses = {*Prefix::parse(address)}},
                                    -1);
    });
    return opened;
}

std::shared_ptr<NativeDevice> must_open(const Namespace& where, const std::string& device,
                                        const char* address) {
    Opened opened = open_device(where, device, address);
    BOOST_REQUIRE_MESSAGE(opened.has_value(), (opened ? "" : opened.error().what));
    return *opened;
}

std::unique_ptr<EthdevPort> must_open_port(const Namespace& where, const Pools& pools,
                                           const std::shared_ptr<NativeDevice>& device,
                                           const Endpoint& local) {
    Result<std::unique_ptr<EthdevPort>> port;
    where.inside([&] {
        port = open_device_port(device, {.local = local,
                                         .interface = "nic0",
                                         .interface_index = device->tap().interface_index(),
                                         .pools = &pools});
    });
    BOOST_REQUIRE_MESSAGE(port.has_value(), (port ? "" : port.error().what));
    return std::move(*port);
}

bool has_carrier(const Namespace& where) {
    return where.run("ip link show nic0").find("LOWER_UP") != std::string::npos;
}

// A 10.0.0.1 nic0 ── memif ── nic0 10.0.0.2 B
struct Memif {
    Pools pools = make_pools();
    DropCounters drops;
    Namespace a;
    Namespace b;
    Endpoint at_a = endpoint("10.0.0.1");
    Endpoint at_b = endpoint("10.0.0.2");
    std::string socket = "/tmp/netft-memif-" + std::to_string(getpid()) + ".sock";
    std::shared_ptr<NativeDevice> device_a = must_open(a, device("server", 0), "10.0.0.1/24");
    std::shared_ptr<NativeDevice> device_b = must_open(b, device("client", 1), "10.0.0.2/24");
    std::unique_ptr<EthdevPort> port_a = must_open_port(a, pools, device_a, at_a);
    std::unique_ptr<EthdevPort> port_b = must_open_port(b, pools, device_b, at_b);

    Memif() {
        wait_until("memif connected", [this] {
            device_a->handle_link();
            device_b->handle_link();
            return device_a->is_link_up() && device_b->is_link_up();
        });
        (void)receive(*port_b, drops);  // a memif client offers its buffers when it first polls
    }
    ~Memif() {
        port_a.reset();
        port_b.reset();
        device_a.reset();
        device_b.reset();
        unlink(socket.c_str());
        BOOST_TEST(pools.in_use() == 0u);
    }
    std::string device(const char* role, int number) const {
        return "net_memif" + std::to_string(number) + ",id=0,role=" + role + ",socket=" + socket +
               ",socket-abstract=no";
    }
    void introduce() {
        port_a->set_next_hops(
            std::make_unique<const NextHopTable>(std::vector<NextHop>{{at_b, device_b->mac()}}));
        port_b->set_next_hops(
            std::make_unique<const NextHopTable>(std::vector<NextHop>{{at_a, device_a->mac()}}));
    }
    void check_exchange() {
        auto bytes = train(5, 10, 1400, 33);
        send(*port_a, pools, at_b, bytes, 1400, drops);
        auto arrived = receive_bytes(*port_b, bytes.size(), drops);
        BOOST_REQUIRE(arrived.size() == 10u);
        BOOST_TEST((arrived[9].remote == at_a));
        BOOST_TEST(arrived[9].bytes.size() == 33u);
        BOOST_TEST(drops.total() == 0u);
    }
    // What a worker does, until the command has ended.
    bool serve(Port& at_home, Port& away, const Namespace& where, const char* command) {
        auto done = std::async(std::launch::async, [&] { return where.succeeds(command); });
        while (done.wait_for(1ms) != std::future_status::ready) {
            (void)receive(at_home, drops);
            (void)receive(away, drops);
        }
        return done.get();
    }
};

BOOST_FIXTURE_TEST_SUITE(native_device, Memif)

BOOST_AUTO_TEST_CASE(trains_cross_and_the_kernel_sees_none_of_them) {
    introduce();
    BOOST_TEST(port_a->must_be_polled());
    check_exchange();
    BOOST_TEST(b.run("ip -s link show nic0").find("lost") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_kernels_do_arp_and_icmp_through_their_taps) {
    BOOST_TEST(serve(*port_a, *port_b, a, "ping -c 2 -i 0.1 -W 5 10.0.0.2"));
    std::string entry = a.run("ip neighbour show 10.0.0.2");
    BOOST_TEST(entry.find(device_b->mac().to_string()) != std::string::npos, entry);
    BOOST_TEST(drops.total() == 0u);
}

BOOST_AUTO_TEST_CASE(they_do_so_before_there_is_an_endpoint) {
    port_a.reset();
    auto kernel_only = open_exception_port(device_a, pools);
    BOOST_TEST(serve(*kernel_only, *port_b, b, "ping -c 1 -W 5 10.0.0.1"));
}

BOOST_AUTO_TEST_CASE(a_link_that_is_lost_is_lost_to_the_kernel_too) {
    BOOST_TEST(has_carrier(a));
    BOOST_TEST(device_a->needs_look());
    port_b.reset();
    device_b.reset();
    wait_until("the link's loss seen", [this] { return device_a->handle_link(); });
    BOOST_TEST(!device_a->is_link_up());
    BOOST_TEST(!has_carrier(a));
}

BOOST_AUTO_TEST_CASE(an_empty_pool_is_counted_and_got_over) {
    introduce();
    rte_mempool* pool = device_a->device().pool();
    std::vector<rte_mbuf*> taken;
    while (rte_mbuf* mbuf = rte_pktmbuf_alloc(pool)) taken.push_back(mbuf);
    send(*port_a, pools, at_b, train(5, 3, 1400, 1400), 1400, drops);
    BOOST_TEST(drops.of(DropReason::tx_refused) == 3u);
    send(*port_b, pools, at_a, train(5, 3, 1400, 1400), 1400, drops);
    for (int i = 0; i < 10; ++i)  // it has no mbuf to put them in
        BOOST_TEST(receive(*port_a, drops).empty());
    rte_pktmbuf_free_bulk(taken.data(), static_cast<unsigned>(taken.size()));
    (void)receive_bytes(*port_a, 3 * 1400, drops);  // they had waited in the ring
    drops = DropCounters();
    check_exchange();
}

BOOST_AUTO_TEST_CASE(a_full_ring_keeps_data_and_lets_a_heartbeat_pass_it) {
    introduce();
    Jam jam{*port_a, *port_b, pools, at_b, drops};
    std::size_t in_ring = jam.fill();
    BOOST_TEST(in_ring < jam.datagrams);
    for (std::size_t i = 0; i < Backlog::kBuffersMax - 1; ++i) jam.send_train();
    send(*port_a, pools, at_b, train(4, 1, 80, 80), 80, drops, true);
    ++jam.datagrams;
    auto arrived = jam.drain();
    BOOST_REQUIRE(arrived.size() == jam.datagrams);
    BOOST_TEST(arrived[in_ring].bytes.size() == 80u);
    BOOST_TEST(port_a->counters().tx_datagrams == jam.datagrams);
    // In order: each datagram of a train has its place written all over it.
    for (std::size_t i = in_ring + 1; i < arrived.size(); ++i)
        BOOST_REQUIRE(arrived[i].bytes[1] == (i - 1) % Jam::kTrain);
}

BOOST_AUTO_TEST_CASE(what_a_full_port_does_not_keep_is_counted) {
    introduce();
    Jam jam{*port_a, *port_b, pools, at_b, drops};
    jam.fill();
    constexpr std::size_t kTooMany = 10;
    std::size_t more = DeviceQueue::kDataMax + Backlog::kBuffersMax + kTooMany;
    for (std::size_t i = 0; i < more; ++i, ++jam.datagrams)
        send(*port_a, pools, at_b, train(5, 1, 1400, 1400), 1400, drops);
    for (std::size_t i = 0; i < DeviceQueue::kHeartbeatsMax + kTooMany; ++i, ++jam.datagrams)
        send(*port_a, pools, at_b, train(4, 1, 80, 80), 80, drops, true);
    std::uint64_t refused = drops.of(DropReason::tx_refused);
    BOOST_TEST(refused >= 2 * kTooMany);
    BOOST_TEST(refused == drops.total());
    jam.datagrams -= refused;
    drops = DropCounters();
    BOOST_TEST(jam.drain().size() == jam.datagrams);
}

BOOST_AUTO_TEST_CASE(a_device_that_takes_nothing_holds_nobody_up_for_long) {
    introduce();
    Jam jam{*port_a, *port_b, pools, at_b, drops};
    std::size_t in_ring = jam.fill();
    port_a->retry(jam.now, drops);
    port_a->retry(jam.now + Patience::kMax - 1ms, drops);
    BOOST_TEST(port_a->is_blocked());
    BOOST_TEST(drops.total() == 0u);
    port_a->retry(jam.now + Patience::kMax, drops);
    BOOST_TEST(!port_a->is_blocked());
    BOOST_TEST(drops.of(DropReason::tx_refused) == jam.datagrams - in_ring);
    jam.send_train();  // still nothing goes, and nothing is kept
    BOOST_TEST(!port_a->is_blocked());
    BOOST_TEST(drops.of(DropReason::tx_refused) == jam.datagrams - in_ring);
    (void)receive_bytes(*port_b, in_ring * 1400, drops);
    drops = DropCounters();
    jam.datagrams = 0;  // it goes again: the next time it is waited for again
    jam.fill();
    BOOST_TEST(jam.drain().size() == jam.datagrams);
}

BOOST_AUTO_TEST_CASE(a_full_port_that_is_closed_gives_back_what_it_keeps) {
    introduce();
    Jam jam{*port_a, *port_b, pools, at_b, drops};
    jam.fill();
    for (int i = 0; i < 10; ++i) jam.send_train();
}

BOOST_AUTO_TEST_CASE(a_mac_address_given_to_the_tap_is_sent_from) {
    a.run("ip link set nic0 address 02:00:00:00:00:77");
    routing::InterfaceFact fact{.index = device_a->tap().interface_index(),
                                .name = "nic0",
                                .mac = {{2, 0, 0, 0, 0, 0x77}},
                                .mtu = 1500};
    device_a->handle_facts({fact});
    BOOST_TEST(device_a->mac().to_string() == "02:00:00:00:00:77");
    // memif has no MAC of its own to set, and says so.
    BOOST_TEST(device_a->complaint().find("which its device does not follow") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_mtu_the_device_refuses_is_complained_of) {
    routing::InterfaceFact fact{.index = device_a->tap().interface_index(),
                                .name = "nic0",
                                .mac = device_a->mac(),
                                .mtu = 9000};
    device_a->handle_facts({fact});
    BOOST_TEST(device_a->complaint().starts_with(
        "nic0: MTU 9000, but its device keeps 1500 (net_memif0: MTU 9000 is too large; at most"));
    fact.mtu = 1400;
    device_a->handle_facts({fact});
    BOOST_TEST(device_a->complaint() == "");
}

BOOST_AUTO_TEST_CASE(its_interface_goes_with_it) {
    port_a.reset();
    device_a.reset();
    BOOST_TEST(!a.succeeds("ip link show nic0"));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_taken_is_refused_with_its_reason) {
    Namespace other;
    auto what = [&](const char* device) {
        Opened opened = open_device(other, device, "10.0.0.9/24");
        return opened ? "opened" : opened.error().what;
    };
    BOOST_TEST(what("net_nonsense0").starts_with("nic0: net_nonsense0: cannot create device"));
    BOOST_TEST(what("net_af_packet90,iface=nosuch").starts_with("nic0: net_af_packet90: cannot"));
    BOOST_TEST(what("net_memif0,id=7") == "nic0: net_memif0: there is such a device already");
    BOOST_TEST(what("ffff:1f:1f.7") ==
               "nic0: ffff:1f:1f.7: no such PCI device; lspci -D lists what there is");
    other.run("ip link add nic0 type bridge");
    BOOST_TEST(what("net_ring90")
                   .find("remove that interface, or give the device another name in "
                         "[node.port]") != std::string::npos);
    BOOST_TEST(!other.succeeds("ip -d link show type tun | grep ."));  // nothing is left behind
}

BOOST_AUTO_TEST_SUITE_END()

// DPDK's own TAP: it interrupts, it lies on an interface of the kernel's, it makes checksums. (It
// says that it tells of its link, but never does: whoever owns it looks now and then.)
BOOST_AUTO_TEST_SUITE(native_device_with_offloads)

BOOST_AUTO_TEST_CASE(its_link_is_passed_on_and_so_is_that_of_the_interface_below) {
    Namespace home;
    auto device = must_open(home, "net_tap70,iface=dtap70", "10.0.0.1/24");
    BOOST_TEST(!device->needs_look());
    BOOST_TEST(device->device().rx_interrupt_fd() >= 0);
    BOOST_TEST(device->device().offloads().tx_segments);
    BOOST_TEST(!device->device().offloads().udp_segmentation);
    BOOST_TEST(device->is_link_up());
    home.run("ip link set dtap70 down");
    wait_until("no link", [&] { return device->handle_link() || !device->is_link_up(); });
    BOOST_TEST(!has_carrier(home));
    home.run("ip link set dtap70 up");
    wait_until("a link", [&] { return device->handle_link() || device->is_link_up(); });
    // The kernel's word for the interface below counts as well.
    device->handle_facts({{.index = device->device().lower_interface(), .admin_up = true}});
    BOOST_TEST(device->handle_link());
    BOOST_TEST(!has_carrier(home));
}

BOOST_AUTO_TEST_CASE(a_kernel_takes_what_it_summed_and_wakes_it_with_an_answer) {
    Pools pools = make_pools();
    DropCounters drops;
    Namespace home;
    Namespace away;
    auto device = must_open(home, "net_tap71,iface=dtap71", "10.0.0.1/24");
    home.run("ip link set dtap71 netns " + away.path());
    away.run(
        "ip address add 10.0.0.2/24 dev dtap71 && ip link set dtap71 address "
        "02:00:00:00:00:02 up && ip neighbour add 10.0.0.1 lladdr " +
        device->mac().to_string() + " dev dtap71");
    auto port = must_open_port(home, pools, device, endpoint("10.0.0.1"));
    BOOST_TEST(!port->must_be_polled());
    Endpoint far{*IpAddress::parse("10.0.0.2"), 3344};
    port->set_next_hops(
        std::make_unique<const NextHopTable>(std::vector<NextHop>{{far, {{2, 0, 0, 0, 0, 2}}}}));
    auto heard = std::async(std::launch::async, [&away] {
        return away.run("timeout 10 socat -u UDP4-RECVFROM:3344,bind=10.0.0.2 - | wc -c");
    });
    wait_until("a listener", [&away] { return away.succeeds("ss -Hlun sport = :3344 | grep ."); });
    send(*port, pools, far, train(5, 1, 1400, 1400), 1400, drops);
    BOOST_TEST(heard.get() == "1400\n");
    away.run("printf '\\024abcdefghi' | timeout 2 bash -c 'cat > /dev/udp/10.0.0.1/3343'");
    BOOST_TEST(is_readable(port->wake_fds()[0]));
    BOOST_TEST(receive_bytes(*port, 10, drops).size() == 1u);
    BOOST_TEST(drops.total() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::dataplane::test
