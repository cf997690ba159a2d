// Scenarios of thresholds that follow what is measured.
#include "tests/sim/scenarios.hpp"
#include "tests/sim/stage.hpp"

namespace netft::sim {

namespace {

constexpr Timing kFixed{100ms, 5};
constexpr Timing kAdaptive{100ms, 5, 3, 10};

struct Gappy : Stage {
    Gappy(std::uint64_t seed, Timing timing)
        : Stage({.nodes = 2, .networks = 1, .timing = timing, .seed = seed}) {}

    core::RouteReport route(std::size_t node) { return world.routes(node).at(0); }
    // The path holds its breath again and again, each time for longer.
    void breathe() {
        for (Duration pause : {250ms, 350ms, 450ms, 550ms, 650ms, 750ms, 750ms, 750ms}) {
            cut_pair(*this, 0, 1, 0, true);
            run(pause);
            cut_pair(*this, 0, 1, 0, false);
            run(2s);
            expect_within_bounds();
        }
    }
    void stay_calm(Duration d) {
        for (TimePoint end = world.now() + d; world.now() < end; run(1s)) expect_within_bounds();
    }
    void expect_within_bounds() {
        for (std::size_t node : {0, 1}) {
            core::RouteReport r = route(node);
            expect(r.adapted_threshold == 0 || (r.adapted_threshold >= kAdaptive.threshold_min &&
                                                r.adapted_threshold <= kAdaptive.threshold_max),
                   "the threshold is out of its bounds");
            expect(r.detection_time <= kAdaptive.delay * kAdaptive.threshold_max,
                   "detection takes longer than the bound");
        }
    }
    // How long after a cut both ends call the route down.
    Duration time_to_down() {
        cut_pair(*this, 0, 1, 0, true);
        TimePoint began = world.now();
        while (up(0) + up(1) > 0 && world.now() < began + 5s) run(5ms);
        return world.now() - began;
    }
};

Violations gaps_that_defeat_the_fixed_threshold_are_ridden_out() {
    Gappy fixed(211, kFixed);
    std::uint64_t before = fixed.flaps(0);
    fixed.breathe();
    fixed.expect(fixed.flaps(0) > before, "the fixed threshold is not defeated: no test");
    Gappy s(211, kAdaptive);
    before = s.flaps(0) + s.flaps(1);
    s.breathe();
    s.expect(s.flaps(0) + s.flaps(1) == before, "a gap within the bounds took the route down");
    s.expect(s.route(0).adapted_threshold > 7, "the threshold has not risen");
    s.expect(s.time_to_down() <= 1010ms, "a real cut takes longer than the bound");
    for (const std::string& what : s.checkers.violations()) fixed.checkers.on_violation(what);
    return fixed.checkers.violations();
}

Violations a_calm_path_is_detected_sooner() {
    Gappy s(212, kAdaptive);
    s.stay_calm(150s);
    s.expect(s.route(0).adapted_threshold == 3 && s.route(1).adapted_threshold == 3,
             "the threshold has not fallen");
    s.expect(s.time_to_down() <= 310ms, "a calm path is detected late");
    return s.checkers.violations();
}

Violations what_was_learned_at_one_interval_is_forgotten_at_another() {
    Gappy s(214, kAdaptive);
    s.stay_calm(150s);
    s.expect(s.route(0).adapted_threshold == 3, "the threshold has not fallen");
    for (std::size_t node : {0, 1}) {
        Timing timing = kAdaptive;
        timing.delay = 50ms;
        s.world.reload_timing(node, timing);
        s.run(1s);
        s.expect(s.route(0).adapted_threshold >= 5 && s.route(1).adapted_threshold >= 5,
                 "a threshold of the former interval stays in force");
    }
    s.expect(s.route(0).detection_time == 250ms, "the new interval is not in force");
    return s.checkers.violations();
}

Violations stalls_of_a_node_adapt_nothing() {
    Gappy s(213, kAdaptive);
    s.stay_calm(150s);
    for (int i = 0; i < 3; ++i) {
        s.world.stall(1, 700ms);
        s.run(5s);
    }
    s.expect(s.route(0).adapted_threshold <= 4 && s.route(1).adapted_threshold <= 4,
             "a stalled node made thresholds rise");
    return s.checkers.violations();
}

}  // namespace

std::vector<Scenario> adaptive_scenarios() {
    return {
#define NETFT_SCENARIO(name) {#name, name}
        NETFT_SCENARIO(gaps_that_defeat_the_fixed_threshold_are_ridden_out),
        NETFT_SCENARIO(a_calm_path_is_detected_sooner),
        NETFT_SCENARIO(what_was_learned_at_one_interval_is_forgotten_at_another),
        NETFT_SCENARIO(stalls_of_a_node_adapt_nothing),
#undef NETFT_SCENARIO
    };
}

}  // namespace netft::sim
