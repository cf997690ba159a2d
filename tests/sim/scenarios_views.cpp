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
        NETFT_SCENARIO(a_quiet_cluster_says_little),
        NETFT_SCENARIO(an_older_version_is_told_nothing_and_lacks_nothing),
#undef NETFT_SCENARIO
    };
}

}  // namespace netft::sim
