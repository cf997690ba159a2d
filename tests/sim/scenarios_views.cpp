// Scenarios of what the nodes tell each other: views, and what TM makes of them.
#include "tests/sim/scenarios.hpp"
#include "tests/sim/stage.hpp"

namespace netft::sim {

namespace {

using Answer = std::optional<bool>;

// What node `at` has been told of whether `from` reaches `to`.
Answer told(Stage& s, std::size_t at, std::size_t from, std::size_t to) {
    return s.world.node(at).coordinator->says_it_reaches(s.world.peer_id(from),
                                                         s.world.peer_id(to));
}

bool all_know(Stage& s, std::size_t from, std::size_t to, bool reaches) {
    for (std::size_t at = 0; at < s.world.settings().nodes; ++at)
        if (at != from && at != to && told(s, at, from, to) != Answer(reaches)) return false;
    return true;
}

void cut_everywhere(Stage& s, std::size_t a, std::size_t b, bool cut) {
    for (std::size_t net = 0; net < s.world.settings().networks; ++net) cut_pair(s, a, b, net, cut);
}

Violations everybody_hears_who_reaches_whom() {
    Stage s({.nodes = 4, .networks = 2, .timing = {100ms, 5}, .seed = 61});
    s.expect(all_know(s, 0, 1, true) && all_know(s, 2, 3, true), "not known after the start");
    cut_everywhere(s, 0, 1, true);
    s.run(700ms);  // detection, gathering and the way
    s.expect(all_know(s, 0, 1, false) && all_know(s, 1, 0, false), "the cut is not known");
    s.expect(all_know(s, 2, 3, true), "another pair is said to be cut");
    s.expect(!told(s, 0, 1, 2), "a node that cannot be asked is quoted");
    cut_everywhere(s, 0, 1, false);
    s.run(2s);
    s.expect(all_know(s, 0, 1, true) && told(s, 0, 1, 2) == Answer(true), "the heal is not known");
    return s.checkers.violations();
}

Violations views_get_through_loss_and_restarts() {
    Stage s({.nodes = 3, .networks = 2, .timing = {100ms, 5}, .seed = 62});
    for (std::size_t from = 0; from < 3; ++from)
        for (std::size_t to = 0; to < 3; ++to)
            for (std::size_t net = 0; net < 2; ++net) {
                s.world.link(from, to, net).loss = 0.05;
                s.world.link(from, to, net).jitter = 20ms;
                s.world.link(from, to, net).duplication = 0.1;
            }
    for (int round = 0; round < 10; ++round) {
        cut_everywhere(s, 0, 1, true);
        s.run(2s);
        s.expect(told(s, 2, 0, 1) == Answer(false), "the cut is not known under loss");
        s.world.stop(1);
        s.world.start(1);
        cut_everywhere(s, 0, 1, false);
        s.run(6s);
        s.expect(told(s, 2, 0, 1) == Answer(true), "the heal is not known under loss");
        s.expect(told(s, 2, 1, 0) == Answer(true), "the restarted node says nothing");
    }
    return s.checkers.violations();
}

std::string text_of(const routing::ClusterStates& states) {
    std::string out;
    for (const auto& network : states.networks) {
        out += network.name + " " + std::string(to_string(network.state));
        for (const std::string& pair : network.apart) out += " " + pair;
        out += "; ";
    }
    for (const auto& i : states.interfaces)
        out += i.node + " " + i.name + " " + std::string(to_string(i.state)) + "; ";
    return out;
}

// All nodes have the same picture, and its networks are in these states.
void agree(Stage& s, const std::vector<routing::NetworkState>& networks, const std::string& when) {
    std::string first = text_of(s.world.node(0).coordinator->states());
    for (std::size_t i = 1; i < s.world.settings().nodes; ++i) {
        std::string other = text_of(s.world.node(i).coordinator->states());
        s.expect(other == first,
                 when + ": n1 sees " + first + " n" + std::to_string(i + 1) + " sees " + other);
    }
    const auto& seen = s.world.node(0).coordinator->states().networks;
    bool fits = seen.size() == networks.size();
    for (std::size_t k = 0; fits && k < seen.size(); ++k) fits = seen[k].state == networks[k];
    s.expect(fits, when + ": n1 sees " + first);
}

using routing::NetworkState;

Violations an_asymmetric_partition_is_seen_by_all_as_one() {
    Stage s({.nodes = 4, .networks = 2, .timing = {100ms, 5}, .seed = 65});
    agree(s, {NetworkState::up, NetworkState::up}, "2 s after the start");
    s.world.link(0, 1, 0).is_cut = true;  // one way
    s.run(1s);
    agree(s, {NetworkState::partitioned, NetworkState::up}, "one direction of a pair cut");
    s.world.link(0, 1, 0).is_cut = false;
    for (std::size_t i = 1; i < 4; ++i) s.world.link(i, 0, 1).is_cut = true;
    s.run(2s);
    agree(s, {NetworkState::up, NetworkState::partitioned}, "n1 is deaf");
    for (std::size_t i = 0; i < 4; ++i)
        for (std::size_t k = 0; k < 4; ++k) s.world.link(i, k, 1).is_cut = true;
    s.run(1s);
    agree(s, {NetworkState::up, NetworkState::down}, "a whole network cut");
    s.world.set_carrier(2, 0, false);
    s.run(1s);
    s.world.set_carrier(2, 0, true);
    s.world.heal_everything();
    s.run(3s);
    agree(s, {NetworkState::up, NetworkState::up}, "healed");
    return s.checkers.violations();
}

// The bound: 4 s after the last fault has ended.
Violations all_nodes_agree_soon_after_faults_end() {
    for (std::uint64_t seed = 66; seed < 76; ++seed) {
        Stage s({.nodes = 5,
                 .networks = 3,
                 .timing = {100ms, 5},
                 .seed = seed,
                 .lists_all_endpoints = true});
        Random& random = s.world.random();
        for (int fault = 0; fault < 30; ++fault) {
            std::size_t a = random.below(5);
            std::size_t b = random.below(5);
            std::size_t net = random.below(3);
            switch (random.below(5)) {
                case 0: cut_pair(s, a, b, net, true); break;
                case 1: s.world.link(a, b, net).is_cut = random.chance(0.5); break;
                case 2: s.world.set_carrier(a, net, random.chance(0.5)); break;
                case 3: s.world.stall(a, random.between(100ms, 2s)); break;
                case 4:
                    s.world.stop(a);
                    s.world.start(a);
                    break;
            }
            s.run(random.between(10ms, 700ms));
        }
        s.run(2s);  // stalls end
        s.world.heal_everything();
        s.run(4s);
        auto up = NetworkState::up;
        agree(s, {up, up, up}, "seed " + std::to_string(seed));
        if (!s.checkers.violations().empty()) return s.checkers.violations();
    }
    return {};
}

Violations a_quiet_cluster_says_little() {
    Stage s({.nodes = 4, .networks = 2, .timing = {100ms, 5}, .seed = 63, .rekey_after = 1h});
    s.run(5s);
    std::uint64_t views = 0;
    s.world.on_wire = [&views](std::size_t, std::size_t, std::size_t, Bytes bytes) {
        views += (bytes[0] & 15) == static_cast<std::uint8_t>(MessageType::control);
    };
    s.run(120s);
    // Four refreshes of twelve views, each acknowledged.
    s.expect(views > 0 && views <= 5 * 12 * 2, "control messages: " + std::to_string(views));
    return s.checkers.violations();
}

Violations an_older_version_is_told_nothing_and_lacks_nothing() {
    Stage s({.nodes = 3,
             .networks = 2,
             .timing = {100ms, 5},
             .seed = 64,
             .traits = {{.version = Version::older}, {.version = Version::newer}, {}}});
    std::uint64_t told_older = 0;
    s.world.on_wire = [&](std::size_t, std::size_t to, std::size_t, Bytes bytes) {
        bool is_control = (bytes[0] & 15) == static_cast<std::uint8_t>(MessageType::control);
        told_older += to == 0 && is_control;
    };
    cut_pair(s, 1, 2, 0, true);
    s.run(5s);
    s.expect(told_older == 0, "an older node is sent " + std::to_string(told_older) + " views");
    s.expect(!told(s, 2, 0, 1).has_value(), "an older node is quoted");
    s.expect(told(s, 2, 1, 0) == Answer(true), "a newer node is not heard");
    return s.checkers.violations();
}

}  // namespace

std::vector<Scenario> view_scenarios() {
    return {
#define NETFT_SCENARIO(name) {#name, name}
        NETFT_SCENARIO(everybody_hears_who_reaches_whom),
        NETFT_SCENARIO(views_get_through_loss_and_restarts),
        NETFT_SCENARIO(an_asymmetric_partition_is_seen_by_all_as_one),
        NETFT_SCENARIO(all_nodes_agree_soon_after_faults_end),
        NETFT_SCENARIO(a_quiet_cluster_says_little),
        NETFT_SCENARIO(an_older_version_is_told_nothing_and_lacks_nothing),
#undef NETFT_SCENARIO
    };
}

}  // namespace netft::sim
