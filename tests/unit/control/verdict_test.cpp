// The one answer of show and check.
#include "netft/control/verdict.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/unit/control/status_samples.hpp"

namespace netft::control {
namespace {

RouteStatus route(std::uint16_t id, const char* local, const char* remote, const char* network,
                  const char* interface) {
    RouteStatus status = samples::route_up();
    status.route.id = RouteId(id);
    status.route.local = samples::endpoint(local);
    status.route.remote = samples::endpoint(remote);
    status.route.network = network;
    status.route.interface = interface;
    return status;
}

// n2 by two networks, all well.
struct Node {
    NodeStatus status;

    Node() {
        PeerStatus n2{.name = "n2", .reachable = true};
        n2.routes = {route(1, "10.0.0.1", "10.0.0.2", "10.0.0.0/24", "eth0"),
                     route(2, "10.1.0.1", "10.1.0.2", "10.1.0.0/24", "eth1")};
        n2.networks_expected = n2.networks_in_file = 2;
        status.peers = {n2};
    }
    PeerStatus& peer() { return status.peers[0]; }
    RouteStatus& second() { return peer().routes[1]; }
    Severity severity() const { return judge(status).severity; }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(verdict, Node)

BOOST_AUTO_TEST_CASE(all_expected_routes_up_and_well_is_ok) {
    Verdict said = judge(status);
    BOOST_TEST((said.severity == Severity::ok && said.findings.empty()));
    BOOST_TEST(said.routes_up == 2u);
    BOOST_TEST(said.peers.at(0).networks_up == 2u);
}

BOOST_AUTO_TEST_CASE(packets_that_go_elsewhere_are_critical_whatever_the_routes_say) {
    peer().stray = "packets for n2 leave by eth0, not by netft0";
    BOOST_TEST((severity() == Severity::critical));
    BOOST_TEST(judge(status).findings.at(0).reason == peer().stray);
}

BOOST_AUTO_TEST_CASE(what_contradicts_in_a_card_is_a_warning) {
    peer().doubts = {"its endpoint 10.1.0.3 is ignored: n3 says that it has it, too"};
    BOOST_TEST((severity() == Severity::warning));
    BOOST_TEST(judge(status).findings.at(0).peer == "n2");
}

BOOST_AUTO_TEST_CASE(a_route_in_doubt_is_a_warning_and_one_that_is_lost_critical) {
    second().report.suspect = true;
    BOOST_TEST((severity() == Severity::warning));
    second().report.suspect = false;
    second().report.damped = true;
    BOOST_TEST((severity() == Severity::warning));
    BOOST_TEST(judge(status).routes_up == 1u);
    second().report.state = BfdState::down;
    BOOST_TEST((severity() == Severity::critical));
    BOOST_TEST(judge(status).findings.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_network_that_left_without_a_trace_is_missed) {
    peer().routes.pop_back();
    Verdict said = judge(status);
    BOOST_TEST((said.severity == Severity::critical));
    BOOST_TEST(said.findings.at(0).reason == "1 independent network of 2 that the file lists");
    peer().networks_in_file = 1;
    BOOST_TEST(judge(status).findings.at(0).reason.starts_with(
        "1 independent network of 2 that there were"));
    peer().networks_expected = 1;
    BOOST_TEST((severity() == Severity::ok));
}

BOOST_AUTO_TEST_CASE(networks_over_one_nic_count_once) {
    peer().routes[0].nic = second().nic = "eth0";
    BOOST_TEST(independent_networks(peer(), true) == 1u);
    BOOST_TEST((severity() == Severity::critical));
}

BOOST_AUTO_TEST_CASE(a_guess_that_was_none_is_not_missed) {
    second().report.state = BfdState::down;
    second().expected = false;
    peer().networks_expected = 1;
    Verdict said = judge(status);
    BOOST_TEST((said.severity == Severity::ok));
    BOOST_TEST(said.routes_expected == 1u);
}

BOOST_AUTO_TEST_CASE(a_peer_without_a_route_is_critical_and_a_fault_a_warning) {
    status.faults = {"n2 and this node both have the address 10.1.0.1"};
    BOOST_TEST((severity() == Severity::warning));
    peer().routes.clear();
    BOOST_TEST((severity() == Severity::critical));
    BOOST_TEST(judge(status).findings.back().reason == "no route");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace netft::control
