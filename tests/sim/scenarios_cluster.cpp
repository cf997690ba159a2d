// Scenarios of the whole cluster: clocks, versions, size, and what befalls many nodes at once.
#include "tests/sim/scenarios.hpp"
#include "tests/sim/stage.hpp"
#include "tests/sim/tempest.hpp"

namespace netft::sim {

namespace {

// For 10 s, a frame each way every 10 ms: none is lost, and no route flaps.
void carries_everything(Stage& s, const std::string& when) {
    std::uint64_t flaps = s.flaps(0) + s.flaps(1);
    std::uint64_t before = s.checkers.delivered();
    std::uint64_t sent = 0;
    for (int i = 0; i < 1000; ++i) {
        sent += s.world.send_frame(0, 1, 3000);
        sent += s.world.send_frame(1, 0, 64);
        s.run(10ms);
    }
    s.run(100ms);
    s.expect(sent == 2000 && s.checkers.delivered() == before + sent, when + ": frames were lost");
    s.expect(s.flaps(0) + s.flaps(1) == flaps, when + ": a route flapped");
}

Violations clocks_that_run_apart_hold_at_fast_heartbeats() {
    Stage s({.nodes = 3,
             .networks = 2,
             .timing = {10ms, 3},
             .seed = 31,
             .traits = {{.clock_ppm = 20'000},
                        {.clock_ppm = -20'000, .clock_offset = 1000h},
                        {.clock_offset = 1h}}});
    carries_everything(s, "clocks 4 % apart");
    s.checkers.check_all_up("clocks 4 % apart");
    return s.checkers.violations();
}

Violations older_and_newer_minor_versions_talk() {
    Stage s({.nodes = 4,
             .networks = 2,
             .timing = {100ms, 5},
             .seed = 32,
             .traits = {{.version = Version::older}, {.version = Version::newer}, {}, {}}});
    carries_everything(s, "an older and a newer one");
    Duration gap = s.gap_after([&s] { cut_pair(s, 0, 1, 0, true); });
    s.expect(gap <= 600ms, "gap of " + std::to_string(to_ms(gap)) + " ms");
    cut_pair(s, 0, 1, 0, false);
    s.run(3s);
    for (std::size_t node : {0, 1, 2}) {
        s.world.stop(node);
        s.run(500ms);
        s.world.start(node);
        s.run(2s);
        s.checkers.check_all_up("restart of n" + std::to_string(node + 1));
    }
    return s.checkers.violations();
}

Violations all_nodes_restart_at_once() {
    for (std::uint64_t seed = 33; seed < 38; ++seed) {
        Stage s({.nodes = 8, .networks = 2, .timing = {100ms, 5}, .seed = seed});
        for (std::size_t i = 0; i < 8; ++i) s.world.stop(i);
        s.run(1s);
        for (std::size_t i = 0; i < 8; ++i) s.world.start(i);
        s.run(3s);
        s.checkers.check_all_up("3 s after a power cut");
        if (!s.checkers.violations().empty()) return s.checkers.violations();
    }
    return {};
}

Violations all_nodes_stall_at_once_and_nobody_is_dead() {
    Stage s({.nodes = 4, .networks = 2, .timing = {100ms, 5}, .seed = 39});
    std::uint64_t flaps = s.flaps(0) + s.flaps(1) + s.flaps(2) + s.flaps(3);
    for (std::size_t i = 0; i < 4; ++i) s.world.stall(i, 3s);  // the host was suspended
    s.run(5s);
    s.checkers.check_all_up("2 s after waking");
    s.expect(s.flaps(0) + s.flaps(1) + s.flaps(2) + s.flaps(3) == flaps, "a route was called down");
    return s.checkers.violations();
}

// The work grows with the pairs; 64 nodes: netft-sim --tempests 1 --nodes 64 --length 2.
Violations sixteen_nodes_survive_a_tempest() {
    StormSettings settings;
    settings.world = {
        .nodes = 16, .networks = 2, .timing = {250ms, 5}, .seed = 40, .lists_all_endpoints = true};
    settings.length = 2s;
    return run_tempest(settings).violations;
}

}  // namespace

std::vector<Scenario> cluster_scenarios() {
    return {
#define NETFT_SCENARIO(name) {#name, name}
        NETFT_SCENARIO(clocks_that_run_apart_hold_at_fast_heartbeats),
        NETFT_SCENARIO(older_and_newer_minor_versions_talk),
        NETFT_SCENARIO(all_nodes_restart_at_once),
        NETFT_SCENARIO(all_nodes_stall_at_once_and_nobody_is_dead),
        NETFT_SCENARIO(sixteen_nodes_survive_a_tempest),
#undef NETFT_SCENARIO
    };
}

}  // namespace netft::sim
