#include "routing/interfaces/interface_manager.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/unit/routing/seen_interfaces.hpp"

namespace netft::routing::test {

BOOST_AUTO_TEST_SUITE(interface_manager)

BOOST_AUTO_TEST_CASE(one_address_an_interface_is_chosen_by_kind) {
    struct Case {
        std::vector<const char*> addresses;
        Strings expected;
    };
    const Case cases[] = {
        {{"10.0.0.1/24"}, {"1 10.0.0.1/24 eth0 up"}},
        {{"fe80::1/64", "fd00::1/64", "10.0.0.1/24"}, {"1 10.0.0.1/24 eth0 up"}},
        {{"fe80::1/64", "fd00::1/64"}, {"1 fd00::1/64 eth0 up"}},
        {{"fe80::1/64", "2001:db8::1/64"}, {"1 2001:db8::1/64 eth0 up"}},
        {{"fe80::1/64"}, {"1 fe80::1/64 eth0 up"}},
        {{"169.254.3.4/16", "fe80::1/64"}, {"1 fe80::1/64 eth0 up"}},
        {{"169.254.3.4/16"}, {}},
        {{"10.0.0.1/24", "10.0.0.2/24"}, {"1 10.0.0.1/24 eth0 up"}},
        {{"127.0.0.5/8"}, {}},
        {{}, {}},
    };
    for (const Case& c : cases) {
        Node node;
        BOOST_TEST(node.see({fact(2, "eth0", c.addresses)}) == c.expected,
                   boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(loopback_adapter_excluded_and_foreign_tap_interfaces_are_left_out) {
    Node node({.adapter_name = "netft0", .exclude = {"docker*", "virbr?"}});
    InterfaceFact lo = fact(1, "lo", {"10.9.9.9/32"});
    lo.loopback = true;
    auto shown = node.see(
        {lo, of_kind(fact(2, "netft0", {"169.254.1.1/32"}), "tun"),
         fact(3, "docker0", {"172.17.0.1/16"}), fact(4, "virbr0", {"10.2.0.1/24"}),
         of_kind(fact(5, "netft1", {"10.3.0.1/24"}), "tun"), fact(6, "eth0", {"10.0.0.1/24"})});
    BOOST_TEST(shown == Strings{"1 10.0.0.1/24 eth0 up"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(configured_addresses_are_used_wherever_they_are_but_on_our_adapter) {
    Node node({.exclude = {"docker*"},
               .configured = {configured("10.5.0.1"), configured("172.17.0.1"),
                              configured("169.254.1.1")}});
    auto shown = node.see({of_kind(fact(2, "netft0", {"169.254.1.1/32"}), "tun"),
                           fact(3, "docker0", {"172.17.0.1/16"}),
                           of_kind(fact(4, "tap7", {"10.5.0.1/24"}), "tun")});
    BOOST_TEST(shown == (Strings{"1 10.5.0.1/24 tap7 up", "2 172.17.0.1/16 docker0 up",
                                 "3 169.254.1.1/0  " + kNoAddress}),
               boost::test_tools::per_element());
    BOOST_TEST(node.im.endpoints()[0].configured);
}

BOOST_AUTO_TEST_CASE(interfaces_without_a_configured_address_are_used_too) {
    Node node({.configured = {configured("10.0.0.2"), configured("fd00::2")}});
    auto shown = node.see({fact(2, "eth0", {"10.0.0.1/24", "10.0.0.2/24", "fd00::2/64"}),
                           fact(3, "eth1", {"10.1.0.1/24"})});
    BOOST_TEST(shown == (Strings{"1 10.0.0.2/24 eth0 up", "2 fd00::2/64 eth0 up",
                                 "3 10.1.0.1/24 eth1 up"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_configured_address_that_is_nowhere_is_listed_as_gone) {
    Node node({.configured = {configured("10.0.0.1"), configured("fe80::1", "eth0")}});
    BOOST_TEST(
        node.show() == (Strings{"1 10.0.0.1/0  " + kNoAddress, "2 fe80::1/0 eth0 " + kNoInterface}),
        boost::test_tools::per_element());
    BOOST_TEST(node.events().empty());
    BOOST_TEST(node.see({fact(2, "eth0", {})}).back() == "2 fe80::1/0 eth0 " + kNoAddress);
    node.see({fact(2, "eth0", {"fe80::1/64"}), fact(3, "eth1", {"10.0.0.1/24", "fe80::1/64"})});
    BOOST_TEST(node.show() == (Strings{"1 10.0.0.1/24 eth1 up", "2 fe80::1/64 eth0 up"}),
               boost::test_tools::per_element());
    BOOST_TEST(node.im.endpoints()[1].endpoint.address.scope() == 2u);
}

BOOST_AUTO_TEST_CASE(an_interface_over_another_that_is_deleted_is_forgotten) {
    InterfaceFact eth0 = fact(2, "eth0", {"10.0.0.1/24"});
    InterfaceFact over = fact(3, "eth0.10", {"10.1.0.1/24"});
    over.kind = "vlan";
    over.lower = 2;
    Node node;
    node.see({eth0, over});
    over.carrier = false;
    BOOST_TEST(node.see({eth0, over}).back() == "2 10.1.0.1/24 eth0.10 " + kNoCarrier);
    BOOST_TEST(node.see({eth0}) == Strings{"1 10.0.0.1/24 eth0 up"},
               boost::test_tools::per_element());
    node.set({.configured = {configured("10.1.0.1")}});
    node.see({eth0, over});
    BOOST_TEST(node.see({eth0}).size() == 2u);
}

BOOST_AUTO_TEST_CASE(the_most_basic_reason_is_given) {
    InterfaceFact eth0 = fact(2, "eth0", {"10.0.0.1/24"});
    InterfaceFact bare = fact(2, "eth0", {});
    struct Case {
        std::vector<InterfaceFact> facts;
        std::string reason;
    };
    const Case cases[] = {
        {{eth0}, "up"},       {{unplugged(eth0)}, kNoCarrier}, {{down(eth0)}, kSetDown},
        {{bare}, kNoAddress}, {{unplugged(bare)}, kNoCarrier}, {{down(bare)}, kSetDown},
        {{}, kNoInterface},
    };
    for (bool is_configured : {false, true}) {
        for (const Case& c : cases) {
            Node node;
            if (is_configured) node.set({.configured = {configured("10.0.0.1")}});
            node.see({eth0});
            auto shown = node.see(c.facts);
            BOOST_TEST(shown == Strings{"1 10.0.0.1/24 eth0 " + c.reason},
                       boost::test_tools::per_element());
            BOOST_TEST(node.changed == (c.reason != "up"));
            BOOST_TEST(node.see({eth0}) == Strings{"1 10.0.0.1/24 eth0 up"},
                       boost::test_tools::per_element());
        }
    }
}

BOOST_AUTO_TEST_CASE(the_same_facts_change_nothing) {
    Node node;
    node.see({fact(2, "eth0", {"10.0.0.1/24"})});
    BOOST_TEST(node.changed);
    node.see({fact(2, "eth0", {"10.0.0.1/24"})});
    BOOST_TEST(!node.changed);
}

BOOST_AUTO_TEST_CASE(a_renamed_interface_keeps_its_endpoint) {
    for (const char* address : {"10.0.0.1/24", "fe80::1/64"}) {
        Node node;
        node.see({fact(2, "eth0", {address})});
        node.events();
        node.see({fact(2, "lan0", {address})});
        BOOST_TEST(node.show() == Strings{std::string("1 ") + address + " lan0 up"},
                   boost::test_tools::per_element());
        BOOST_TEST(node.events() == Strings{"lan0: renamed from eth0"},
                   boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(an_interface_that_returns_with_another_index_keeps_its_endpoint) {
    for (const char* address : {"10.0.0.1/24", "fe80::1/64"}) {
        Node node;
        node.see({fact(2, "eth0", {address})});
        node.see({});
        BOOST_TEST(!node.im.endpoints().at(0).usable);
        node.see({fact(7, "eth0", {address})});
        BOOST_TEST(node.show() == Strings{std::string("1 ") + address + " eth0 up"},
                   boost::test_tools::per_element());
        const LocalEndpoint& e = node.im.endpoints().at(0);
        BOOST_TEST(e.interface_index == 7u);
        BOOST_TEST(e.endpoint.address.scope() == (e.endpoint.address.is_link_local() ? 7u : 0u));
    }
}

BOOST_AUTO_TEST_CASE(one_link_local_address_on_two_interfaces_is_two_endpoints) {
    Node node;
    node.see({fact(2, "eth0", {"fe80::1/64"}), fact(3, "eth1", {"fe80::1/64"})});
    BOOST_TEST(node.show() == (Strings{"1 fe80::1/64 eth0 up", "2 fe80::1/64 eth1 up"}),
               boost::test_tools::per_element());
    node.see({fact(3, "eth1", {"fe80::1/64"})});
    BOOST_TEST(
        node.show() == (Strings{"1 fe80::1/64 eth0 " + kNoInterface, "2 fe80::1/64 eth1 up"}),
        boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_address_that_moves_to_another_interface_keeps_its_id) {
    for (bool is_configured : {false, true}) {
        Node node;
        if (is_configured) node.set({.configured = {configured("10.0.0.1")}});
        node.see({fact(2, "eth0", {"10.0.0.1/24"}), fact(3, "eth1", {})});
        node.events();
        node.see({fact(2, "eth0", {}), fact(3, "eth1", {"10.0.0.1/24"})});
        BOOST_TEST(node.show() == Strings{"1 10.0.0.1/24 eth1 up"},
                   boost::test_tools::per_element());
        BOOST_TEST(node.im.endpoints()[0].interface_index == 3u);
        BOOST_TEST(node.events() == Strings{"eth1: address 10.0.0.1/24 moved here from eth0"},
                   boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(an_address_on_two_interfaces_is_used_where_it_works) {
    for (bool is_configured : {false, true}) {
        Node node;
        if (is_configured) node.set({.configured = {configured("10.0.0.1")}});
        auto shown = node.see(
            {unplugged(fact(2, "eth0", {"10.0.0.1/24"})), fact(3, "eth1", {"10.0.0.1/24"})});
        BOOST_TEST(shown == Strings{"1 10.0.0.1/24 eth1 up"}, boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(an_address_of_the_same_subnet_replaces_the_old_one) {
    Node node;
    node.see({fact(2, "eth0", {"10.0.0.1/24"})});
    BOOST_TEST(node.see({fact(2, "eth0", {"10.0.0.7/24"})}) == Strings{"2 10.0.0.7/24 eth0 up"},
               boost::test_tools::per_element());
    // The same with a moment between.
    node.see({fact(2, "eth0", {})});
    BOOST_TEST(node.see({fact(2, "eth0", {"10.0.0.8/24"})}) == Strings{"3 10.0.0.8/24 eth0 up"},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_address_of_another_subnet_leaves_the_old_one_listed) {
    Node node;
    node.see({fact(2, "eth0", {"10.0.0.1/24"})});
    node.see({fact(2, "eth0", {"192.168.0.1/24"})});
    BOOST_TEST(
        node.show() == (Strings{"1 10.0.0.1/24 eth0 " + kNoAddress, "2 192.168.0.1/24 eth0 up"}),
        boost::test_tools::per_element());
    // It comes back beside the other, which has only stood in for it: no second path.
    node.see({fact(2, "eth0", {"192.168.0.1/24", "10.0.0.1/24"})});
    BOOST_TEST(node.show() == Strings{"1 10.0.0.1/24 eth0 up"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_flushed_address_that_returns_displaces_its_stand_in) {
    Node node;
    node.see({fact(2, "eth0", {"10.0.0.1/24", "fe80::1/64"})});
    BOOST_TEST(node.see({fact(2, "eth0", {"fe80::1/64"})}) ==
                   (Strings{"1 10.0.0.1/24 eth0 " + kNoAddress, "2 fe80::1/64 eth0 up"}),
               boost::test_tools::per_element());
    BOOST_TEST(node.see({fact(2, "eth0", {"10.0.0.1/24", "fe80::1/64"})}) ==
                   Strings{"1 10.0.0.1/24 eth0 up"},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_flushed_configured_address_has_no_stand_in) {
    Node node({.configured = {configured("10.0.0.1")}});
    node.see({fact(2, "eth0", {"10.0.0.1/24", "fe80::1/64"})});
    BOOST_TEST(
        node.see({fact(2, "eth0", {"fe80::1/64"})}) == Strings{"1 10.0.0.1/24 eth0 " + kNoAddress},
        boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(another_address_of_its_kind_takes_the_place_of_a_configured_one_that_is_gone) {
    Node node({.configured = {configured("10.0.0.1")}});
    node.see({fact(2, "eth0", {"10.0.0.1/24", "fe80::1/64"})});
    BOOST_TEST(node.see({fact(2, "eth0", {"fe80::1/64", "10.0.0.9/24"})}) ==
                   (Strings{"1 10.0.0.1/24 eth0 " + kNoAddress, "2 10.0.0.9/24 eth0 up"}),
               boost::test_tools::per_element());
    // Not while it is down: the configured one is only away with the interface.
    BOOST_TEST(node.see({fact(2, "eth0", {"10.0.0.1/24", "10.0.0.9/24"})}) ==
                   Strings{"1 10.0.0.1/24 eth0 up"},
               boost::test_tools::per_element());
    BOOST_TEST(node.see({down(fact(2, "eth0", {"10.0.0.9/24"}))}) ==
                   Strings{"1 10.0.0.1/24 eth0 " + kSetDown},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_tap_of_a_captured_nic_is_an_interface_like_any_other) {
    Node node({.exclude = {"tap*"}, .captured = {"tap5"}});
    auto shown = node.see({of_kind(fact(2, "tap4", {"10.1.0.1/24"}), "tun"),
                           of_kind(fact(3, "tap5", {"10.0.0.1/24"}), "tun")});
    BOOST_TEST(shown == Strings{"1 10.0.0.1/24 tap5 up"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_address_in_use_stays_in_use_when_another_comes_first) {
    Node node;
    node.see({fact(2, "eth0", {"10.0.0.5/24"})});
    BOOST_TEST(node.see({fact(2, "eth0", {"10.0.0.1/24", "10.0.0.5/24"})}) ==
                   Strings{"1 10.0.0.5/24 eth0 up"},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(new_settings_exclude_configure_and_release) {
    Node node;
    std::vector<InterfaceFact> facts{fact(2, "eth0", {"10.0.0.1/24", "10.0.0.2/24"}),
                                     fact(3, "eth1", {"10.1.0.1/24"})};
    node.see(facts);
    BOOST_TEST(node.set({.exclude = {"eth1"}}) == Strings{"1 10.0.0.1/24 eth0 up"},
               boost::test_tools::per_element());
    BOOST_TEST(node.set({.exclude = {"eth1"}, .configured = {configured("10.0.0.2")}}) ==
                   Strings{"3 10.0.0.2/24 eth0 up"},
               boost::test_tools::per_element());
    // Named by the configuration or chosen: the same endpoint.
    BOOST_TEST(node.set({.exclude = {"eth1"}}) == Strings{"3 10.0.0.2/24 eth0 up"},
               boost::test_tools::per_element());
    BOOST_TEST(!node.im.endpoints()[0].configured);
    BOOST_TEST(node.set({.exclude = {"eth1"}, .port = 4000}) == Strings{"4 10.0.0.2/24 eth0 up"},
               boost::test_tools::per_element());
    BOOST_TEST(node.im.endpoints()[0].endpoint.port == 4000);
    BOOST_TEST(node.set({.configured = {configured("10.7.0.1")}, .port = 4000}).size() == 3u);
    BOOST_TEST(node.set({.exclude = {"*"}}).empty());
}

BOOST_AUTO_TEST_CASE(an_excluded_interface_that_is_gone_is_forgotten) {
    Node node;
    node.see({fact(2, "eth0", {"10.0.0.1/24"})});
    node.see({});
    BOOST_TEST(node.set({.exclude = {"eth*"}}).empty());
}

BOOST_AUTO_TEST_CASE(mtu_prefix_and_speed_follow_the_interface) {
    Node node;
    InterfaceFact eth0 = fact(2, "eth0", {"10.0.0.1/24"});
    eth0.speed_mbps = 1000;
    node.see({eth0});
    node.events();
    eth0.mtu = 9000;
    node.see({eth0});
    BOOST_TEST(node.im.endpoints()[0].mtu == 9000u);
    BOOST_TEST(node.events() == Strings{"eth0: mtu 1500 -> 9000"},
               boost::test_tools::per_element());
    eth0.addresses = {prefix("10.0.0.1/16")};
    eth0.speed_mbps = 10000;
    node.see({eth0});
    BOOST_TEST(node.im.endpoints()[0].prefix_length == 16);
    BOOST_TEST(node.im.endpoints()[0].speed_mbps == 10000u);
}

BOOST_AUTO_TEST_CASE(speed_and_default_route_survive_a_loss_of_carrier) {
    Node node;
    InterfaceFact eth0 = fact(2, "eth0", {"10.0.0.1/24"});
    eth0.speed_mbps = 1000;
    eth0.default_route = true;
    node.see({eth0});
    eth0.speed_mbps = 0;
    eth0.default_route = false;
    node.see({unplugged(eth0)});
    BOOST_TEST(node.im.endpoints()[0].speed_mbps == 1000u);
    BOOST_TEST(node.im.endpoints()[0].default_route);
    node.see({eth0});
    BOOST_TEST(node.im.endpoints()[0].speed_mbps == 0u);
    BOOST_TEST(!node.im.endpoints()[0].default_route);
}

BOOST_AUTO_TEST_CASE(events_tell_what_happened_once_an_interface) {
    Node node({.configured = {configured("10.0.0.1"), configured("fd00::1")}});
    InterfaceFact eth0 = fact(2, "eth0", {"10.0.0.1/24", "fd00::1/64"});
    node.see({eth0});
    BOOST_TEST(node.events() ==
                   (Strings{"eth0: address 10.0.0.1/24 usable", "eth0: address fd00::1/64 usable"}),
               boost::test_tools::per_element());
    node.see({unplugged(eth0)});
    BOOST_TEST(node.events() == Strings{"eth0: carrier lost"}, boost::test_tools::per_element());
    node.see({eth0});
    node.events();
    node.see({fact(2, "eth0", {"fd00::1/64"})});
    BOOST_TEST(node.events() == Strings{"eth0: address 10.0.0.1/24 gone"},
               boost::test_tools::per_element());
    node.set({});
    BOOST_TEST(node.events() == Strings{"eth0: address 10.0.0.1/24 no longer an endpoint"},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(events_and_missing_endpoints_are_bounded) {
    Node node;
    for (std::uint32_t i = 1; i <= 400; ++i) {
        std::string address = "10." + std::to_string(i / 256) + "." + std::to_string(i % 256);
        node.see({fact(i, "veth" + std::to_string(i), {(address + ".1/24").c_str()})});
    }
    BOOST_TEST(node.im.endpoints().size() == InterfaceManager::kMissingMax + 1);
    BOOST_TEST(node.im.endpoints().back().id.value == 400);
    BOOST_TEST(node.events().size() == InterfaceManager::kEventsMax);
}

BOOST_AUTO_TEST_CASE(no_id_is_given_twice_even_when_all_are_given) {
    Node node;
    for (std::uint32_t i = 0; i < 65536; ++i) {
        std::string address = "10." + std::to_string(i / 256) + "." + std::to_string(i % 256);
        node.see({fact(i + 1, "eth" + std::to_string(i), {(address + ".1/24").c_str()})});
    }
    BOOST_TEST(node.im.endpoints().back().id.value == 65535);
    BOOST_TEST(!node.im.endpoints().back().usable);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace netft::routing::test
