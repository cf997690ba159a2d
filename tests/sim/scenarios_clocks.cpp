// Scenarios of clocks that stand or jump.
#include "tests/sim/scenarios.hpp"
#include "tests/sim/stage.hpp"

namespace netft::sim {

namespace {

Violations a_node_that_slept_is_back_at_once() {
    Stage s({.nodes = 3, .seed = 90});
    TimePoint before = s.world.local_now(0);
    s.world.suspend(0, 30s);
    s.run(29s);
    s.expect(s.up(1) == 2, "n2 has " + std::to_string(s.up(1)) + " routes up while n1 sleeps");
    s.run(1s + 1ms);
    s.expect(s.world.local_now(0) - before < 10ms, "the clock of n1 did not sleep");
    s.run(1s);
    s.checkers.check_all_up("a second after the sleep");
    return s.checkers.violations();
}

Violations a_wall_clock_that_is_set_disturbs_nothing() {
    Stage s({.nodes = 3, .seed = 91});
    auto flaps = s.flaps(0) + s.flaps(1) + s.flaps(2);
    for (Duration by : {Duration(2h), Duration(-10h), Duration(1s)}) {
        s.world.step_wall_clock(0, by);
        s.expect(s.world.send_frame(0, 1, 64), "a frame is refused");
        s.run(25s);  // with a new session
    }
    s.expect(s.flaps(0) + s.flaps(1) + s.flaps(2) == flaps, "a route flapped");
    s.expect(s.checkers.delivered() == 3, "a frame is lost");
    s.checkers.check_all_up("after the steps");
    return s.checkers.violations();
}

}  // namespace

std::vector<Scenario> clock_scenarios() {
    return {
#define NETFT_SCENARIO(name) {#name, name}
        NETFT_SCENARIO(a_node_that_slept_is_back_at_once),
        NETFT_SCENARIO(a_wall_clock_that_is_set_disturbs_nothing),
#undef NETFT_SCENARIO
    };
}

}  // namespace netft::sim
