// Which address is an interface's own, and which interfaces are paths.
#include "tests/unit/routing/seen_interfaces.hpp"

namespace netft::routing::test {

BOOST_AUTO_TEST_SUITE(choose)

BOOST_AUTO_TEST_CASE(a_virtual_ip_stands_in_at_most_while_the_own_address_is_away) {
    for (const char* lent : {"10.0.0.100/32", "192.168.7.7/32"}) {
        Node node;
        node.see({fact(2, "eth0", {lent, "10.0.0.1/24"})});
        BOOST_TEST(node.show() == Strings{"1 10.0.0.1/24 eth0 up"},
                   boost::test_tools::per_element());
        node.see({fact(2, "eth0", {lent})});
        BOOST_TEST(node.show() == (Strings{"1 10.0.0.1/24 eth0 " + kNoAddress,
                                           std::string("2 ") + lent + " eth0 up"}),
                   boost::test_tools::per_element());
        // It moves to another node while ours is still away: nobody misses it here.
        node.see({fact(2, "eth0", {})});
        node.see({fact(2, "eth0", {lent})});
        node.see({fact(2, "eth0", {lent, "10.0.0.1/24"})});
        BOOST_TEST(node.show() == Strings{"1 10.0.0.1/24 eth0 up"},
                   boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(an_interfaces_own_address_is_neither_deprecated_nor_secondary_nor_lent) {
    auto chosen = [](std::vector<OwnAddress> addresses) {
        Node node;
        InterfaceFact eth0 = fact(2, "eth0", {});
        eth0.addresses = std::move(addresses);
        return node.see({eth0}).at(0);
    };
    OwnAddress old = prefix("fd00::1/64"), second = prefix("10.0.0.1/24");
    OwnAddress leased = prefix("10.0.0.3/24");
    old.deprecated = second.secondary = leased.dynamic = true;
    BOOST_TEST(chosen({old, prefix("fd00::2/64")}) == "1 fd00::2/64 eth0 up");
    BOOST_TEST(chosen({second, prefix("10.0.0.2/24")}) == "1 10.0.0.2/24 eth0 up");
    BOOST_TEST(chosen({leased, prefix("10.0.0.4/24")}) == "1 10.0.0.4/24 eth0 up");
    BOOST_TEST(chosen({prefix("fd00::9/128"), prefix("fd00::2/64")}) == "1 fd00::2/64 eth0 up");
    BOOST_TEST(chosen({prefix("10.0.0.9/32")}) == "1 10.0.0.9/32 eth0 up");
    BOOST_TEST(chosen({old}) == "1 fd00::1/64 eth0 up");
}

BOOST_AUTO_TEST_CASE(both_ends_of_a_point_to_point_link_find_one_subnet) {
    auto chosen = [](const char* own, const char* peer) {
        Node node;
        InterfaceFact ppp0 = fact(2, "ppp0", {});
        ppp0.addresses = {prefix(own)};
        ppp0.addresses[0].peer = ip(peer);
        return node.see({ppp0}).at(0);
    };
    BOOST_TEST(chosen("10.9.0.1/32", "10.9.0.2") == "1 10.9.0.1/30 ppp0 up");
    BOOST_TEST(chosen("10.9.0.2/32", "10.9.0.1") == "1 10.9.0.2/30 ppp0 up");
    BOOST_TEST(chosen("10.9.0.1/32", "192.168.3.1") == "1 10.9.0.1/32 ppp0 up");
}

BOOST_AUTO_TEST_CASE(other_overlays_are_no_paths_unless_the_configuration_says_so) {
    for (const char* kind : {"vxlan", "geneve", "gre", "ipip", "sit", "wireguard", "xfrm", "tun"}) {
        Node node;
        std::vector<InterfaceFact> facts{fact(2, "eth0", {"10.0.0.1/24"}),
                                         of_kind(fact(3, "x0", {"100.64.0.1/16"}), kind)};
        BOOST_TEST(node.see(facts) == Strings{"1 10.0.0.1/24 eth0 up"},
                   boost::test_tools::per_element());
        BOOST_TEST(node.set({.configured = {configured("100.64.0.1")}}).size() == 2u);
    }
}

BOOST_AUTO_TEST_CASE(a_bridge_of_containers_is_no_path_and_one_over_a_nic_is) {
    Node node({.exclude = {"veth*"}});
    InterfaceFact port = fact(5, "veth7", {});
    port.master = 4;
    InterfaceFact nic = fact(2, "eth0", {});
    nic.master = 3;
    std::vector<InterfaceFact> facts{nic, of_kind(fact(3, "br0", {"10.0.0.1/24"}), "bridge"),
                                     of_kind(fact(4, "bridge1", {"10.7.0.1/24"}), "bridge"), port,
                                     of_kind(fact(6, "bridge2", {"10.8.0.1/24"}), "bridge")};
    BOOST_TEST(node.see(facts) == Strings{"1 10.0.0.1/24 br0 up"},
               boost::test_tools::per_element());
    BOOST_TEST(node.im.endpoints()[0].nic == "eth0");
    // Its NIC pulled out, it is missed.
    facts[0].master = 0;
    facts[1].carrier = false;
    BOOST_TEST(node.see(facts).at(0) == "1 10.0.0.1/24 br0 " + kNoCarrier);
}

BOOST_AUTO_TEST_CASE(what_an_interface_runs_over_is_told) {
    Node node;
    InterfaceFact vlan = of_kind(fact(3, "eth0.10", {"10.1.0.1/24"}), "vlan");
    InterfaceFact inner = of_kind(fact(4, "mac0", {"10.2.0.1/24"}), "macvlan");
    InterfaceFact bond = of_kind(fact(5, "bond0", {"10.3.0.1/24"}), "bond");
    InterfaceFact one = fact(6, "eth1", {}), two = fact(7, "eth2", {});
    vlan.lower = 2;
    inner.lower = 3;
    one.master = two.master = 5;
    node.see({fact(2, "eth0", {"10.0.0.1/24"}), vlan, inner, bond, one, two});
    Strings nics;
    for (const LocalEndpoint& e : node.im.endpoints()) nics.push_back(e.nic);
    BOOST_TEST(nics == (Strings{"", "eth0", "eth0", ""}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace netft::routing::test
