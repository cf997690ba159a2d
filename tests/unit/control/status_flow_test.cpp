#include "netft/control/status_flow.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "netft/control/status_cluster.hpp"
#include "netft/control/status_requests.hpp"
#include "tests/unit/control/status_samples.hpp"

using namespace netft;
using namespace netft::control;
using nlohmann::json;

namespace {

// n2 with both routes up, SSH and DSCP 46 duplicated, large frames spread.
NodeStatus node() {
    NodeStatus status = samples::node();
    RouteStatus& second = status.peers[0].routes[1];
    second.report.state = BfdState::up;
    second.route.usable = true;
    second.route.priority = 200;
    core::TrafficClass ssh{.tcp_port = {{22, 22}}, .policy = core::Policy::duplicate};
    core::TrafficClass urgent{.dscp = {{46, 46}}, .policy = core::Policy::duplicate};
    core::TrafficClass large{.size = {{9000, 65535}}, .policy = core::Policy::spread};
    status.classes = {ssh, urgent, large};
    return status;
}

// "duplicate: 1 main, 2 copy".
std::string summary(const json& request) {
    json answer = get_route(node(), "n2", samples::clock(), request);
    if (answer.contains("error")) return answer["error"].get<std::string>();
    std::string out = answer["policy"].get<std::string>() + ":";
    for (const json& route : answer["routes"])
        out += " " + route["id"].dump() + " " + route["use"].get<std::string>();
    return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(status_flow)

BOOST_AUTO_TEST_CASE(classes_and_policy_decide_what_carries_a_packet) {
    BOOST_TEST(summary(json::object()) == "failover: 1 main");
    BOOST_TEST(summary({{"port", 22}}) == "duplicate: 1 main 2 copy");
    BOOST_TEST(summary({{"port", 22}, {"protocol", "udp"}}) == "failover: 1 main");
    BOOST_TEST(summary({{"dscp", 46}}) == "duplicate: 1 main 2 copy");
    BOOST_TEST(summary({{"dscp", 0}}) == "failover: 1 main");
    BOOST_TEST(summary({{"size", 9000}}) == "spread: 1 share 2 share");
    BOOST_TEST(summary({{"size", 64}}) == "failover: 1 main");
}

BOOST_AUTO_TEST_CASE(small_frames_are_duplicated_where_the_rule_says_so) {
    NodeStatus status = node();
    status.peers[0].traffic.duplicate_small = 256;
    auto policy = [&status](const json& request) {
        return get_route(status, "n2", samples::clock(), request)["policy"].get<std::string>();
    };
    BOOST_TEST(policy({{"size", 256}}) == "duplicate");
    BOOST_TEST(policy({{"size", 257}}) == "failover");
    BOOST_TEST(policy({{"dscp", 1}}) == "failover");  // a full frame
}

BOOST_AUTO_TEST_CASE(while_all_are_suspect_copies_are_sent) {
    PeerStatus peer = node().peers[0];
    for (RouteStatus& route : peer.routes) route.report.suspect = true;
    BOOST_TEST(routes_for(peer, core::Policy::failover).size() == 2u);
    peer.routes[1].report.suspect = false;
    BOOST_TEST(routes_for(peer, core::Policy::spread).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_damped_route_gets_copies_and_no_flows) {
    PeerStatus peer = node().peers[0];
    peer.selected.reset();
    peer.routes[0].report.damped = true;
    BOOST_TEST(routes_for(peer, core::Policy::failover).front().route.id.value == 2);
    BOOST_TEST(routes_for(peer, core::Policy::spread).size() == 1u);
    BOOST_TEST(routes_for(peer, core::Policy::duplicate).size() == 2u);
}

BOOST_AUTO_TEST_CASE(the_answer_repeats_the_packet) {
    json answer = get_route(node(), "n2", samples::clock(), {{"port", 53}, {"protocol", "udp"}});
    BOOST_CHECK(answer["flow"] ==
                json({{"dscp", 0}, {"protocol", "udp"}, {"port", 53}, {"size", 1414}}));
    BOOST_TEST(get_route(node(), "n2", samples::clock(), json::object())["flow"].is_null());
}

BOOST_AUTO_TEST_CASE(what_is_out_of_its_range_is_refused) {
    BOOST_TEST(summary({{"dscp", 64}}) == "dscp: 0 to 63");
    BOOST_TEST(summary({{"port", 0}}) == "port: 1 to 65535");
    BOOST_TEST(summary({{"port", "ssh"}}) == "port: 1 to 65535");
    BOOST_TEST(summary({{"size", -1}}) == "size: 1 to 65535");
    BOOST_TEST(summary({{"protocol", "sctp"}}) == "protocol: tcp or udp");
}

BOOST_AUTO_TEST_CASE(why_asks_for_two_nodes_that_there_are) {
    auto error = [](const json& request) {
        json answer = answer_why(samples::cluster(), {}, request);
        return answer.contains("error") ? answer["error"].get<std::string>() : "";
    };
    BOOST_TEST(error({{"b", "n2"}}) == "");
    BOOST_TEST(error({{"a", "n2"}, {"b", "n1"}}) == "");
    BOOST_TEST(error({{"b", "n9"}}) == "n9: no node has this name (nodes: n1, n2)");
    BOOST_TEST(error({{"a", "n2"}, {"b", "n2"}}) == "n2: a node is always joined to itself");
    BOOST_TEST(error(json::object()) == ": no node has this name (nodes: n1, n2)");
}

BOOST_AUTO_TEST_CASE(why_does_not_say_that_nothing_is_wrong_where_check_finds_something) {
    routing::ClusterView well = samples::cluster();
    for (routing::SeenNode& node : well.nodes)
        for (routing::SeenRoute& route : node.routes)
            route = {route.interface, route.peer, route.remote_interface, BfdState::up};
    auto culprit = [&well](const Verdict& own, const json& request) {
        return answer_why(well, own, request)["culprit"].get<std::string>();
    };
    Verdict of_peer{.findings = {{Severity::critical, "n2", "1 of 2 independent networks"}}};
    Verdict of_self{.findings = {{Severity::warning, "", "n2 and this node both have it"}}};
    Verdict of_other{.findings = {{Severity::critical, "n3", "no route"}}};
    json request{{"b", "n2"}};
    BOOST_REQUIRE(culprit({}, request) == "none");
    BOOST_TEST(culprit(of_peer, request) == "unknown");
    BOOST_TEST(culprit(of_peer, {{"a", "n2"}, {"b", "n1"}}) == "unknown");
    BOOST_TEST(culprit(of_self, request) == "unknown");
    BOOST_TEST(culprit(of_other, request) == "none");
}

BOOST_AUTO_TEST_SUITE_END()
