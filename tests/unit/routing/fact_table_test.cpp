// The table of links and addresses, over dumps that are whole or not.
#include "routing/netlink/fact_table.hpp"

#include <linux/if.h>
#include <linux/if_addr.h>

#include <boost/test/unit_test.hpp>

#include "tests/unit/routing/builders.hpp"

namespace netft::routing::netlink {
namespace {

using test::prefix;

LinkMessage link(std::uint32_t index, const char* name, const char* kind = "veth") {
    return {
        .index = index, .flags = IFF_UP | IFF_LOWER_UP, .mtu = 1500, .name = name, .kind = kind};
}

AddressMessage address(std::uint32_t index, const char* text, std::uint32_t created = 0,
                       std::uint32_t flags = IFA_F_PERMANENT) {
    return {.index = index, .flags = flags, .prefix = prefix(text), .created = created};
}

struct Table : FactTable {
    std::vector<std::string> names() const {
        std::vector<std::string> out;
        for (const InterfaceFact& fact : facts()) out.push_back(fact.name);
        return out;
    }
    std::vector<std::string> addresses(std::size_t place) const {
        std::vector<std::string> out;
        const InterfaceFact fact = facts().at(place);
        for (const Prefix& p : fact.addresses) out.push_back(p.to_string());
        return out;
    }
};

using Strings = std::vector<std::string>;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(fact_table, Table)

BOOST_AUTO_TEST_CASE(only_a_whole_dump_takes_away_what_it_does_not_name) {
    begin_dump();
    apply(link(2, "eth0"), false);
    apply(link(3, "eth1"), false);
    apply(address(2, "10.0.0.1/24"), false);
    end_dump(true);
    for (bool is_whole : {false, true}) {
        begin_dump();
        apply(link(3, "eth1"), false);
        end_dump(is_whole);
        BOOST_TEST(names() == (is_whole ? Strings{"eth1"} : Strings{"eth0", "eth1"}),
                   boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(an_event_during_a_dump_survives_it) {
    begin_dump();
    apply(link(2, "eth0"), false);
    apply(link(9, "new0"), false);
    apply(link(2, "eth0"), true);
    end_dump(true);
    BOOST_TEST(names() == Strings{"new0"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(addresses_stand_in_the_order_of_their_making_whoever_lists_them) {
    apply(link(2, "eth0"), false);
    apply(address(2, "fd00::2/64", 200), false);
    apply(address(2, "fd00::1/64", 100), false);
    BOOST_TEST(addresses(0) == (Strings{"fd00::1/64", "fd00::2/64"}),
               boost::test_tools::per_element());
    apply(address(2, "fd00::1/64"), true);
    BOOST_TEST(addresses(0) == Strings{"fd00::2/64"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(flags_follow_the_kernels_word) {
    apply(link(2, "eth0"), false);
    apply(address(2, "10.0.0.1/24"), false);
    apply(address(2, "10.0.0.9/24", 0, IFA_F_SECONDARY), false);
    apply(address(2, "fd00::1/64", 0, IFA_F_DEPRECATED), false);
    apply(address(2, "fd00::2/64", 0, IFA_F_TENTATIVE), false);
    apply(address(2, "fd00::3/64", 0, IFA_F_PERMANENT | IFA_F_DADFAILED), false);
    apply(address(2, "fd00::4/64", 0, IFA_F_TEMPORARY), false);
    auto own = facts().at(0).addresses;
    BOOST_REQUIRE(own.size() == 3u);
    BOOST_TEST((!own[0].secondary && !own[0].dynamic && !own[0].deprecated));
    BOOST_TEST((own[1].secondary && own[1].dynamic && own[2].deprecated && !own[2].secondary));
}

BOOST_AUTO_TEST_CASE(ports_of_a_bridge_give_it_their_addresses_and_get_them_back) {
    LinkMessage port = link(2, "eth0");
    port.master = 3;
    apply(link(3, "br0", "bridge"), false);
    apply(port, false);
    apply(address(2, "10.0.0.1/24"), false);
    BOOST_TEST(addresses(0).empty());
    apply(link(2, "eth0"), false);
    BOOST_TEST(addresses(0) == Strings{"10.0.0.1/24"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(details_are_asked_for_once_a_change) {
    apply(link(2, "eth0"), false);
    BOOST_TEST(wants_details(2));
    set_details(2, {.speed_mbps = 1000, .default_route = true});
    LinkMessage same = link(2, "eth0");
    same.mtu = 9000;
    apply(same, false);
    BOOST_TEST(!wants_details(2));
    BOOST_TEST(facts()[0].speed_mbps == 1000u);
    same.flags = IFF_UP;
    apply(same, false);
    BOOST_TEST(wants_details(2));
    set_details(2, {});
    apply(address(2, "10.0.0.1/24"), false);
    BOOST_TEST(wants_details(2));
    BOOST_TEST(!wants_details(7));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace netft::routing::netlink
