// A table of faults: what all nodes would report, and the culprit that is to be named.
#include "routing/topology/why.hpp"

#include <boost/test/unit_test.hpp>
#include <functional>

#include "tests/unit/routing/town.hpp"

using namespace netft;
using namespace netft::routing;
using netft::routing::test::Town;

namespace {

// "cable n2 10.0.0.0/24", "direction n1>n2 10.0.1.0/24", "node n3", "none".
std::string summary(const Finding& finding) {
    std::string out(to_string(finding.culprit));
    if (!finding.from.empty() || !finding.to.empty()) {
        out += " " + finding.from + ">" + finding.to;
    } else if (!finding.node.empty()) {
        out += " " + finding.node;
    }
    return finding.network.empty() ? out : out + " " + finding.network;
}

struct Fault {
    const char* what;
    std::size_t nodes;
    std::size_t networks;
    std::function<void(Town&)> befalls;
    const char* culprit;  // between n1 and n2
    bool reachable = true;
};

const std::vector<Fault>& faults() {
    using D = Diagnostic;
    static const std::vector<Fault> kAll{
        {"nothing", 3, 2, [](Town&) {}, "none"},
        {"the MTU of n2 is lower", 3, 2,
         [](Town& t) {
             for (std::size_t n : {0, 1, 2}) t.view.nodes[n].interfaces[1].mtu = 1500;
             t.view.nodes[1].interfaces[1].mtu = 1400;
         },
         "mtu n2 10.0.1.0/24"},
        {"an MTU that nobody knows is no other", 3, 2,
         [](Town& t) {
             t.view.nodes[0].interfaces[1].mtu = 1500;
             t.view.nodes[1].interfaces[1].mtu = 65535;
         },
         "none"},
        {"keys are not renewed", 3, 2,
         [](Town& t) { t.view.nodes[0].standings[1] = Standing::unrenewed; }, "path"},
        {"n2 came back with another key after it was stopped", 3, 2,
         [](Town& t) {
             t.kill(1);
             for (std::size_t n : {0, 2}) t.say(n, 1, 0, BfdState::down, D::shutting_down, true);
             t.view.nodes[0].standings[1] = Standing::unknown_key;
         },
         "mismatch n2", false},
        {"others have an old key of n1", 3, 2,
         [](Town& t) {
             t.kill(1).kill(2);
             t.view.nodes[0].standings[1] = Standing::knows_other_key;
         },
         "mismatch n2", false},
        {"n2 is of another cluster", 2, 1,
         [](Town& t) {
             t.kill(1);
             t.view.nodes[0].standings[1] = Standing::other_cluster;
         },
         "mismatch n2", false},
        {"nobody answers a node that is new", 3, 2,
         [](Town& t) {
             t.kill(1).kill(2);
             t.view.nodes[0].standings = {Standing::known, Standing::no_session,
                                          Standing::no_session};
         },
         "node n1", false},
        {"the cable of n2 is silent", 3, 2, [](Town& t) { t.cut_off(1, 0); },
         "cable n2 10.0.0.0/24"},
        {"our own cable is silent", 3, 2, [](Town& t) { t.cut_off(0, 1); }, "cable n1 10.0.1.0/24"},
        {"both cables are silent", 4, 2, [](Town& t) { t.cut_off(0, 1).cut_off(1, 1); },
         "cable n1 10.0.1.0/24"},
        {"n2 has no carrier", 3, 2, [](Town& t) { t.lose(1, 0, D::carrier_lost); },
         "cable n2 10.0.0.0/24"},
        {"n2 has no carrier, two nodes", 2, 2, [](Town& t) { t.lose(1, 0, D::carrier_lost); },
         "cable n2 10.0.0.0/24"},
        {"the switch is off: nobody has carrier", 3, 2,
         [](Town& t) {
             for (std::size_t n : {0, 1, 2}) t.lose(n, 0, D::carrier_lost);
         },
         "network 10.0.0.0/24"},
        {"the switch forwards nothing", 3, 2,
         [](Town& t) { t.cut(0, 1, 0).cut(0, 2, 0).cut(1, 2, 0); }, "network 10.0.0.0/24"},
        {"a silent cut between two nodes that are alone", 2, 2, [](Town& t) { t.cut(0, 1, 1); },
         "network 10.0.1.0/24"},
        {"only the way between the two is cut", 3, 2, [](Town& t) { t.cut(0, 1, 0); },
         "path 10.0.0.0/24"},
        {"the NIC of n2 is gone", 3, 2, [](Town& t) { t.lose(1, 1, D::interface_gone); },
         "nic n2 10.0.1.0/24"},
        {"the port of n1 failed", 3, 2, [](Town& t) { t.lose(0, 1, D::port_failed); },
         "nic n1 10.0.1.0/24"},
        {"an administrator set the interface of n2 down", 3, 2,
         [](Town& t) { t.lose(1, 1, D::interface_admin_down); }, "admin n2 10.0.1.0/24"},
        {"the address of n2 was removed", 3, 2, [](Town& t) { t.lose(1, 1, D::address_gone); },
         "address n2 10.0.1.0/24"},
        {"n2 is not heard by anybody", 3, 2, [](Town& t) { t.mute(1, 0); },
         "direction n2> 10.0.0.0/24"},
        {"n2 hears nobody", 3, 2, [](Town& t) { t.deafen(1, 0); }, "direction >n2 10.0.0.0/24"},
        {"what n1 sends does not arrive at n2 only", 3, 2, [](Town& t) { t.mute(0, 1, 0); },
         "direction n1>n2 10.0.0.0/24"},
        {"one direction between two nodes that are alone", 2, 2, [](Town& t) { t.mute(1, 0, 0); },
         "direction n2>n1 10.0.0.0/24"},
        {"large packets vanish", 3, 2, [](Town& t) { t.sicken(0, 1, 0, D::mtu_black_hole); },
         "mtu 10.0.0.0/24"},
        {"packets are lost", 3, 2, [](Town& t) { t.sicken(0, 1, 1, D::packets_lost); },
         "quality 10.0.1.0/24"},
        {"the delay rose", 3, 2, [](Town& t) { t.sicken(0, 1, 1, D::delay_rose); },
         "quality 10.0.1.0/24"},
        {"a route flaps", 3, 2, [](Town& t) { t.word(1, 0, 1).damped = true; },
         "quality 10.0.1.0/24"},
        {"a dead network counts before a sick one", 3, 2,
         [](Town& t) { t.sicken(0, 1, 1, D::mtu_black_hole).cut_off(1, 0); },
         "cable n2 10.0.0.0/24"},
        {"n2 was stalled and is back", 3, 2, [](Town& t) { t.view.nodes[1].is_stalled = true; },
         "stall n2"},
        {"n2 is stalled and comes up again", 3, 2,
         [](Town& t) { t.say(0, 1, 0, BfdState::init, D::peer_stalled); }, "stall n2 10.0.0.0/24"},
        {"n2 is dead or frozen", 3, 2, [](Town& t) { t.kill(1); }, "node n2", false},
        {"n2 of two is dead or frozen", 2, 2, [](Town& t) { t.kill(1); }, "node n2", false},
        {"n2 of two is silent on the only network", 2, 1, [](Town& t) { t.kill(1); },
         "network 10.0.0.0/24", false},
        {"netftd on n2 was stopped", 3, 2,
         [](Town& t) {
             t.kill(1);
             for (std::size_t n : {0, 2}) t.say(n, 1, 0, BfdState::down, D::shutting_down, true);
         },
         "admin n2", false},
        {"we reach nobody", 3, 2, [](Town& t) { t.kill(1).kill(2); }, "node n1", false},
        {"we have no carrier anywhere", 3, 2,
         [](Town& t) {
             t.kill(1).kill(2);
             for (std::size_t net : {0, 1})
                 t.view.nodes[0].interfaces[net].reason = D::carrier_lost;
         },
         "cable n1 10.0.0.0/24", false},
        {"n2 set down all its interfaces and said so", 3, 2,
         [](Town& t) {
             t.lose(1, 0, D::interface_admin_down).lose(1, 1, D::interface_admin_down).silence(1);
         },
         "admin n2 10.0.0.0/24", false},
        {"the cluster keys differ", 3, 2,
         [](Town& t) {
             t.kill(1);
             t.view.nodes[0].standings[1] = Standing::other_key;
         },
         "mismatch n2", false},
        {"n2 asks for sessions and takes none", 3, 2,
         [](Town& t) {
             t.kill(1);
             t.view.nodes[0].standings[1] = Standing::unshown;
         },
         "mismatch n2", false},
        {"n2 asks for sessions, as it hears nothing of us", 3, 2,
         [](Town& t) {
             t.mute(0, 1, 0).mute(0, 1, 1);
             t.view.nodes[0].standings[1] = Standing::unshown;
         },
         "direction n1>n2 10.0.0.0/24", false},
        {"the security modes differ", 2, 1,
         [](Town& t) {
             t.kill(1);
             t.view.nodes[0].standings[1] = Standing::other_mode;
         },
         "mismatch n2", false},
        {"they never had a session, others do", 3, 2,
         [](Town& t) {
             t.cut(0, 1, 0).cut(0, 1, 1);
             t.view.nodes[0].standings[1] = t.view.nodes[1].standings[0] = Standing::no_session;
         },
         "mismatch", false},
        {"the two are cut from each other on all networks", 3, 2,
         [](Town& t) {
             t.cut(0, 1, 0).cut(0, 1, 1);
             t.silence(1);
         },
         "path 10.0.0.0/24", false},
    };
    return kAll;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(why_two_nodes)

BOOST_AUTO_TEST_CASE(every_fault_of_the_table_has_its_culprit_whoever_is_named_first) {
    for (const Fault& fault : faults()) {
        Town town(fault.nodes, fault.networks);
        fault.befalls(town);
        for (auto [a, b] : {std::pair<std::size_t, std::size_t>(0, 1), {1, 0}}) {
            Verdict verdict = why(town.view, a, b);
            BOOST_REQUIRE(!verdict.findings.empty());
            const Finding& first = verdict.findings.front();
            bool both = std::string(fault.what) == "both cables are silent";
            if (!both || a == 0)
                BOOST_TEST(summary(first) == fault.culprit, fault.what << ": " << summary(first));
            BOOST_TEST(verdict.reachable == fault.reachable, fault.what);
            BOOST_TEST(!first.text.empty(), fault.what);
            BOOST_TEST(!first.evidence.empty(), fault.what);
        }
    }
}

BOOST_AUTO_TEST_CASE(each_network_has_its_own_culprit) {
    Town town(3, 3);
    town.cut_off(1, 0).lose(0, 1, Diagnostic::carrier_lost);
    Verdict verdict = why(town.view, 0, 1);
    BOOST_REQUIRE(verdict.findings.size() == 2u);
    BOOST_TEST(summary(verdict.findings[0]) == "cable n2 10.0.0.0/24");
    BOOST_TEST(summary(verdict.findings[1]) == "cable n1 10.0.1.0/24");
}

BOOST_AUTO_TEST_CASE(evidence_quotes_both_ends) {
    Town town(3, 2);
    town.cut_off(1, 0);
    Verdict verdict = why(town.view, 0, 1);
    const std::vector<std::string>& evidence = verdict.findings.front().evidence;
    BOOST_TEST(evidence.size() == 3u);
    BOOST_TEST(evidence[0] ==
               "n1 says: the route to n2 on 10.0.0.0/24 is down: detection time expired");
    BOOST_TEST(evidence[1] ==
               "n2 says: the route to n1 on 10.0.0.0/24 is down: detection time expired");
    BOOST_TEST(evidence[2] == "n1 and n3 talk on 10.0.0.0/24");
}

BOOST_AUTO_TEST_CASE(of_two_others_that_cannot_be_asked_nothing_can_be_told) {
    Town town(3, 2);
    town.silence(1).silence(2);
    Verdict verdict = why(town.view, 1, 2);
    BOOST_TEST(summary(verdict.findings.front()) == "unknown");
}

// Whatever the nodes say, an answer comes: no assertion, no finding without a sentence.
BOOST_AUTO_TEST_CASE(any_view_gets_an_answer) {
    std::uint64_t state = 1;
    auto below = [&state](std::uint64_t n) {
        state = state * 6364136223846793005 + 1442695040888963407;
        return (state >> 33) % n;
    };
    for (int round = 0; round < 3000; ++round) {
        Town town(2 + below(4), 1 + below(3));
        for (SeenNode& node : town.view.nodes) {
            for (SeenRoute& route : node.routes) {
                if (below(2) == 0) continue;
                route.state = static_cast<BfdState>(below(4));
                route.suspect = below(2) != 0;
                route.peer_said_so = below(2) != 0;
                route.reason = static_cast<Diagnostic>(below(40));
            }
            for (SeenInterface& interface : node.interfaces)
                if (below(4) == 0) interface.reason = static_cast<Diagnostic>(below(40));
            for (Standing& standing : node.standings)
                if (below(6) == 0) standing = static_cast<Standing>(below(9));
        }
        for (std::size_t n = 1; n < town.view.nodes.size(); ++n)
            if (below(4) == 0) town.silence(n);
        Verdict verdict = why(town.view, 0, 1);
        BOOST_REQUIRE(!verdict.findings.empty());
        for (const Finding& finding : verdict.findings)
            BOOST_TEST(!finding.text.empty(), to_string(finding.culprit));
    }
}

BOOST_AUTO_TEST_SUITE_END()
