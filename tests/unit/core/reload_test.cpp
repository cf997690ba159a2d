// Reloads: whatever order the nodes of the file have, each peer stays who it is.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "netft/base/random.hpp"
#include "netft/core/coordinator.hpp"

namespace netft::core {
namespace {

// A file that is edited and read again; n1 is ours.
struct Reloads {
    Settings settings;
    std::uint8_t nodes_made = 0;
    TimePoint now{1h};
    Coordinator coordinator = begin();

    Coordinator begin() {
        settings.cluster = "test";
        settings.security = SecurityMode::none;
        settings.traffic.policy = Policy::spread;
        for (int i = 0; i < 4; ++i) settings.nodes.push_back(new_node());
        return Coordinator(settings, {77, MacAddress{{2, 0, 0, 0, 0, 1}}}, 5);
    }
    NodeSettings new_node() {
        std::uint8_t number = ++nodes_made;
        NodeSettings node;
        node.name = "n" + std::to_string(number);
        node.public_key[0] = number;
        node.ipv4 = IpAddress::v4({169, 254, 1, number});
        return node;
    }
    std::vector<std::string> reload() {
        for (std::uint16_t i = 0; i < settings.nodes.size(); ++i)
            if (settings.nodes[i].name == "n1") settings.self = NodeIndex(i);
        return coordinator.handle_settings(now, settings);
    }
    NodeSettings& node(const std::string& name) {
        return *std::find_if(settings.nodes.begin(), settings.nodes.end(),
                             [&](const NodeSettings& n) { return n.name == name; });
    }
    // By name, as the plan has it and as people are shown it.
    std::map<std::string, std::pair<Policy, Policy>> policies() {
        std::map<std::string, std::pair<Policy, Policy>> out;
        auto plan = coordinator.poll_plan();
        BOOST_REQUIRE(plan);
        for (const PlanPeer& peer : plan->peers) out[peer.name].first = peer.traffic.policy;
        for (const PeerView& peer : coordinator.peers())
            out[peer.name].second = peer.traffic.policy;
        return out;
    }
};

using Both = std::pair<Policy, Policy>;
constexpr Both kSpread{Policy::spread, Policy::spread};
constexpr Both kDuplicate{Policy::duplicate, Policy::duplicate};
constexpr Both kFailover{Policy::failover, Policy::failover};

BOOST_FIXTURE_TEST_SUITE(reload, Reloads)

BOOST_AUTO_TEST_CASE(a_policy_stays_with_its_node_when_others_are_moved) {
    node("n3").traffic = TrafficRule{.policy = Policy::duplicate};
    std::swap(settings.nodes[1], settings.nodes[2]);
    BOOST_TEST(reload().empty());
    auto seen = policies();
    BOOST_TEST((seen.at("n3") == kDuplicate));
    BOOST_TEST((seen.at("n2") == kSpread));
    settings.nodes.erase(settings.nodes.begin() + 2);  // n2
    BOOST_TEST(reload().empty());
    BOOST_TEST((policies().at("n3") == kDuplicate));
    settings.nodes.insert(settings.nodes.begin(), new_node());
    BOOST_TEST(reload().empty());
    seen = policies();
    BOOST_TEST((seen.at("n3") == kDuplicate));
    BOOST_TEST((seen.at("n5") == kSpread));
    BOOST_TEST((seen.at("n4") == kSpread));
}

BOOST_AUTO_TEST_CASE(our_own_policy_holds_for_those_who_have_none) {
    node("n1").traffic = TrafficRule{.policy = Policy::failover};
    node("n4").traffic = TrafficRule{.policy = Policy::duplicate};
    std::reverse(settings.nodes.begin(), settings.nodes.end());
    BOOST_TEST(reload().empty());
    auto seen = policies();
    BOOST_TEST((seen.at("n2") == kFailover));
    BOOST_TEST((seen.at("n4") == kDuplicate));
}

// As many reloads as it takes that ids and places have nothing in common any more.
BOOST_AUTO_TEST_CASE(a_policy_stays_with_its_node_over_random_reloads) {
    Random random(7);
    auto any = [&random](std::size_t size) {
        return static_cast<std::size_t>(random.next() % size);
    };
    for (int step = 0; step < 500; ++step) {
        auto& nodes = settings.nodes;
        std::size_t place = any(nodes.size());
        bool is_own = nodes[place].name == "n1";
        switch (any(5)) {
            case 0: std::swap(nodes[place], nodes[any(nodes.size())]); break;
            case 1:
                if (!is_own) nodes.erase(nodes.begin() + static_cast<std::ptrdiff_t>(place));
                break;
            case 2:
                if (nodes.size() < 9)
                    nodes.insert(nodes.begin() + static_cast<std::ptrdiff_t>(place), new_node());
                break;
            case 3:  // another key
                if (!is_own) nodes[place].public_key[1] = static_cast<std::uint8_t>(any(256));
                break;
            case 4:
                nodes[place].traffic.reset();
                if (any(2) == 0) nodes[place].traffic = TrafficRule{.policy = Policy::duplicate};
                break;
        }
        BOOST_REQUIRE(reload().empty());
        auto seen = policies();
        BOOST_REQUIRE(seen.size() == nodes.size() - 1);
        Policy ours = settings.self_node().traffic ? Policy::duplicate : Policy::spread;
        for (const NodeSettings& node : nodes) {
            if (node.name == "n1") continue;
            Policy wanted = node.traffic ? node.traffic->policy : ours;
            BOOST_REQUIRE((seen.at(node.name) == Both(wanted, wanted)));
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core
