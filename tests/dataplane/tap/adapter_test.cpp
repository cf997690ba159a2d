#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <set>

#include "tests/dataplane/tap/namespace.hpp"

namespace netft::tap {

using namespace test;

namespace {

std::set<std::string> addresses() {
    std::set<std::string> out;
    const nlohmann::json link = run_json("ip -j address show tapt0")[0];
    for (const nlohmann::json& one : link["addr_info"]) {
        out.insert(one["local"].get<std::string>() + "/" + one["prefixlen"].dump());
    }
    return out;
}

std::set<std::string> routes() {
    std::set<std::string> out;
    for (const char* family : {"-4", "-6"}) {
        const nlohmann::json all =
            run_json(std::string("ip -j ") + family + " route show dev tapt0");
        for (const nlohmann::json& one : all) {
            out.insert(one["dst"].get<std::string>());
        }
    }
    return out;
}

const std::set<std::string> kAddresses{"169.254.77.1/32", "fe80::77:1/64"};
const std::set<std::string> kRoutes{"169.254.77.2", "fe80::/64"};

bool is_complete() {
    const bool is_fine = addresses() == kAddresses && routes() == kRoutes;
    if (!is_fine) BOOST_TEST_MESSAGE(run("ip address show tapt0; ip route; ip -6 route"));
    return is_fine;
}

void add_uplink() {
    run("ip link add uplink0 type bridge");
    run("ip address add 192.0.2.2/24 dev uplink0");
    run("ip link set uplink0 up");
    run("ip route add default via 192.0.2.1");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(adapter)

BOOST_AUTO_TEST_CASE(the_first_apply_makes_everything_and_the_second_finds_nothing_to_do) {
    Node node(1);
    const nlohmann::json link = run_json("ip -j -d link show tapt0")[0];
    BOOST_TEST(link["address"] == node.state.mac.to_string());
    BOOST_TEST(link["mtu"] == 1400);
    BOOST_TEST(link["gso_max_size"] == 64'000);
    BOOST_TEST(link["inet6_addr_gen_mode"] == "none");
    BOOST_TEST(is_complete());
    const nlohmann::json route = run_json("ip -j route show 169.254.77.2")[0];
    BOOST_TEST(route["prefsrc"] == "169.254.77.1");
    BOOST_TEST(route["scope"] == "link");
    BOOST_TEST(route["protocol"] == "143");
    for (const char* key : {"disable_ipv6", "accept_ra", "router_solicitations", "accept_dad"}) {
        BOOST_TEST(run(std::string("cat /proc/sys/net/ipv6/conf/tapt0/") + key) == "0\n");
    }
    BOOST_TEST(node.apply() == "");
}

BOOST_AUTO_TEST_CASE(whatever_is_flushed_is_back_after_one_apply) {
    Node node(1);
    for (const char* damage : {
             "ip address flush dev tapt0",
             "ip -4 address flush dev tapt0",
             "ip -4 route flush dev tapt0",
             "ip -6 route flush dev tapt0",
             "ip link set tapt0 down",
             "ip link set tapt0 mtu 1000; ip link set tapt0 mtu 9000",
             "ip route replace 169.254.77.2/32 dev tapt0",
             "ip address del 169.254.77.1/32 dev tapt0; ip address add 169.254.77.1/16 dev tapt0",
             "ip address del fe80::77:1/64 dev tapt0; ip address add fe80::77:1/128 dev tapt0",
             "echo 1 > /proc/sys/net/ipv6/conf/tapt0/disable_ipv6",
         }) {
        BOOST_TEST_CONTEXT(damage) {
            run(damage);
            BOOST_TEST(node.apply() != "");
            BOOST_TEST(is_complete());
            BOOST_TEST(run_json("ip -j link show tapt0")[0]["mtu"] == 1400);
            BOOST_TEST(node.apply() == "");
        }
    }
}

BOOST_AUTO_TEST_CASE(link_settings_that_were_changed_are_put_back_and_named) {
    Node node(1);
    run("ip link set tapt0 address 02:00:00:00:99:99");
    run("ip link set tapt0 gso_max_size 20000");
    run("echo 1 > /proc/sys/net/ipv6/conf/tapt0/accept_ra");
    run("ip link set tapt0 addrgenmode eui64");
    const std::string repaired = node.apply();
    for (const char* what : {"MAC 02:00:00:00:77:01", "GSO size", "accept_ra", "addr_gen_mode"}) {
        BOOST_CHECK_MESSAGE(repaired.find(what) != std::string::npos, what << " in " << repaired);
    }
    BOOST_TEST(node.apply() == "");
    BOOST_TEST(is_complete());
}

BOOST_AUTO_TEST_CASE(foreign_link_local_addresses_go_and_an_administrators_stay) {
    Node node(1);
    run("ip address add 169.254.9.9/16 dev tapt0");
    run("ip address add fe80::9/64 dev tapt0");
    run("ip address add 10.9.0.1/24 dev tapt0");
    BOOST_TEST(node.apply().find("foreign address 169.254.9.9/16") != std::string::npos);
    std::set<std::string> wanted = kAddresses;
    wanted.insert("10.9.0.1/24");
    BOOST_TEST(addresses() == wanted);
    BOOST_TEST(routes().count("10.9.0.0/24") == 1u);
}

BOOST_AUTO_TEST_CASE(peers_and_extra_addresses_come_and_go) {
    Node node(1);
    node.state.peers_ipv4 = {ipv4_of(3), ipv4_of(4)};
    node.state.extra = {*Prefix::parse("10.77.0.1/24"), *Prefix::parse("fd77::1/64")};
    node.apply();
    BOOST_TEST(routes() == (std::set<std::string>{"169.254.77.3", "169.254.77.4", "fe80::/64",
                                                  "10.77.0.0/24", "fd77::/64"}));
    run("ip route flush dev tapt0");
    run("ip -6 route flush dev tapt0");
    node.apply();
    BOOST_TEST(routes().size() == 5u);
    node.state.extra.clear();
    node.state.peers_ipv4 = {ipv4_of(2)};
    node.apply();
    BOOST_TEST(is_complete());
}

BOOST_AUTO_TEST_CASE(the_way_to_the_metadata_service_is_not_touched) {
    const Namespace space;
    add_uplink();
    const std::string before = run("ip route get 169.254.169.254");
    const std::string others = run("ip route show dev uplink0");
    Result<Device> device = Device::open("tapt0");
    BOOST_REQUIRE(device.has_value());
    Result<Adapter> adapter = Adapter::open("tapt0", device->interface_index());
    BOOST_REQUIRE(adapter.has_value());
    AdapterState state;
    state.mac = mac_of(1);
    state.ipv4 = ipv4_of(1);
    state.ipv6 = ipv6_of(1);
    state.peers_ipv4 = {ipv4_of(2)};
    std::vector<std::string> repaired;
    BOOST_REQUIRE(adapter->apply(state, repaired).has_value());
    BOOST_TEST(run("ip route get 169.254.169.254") == before);
    BOOST_TEST(run("ip route show dev uplink0") == others);
    BOOST_TEST(run("ip route get 169.254.77.2").find("dev tapt0 src 169.254.77.1") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(another_interfaces_route_is_left_alone_and_named) {
    Node node(1);
    add_uplink();
    run("ip route add 169.254.77.3/32 dev uplink0");
    node.state.peers_ipv4.push_back(ipv4_of(3));
    node.state.peers_ipv4.push_back(ipv4_of(4));
    std::vector<std::string> repaired;
    const Status done = node.adapter.apply(node.state, repaired);
    BOOST_REQUIRE(!done.has_value());
    BOOST_TEST(done.error().errno_value == EEXIST);
    BOOST_TEST(done.error().what.find("169.254.77.3") != std::string::npos);
    BOOST_TEST(routes().count("169.254.77.4") == 1u);
    BOOST_TEST(run("ip route show 169.254.77.3").find("uplink0") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_small_mtu_costs_ipv6_only_and_it_comes_back) {
    Node node(1);
    node.state.mtu = 1000;
    BOOST_TEST(node.apply().find("no IPv6") != std::string::npos);
    BOOST_TEST(addresses() == std::set<std::string>{"169.254.77.1/32"});
    BOOST_TEST(node.apply() == "");
    node.state.mtu = 1400;
    node.apply();
    BOOST_TEST(is_complete());
}

BOOST_AUTO_TEST_CASE(a_vanished_interface_is_an_error) {
    Node node(1);
    run("ip link del tapt0");
    std::vector<std::string> repaired;
    const Status done = node.adapter.apply(node.state, repaired);
    BOOST_REQUIRE(!done.has_value());
    BOOST_TEST(done.error().errno_value == ENODEV);
    BOOST_TEST(done.error().what == "tapt0: the interface is gone");
}

BOOST_AUTO_TEST_CASE(nothing_is_left_when_the_device_is_closed) {
    {
        const Node node(1);
        BOOST_TEST(is_complete());
    }
    BOOST_TEST(run("ip -4 route show table all").find("169.254") == std::string::npos);
    BOOST_TEST(!succeeds("ip link show tapt0"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace netft::tap
