#include "routing/topology/cluster_states.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/unit/routing/town.hpp"

using namespace netft;
using namespace netft::routing;
using netft::routing::test::Town;

namespace {

// "up partitioned | up up failed …": networks, then the interfaces of the first.
std::string summary(const Town& town) {
    ClusterStates states = states_of(town.view);
    std::string out;
    for (const NetworkStatus& network : states.networks)
        out += std::string(to_string(network.state)) + " ";
    out += "|";
    for (const InterfaceStatus& interface : states.interfaces)
        if (interface.network == Town::name_of(0))
            out += " " + std::string(to_string(interface.state));
    return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cluster_states)

BOOST_AUTO_TEST_CASE(where_all_talk_all_is_up) {
    BOOST_TEST(summary(Town(3, 2)) == "up up | up up up");
}

BOOST_AUTO_TEST_CASE(a_pair_that_cannot_talk_parts_the_network) {
    BOOST_TEST(summary(Town(3, 2).cut(0, 1, 0)) == "partitioned up | unreachable unreachable up");
}

BOOST_AUTO_TEST_CASE(one_direction_that_fails_parts_the_network) {
    BOOST_TEST(summary(Town(3, 2).mute(0, 1, 0)) == "partitioned up | unreachable unreachable up");
}

BOOST_AUTO_TEST_CASE(an_interface_that_talks_to_nobody_has_failed_and_the_others_are_up) {
    BOOST_TEST(summary(Town(3, 2).cut_off(1, 0)) == "partitioned up | up failed up");
}

BOOST_AUTO_TEST_CASE(an_interface_without_carrier_has_failed_even_of_two) {
    BOOST_TEST(summary(Town(2, 2).lose(1, 0, Diagnostic::carrier_lost)) == "down up | up failed");
}

BOOST_AUTO_TEST_CASE(where_nobody_talks_the_network_is_down) {
    BOOST_TEST(summary(Town(3, 2).cut(0, 1, 0).cut(0, 2, 0).cut(1, 2, 0)) ==
               "down up | failed failed failed");
    BOOST_TEST(summary(Town(2, 2).cut(0, 1, 0)) == "down up | failed failed");
}

BOOST_AUTO_TEST_CASE(a_dead_node_parts_nothing_and_its_interfaces_are_unavailable) {
    BOOST_TEST(summary(Town(3, 2).kill(1)) == "up up | up unavailable up");
}

BOOST_AUTO_TEST_CASE(a_network_with_one_living_node_is_unavailable) {
    BOOST_TEST(summary(Town(2, 2).kill(1)) == "unavailable unavailable | up unavailable");
}

BOOST_AUTO_TEST_CASE(two_halves_that_do_not_talk_are_a_partition) {
    Town town(4, 1);
    town.cut(0, 2, 0).cut(0, 3, 0).cut(1, 2, 0).cut(1, 3, 0);
    BOOST_TEST(summary(town) == "partitioned | unreachable unreachable unreachable unreachable");
    ClusterStates states = states_of(town.view);
    BOOST_TEST(states.networks[0].apart.size() == 4u);
    BOOST_TEST(states.networks[0].apart[0] == "n1 – n3");
    BOOST_TEST(states.interfaces[0].misses.size() == 2u);
}

BOOST_AUTO_TEST_CASE(of_nodes_that_cannot_be_asked_the_others_words_count) {
    Town town(3, 1);
    town.cut_off(1, 0);
    for (std::size_t n : {1, 2}) town.view.nodes[n].routes.clear();
    for (std::size_t n : {1, 2}) town.view.nodes[n].has_word = false;
    BOOST_TEST(summary(town) == "up | up unavailable up");
}

BOOST_AUTO_TEST_SUITE_END()
