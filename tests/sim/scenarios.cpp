// Scenarios with a name: one fault each, and what must follow to the heartbeat.
#include "tests/sim/scenarios.hpp"

#include "tests/sim/stage.hpp"

namespace netft::sim {

namespace {

Violations silent_cut_is_left_before_the_threshold() {
    Stage s({.nodes = 3, .networks = 2, .timing = {100ms, 5}, .seed = 7});
    Duration gap = s.gap_after([&s] { cut_pair(s, 0, 1, 0, true); });
    s.expect(gap <= 350ms, "gap of " + std::to_string(to_ms(gap)) + " ms");
    s.expect(s.up(0) == 3 && s.up(1) == 3, "the cut route is down on both ends");
    cut_pair(s, 0, 1, 0, false);
    s.run(3s);
    s.checkers.check_all_up("healed");
    return s.checkers.violations();
}

Violations carrier_loss_moves_both_ends_at_once() {
    Stage s({.nodes = 2, .networks = 2, .timing = {100ms, 5}, .seed = 8});
    Duration gap = s.gap_after([&s] { s.world.set_carrier(0, 0, false); });
    s.expect(gap <= 10ms, "gap of " + std::to_string(to_ms(gap)) + " ms");
    s.world.set_carrier(0, 0, true);
    s.run(3s);
    s.checkers.check_all_up("carrier back");
    return s.checkers.violations();
}

Violations flushed_address_moves_both_ends_at_once() {
    Stage s({.nodes = 2, .networks = 2, .timing = {100ms, 5}, .seed = 9});
    Duration gap = s.gap_after([&s] { s.world.set_address(0, 0, false); });
    s.expect(gap <= 10ms, "gap of " + std::to_string(to_ms(gap)) + " ms");
    s.world.set_address(0, 0, true);
    s.run(3s);
    s.checkers.check_all_up("address back");
    return s.checkers.violations();
}

Violations one_way_cut_takes_both_ends_down() {
    Stage s({.nodes = 2, .networks = 2, .timing = {100ms, 5}, .seed = 10});
    s.world.link(0, 1, 0).is_cut = true;
    s.run(1s);
    s.expect(s.up(0) == 1 && s.up(1) == 1, "both ends see the one-way cut");
    return s.checkers.violations();
}

Violations reload_changes_timing_without_a_flap() {
    Stage s({.nodes = 2, .networks = 2, .timing = {100ms, 5}, .seed = 11});
    for (Duration delay : {10ms, 1000ms, 1ms, 100ms, 60'000ms, 100ms}) {
        s.world.reload_timing(0, {delay, 5});
        s.run(5s);
        s.world.reload_timing(1, {delay, 3});
        s.run(5s);
    }
    s.run(120s);
    s.expect(s.flaps(0) == 2 && s.flaps(1) == 2, "a route flapped during the reloads");
    return s.checkers.violations();
}

Violations fast_heartbeats_hold() {
    Stage s({.nodes = 4, .networks = 2, .timing = {1ms, 3}, .seed = 12});
    s.run(30s);
    for (std::size_t i = 0; i < 4; ++i)
        s.expect(s.flaps(i) == 6, "a route at 1 ms x 3 flapped on a quiet network");
    return s.checkers.violations();
}

Violations restarted_peer_is_back_in_a_second() {
    Stage s({.nodes = 3, .networks = 2, .timing = {100ms, 5}, .seed = 13});
    for (int i = 0; i < 20; ++i) {
        s.world.stop(1);
        s.run(Duration(1ms) * (1 + 97 * i));
        s.world.start(1);
        s.run(1s);
        s.checkers.check_all_up("1 s after restart " + std::to_string(i));
    }
    return s.checkers.violations();
}

Violations long_isolation_ends_with_the_heal() {
    Stage s({.nodes = 3, .networks = 2, .timing = {100ms, 5}, .seed = 14});
    for (std::size_t net : {0, 1})
        for (std::size_t other : {1, 2}) cut_pair(s, 0, other, net, true);
    s.run(120s);
    s.expect(s.up(0) == 0, "an isolated node has no route up");
    s.expect(!s.world.send_frame(0, 1, 64), "an isolated node's frames are refused at once");
    for (std::size_t net : {0, 1})
        for (std::size_t other : {1, 2}) cut_pair(s, 0, other, net, false);
    s.run(3s);
    s.checkers.check_all_up("3 s after a heal");
    return s.checkers.violations();
}

Violations restart_behind_a_dead_configured_network_is_found() {
    // Only network 0 stands in the configuration; a node restarts while that is cut.
    Stage s({.nodes = 2, .networks = 2, .timing = {100ms, 5}, .seed = 15});
    cut_pair(s, 0, 1, 0, true);
    s.run(1s);
    s.world.stop(1);
    s.run(1s);
    s.world.start(1);
    s.run(10s);
    s.expect(s.up(0) == 1 && s.up(1) == 1, "the survivor opens over what the card told it");
    return s.checkers.violations();
}

Violations frozen_node_reads_before_it_judges() {
    Stage s({.nodes = 3, .networks = 2, .timing = {100ms, 5}, .seed = 16});
    std::uint64_t before = s.flaps(0);
    s.world.stall(0, 380ms);  // with the last interval shorter than the detection time
    s.run(2s);
    s.expect(s.flaps(0) == before, "a node that slept 380 ms called a route down");
    return s.checkers.violations();
}

Violations traffic_returns_after_the_hold_down_and_loses_nothing() {
    Stage s({.nodes = 2, .networks = 2, .timing = {100ms, 5}, .seed = 17});
    cut_pair(s, 0, 1, 0, true);
    s.run(2s);
    cut_pair(s, 0, 1, 0, false);
    std::uint64_t before = s.checkers.delivered();
    std::uint64_t sent = 0;
    for (int ms = 0; ms < 10'000; ++ms) {
        sent += s.world.send_frame(0, 1, 64);
        s.run(1ms);
    }
    s.run(10ms);
    s.expect(s.checkers.delivered() == before + sent && sent == 10'000, "healing lost frames");
    return s.checkers.violations();
}

}  // namespace

const std::vector<Scenario>& scenarios() {
    static const std::vector<Scenario> kScenarios = {
#define NETFT_SCENARIO(name) {#name, name}
        NETFT_SCENARIO(silent_cut_is_left_before_the_threshold),
        NETFT_SCENARIO(carrier_loss_moves_both_ends_at_once),
        NETFT_SCENARIO(flushed_address_moves_both_ends_at_once),
        NETFT_SCENARIO(one_way_cut_takes_both_ends_down),
        NETFT_SCENARIO(reload_changes_timing_without_a_flap),
        NETFT_SCENARIO(fast_heartbeats_hold),
        NETFT_SCENARIO(restarted_peer_is_back_in_a_second),
        NETFT_SCENARIO(long_isolation_ends_with_the_heal),
        NETFT_SCENARIO(restart_behind_a_dead_configured_network_is_found),
        NETFT_SCENARIO(frozen_node_reads_before_it_judges),
        NETFT_SCENARIO(traffic_returns_after_the_hold_down_and_loses_nothing),
#undef NETFT_SCENARIO
    };
    static const std::vector<Scenario> kAll = [] {
        std::vector<Scenario> all = kScenarios;
        for (const Scenario& scenario : security_scenarios()) all.push_back(scenario);
        for (const Scenario& scenario : member_scenarios()) all.push_back(scenario);
        for (const Scenario& scenario : clock_scenarios()) all.push_back(scenario);
        for (const Scenario& scenario : cluster_scenarios()) all.push_back(scenario);
        for (const Scenario& scenario : adaptive_scenarios()) all.push_back(scenario);
        for (const Scenario& scenario : damping_scenarios()) all.push_back(scenario);
        for (const Scenario& scenario : grey_scenarios()) all.push_back(scenario);
        for (const Scenario& scenario : policy_scenarios()) all.push_back(scenario);
        for (const Scenario& scenario : relay_scenarios()) all.push_back(scenario);
        for (const Scenario& scenario : scale_scenarios()) all.push_back(scenario);
        for (const Scenario& scenario : view_scenarios()) all.push_back(scenario);
        for (const Scenario& scenario : reload_scenarios()) all.push_back(scenario);
        for (const Scenario& scenario : restart_scenarios()) all.push_back(scenario);
        return all;
    }();
    return kAll;
}

}  // namespace netft::sim
