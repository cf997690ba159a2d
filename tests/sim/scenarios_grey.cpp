// Scenarios of what is neither up nor down: stalls of a node, and paths that are sick.
#include "tests/sim/scenarios.hpp"
#include "tests/sim/stage.hpp"

namespace netft::sim {

namespace {

// Counts what the transitions say beside what the checkers judge.
struct Sayings : Observer {
    explicit Sayings(Checkers& next) : next_(next) {}
    void on_transition(std::size_t node, const core::RouteTransition& t) override {
        next_.on_transition(node, t);
        if (t.from == BfdState::up && t.to == BfdState::down) ++falls[node];
        if (t.reason == Diagnostic::peer_stalled) ++peer_stalled[node];
    }
    void on_delivery(const Delivery& delivery) override { next_.on_delivery(delivery); }
    void on_violation(const std::string& what) override { next_.on_violation(what); }

    std::map<std::size_t, int> falls;
    std::map<std::size_t, int> peer_stalled;

 private:
    Checkers& next_;
};

Violations a_frozen_node_calls_nobody_dead() {
    Checkers checkers;
    Sayings sayings(checkers);
    std::optional<World> world;
    WorldSettings settings{.nodes = 3, .networks = 2, .timing = {100ms, 5}, .seed = 31};
    world.emplace(settings, sayings);
    checkers.attach(*world);
    for (std::size_t i = 0; i < 3; ++i) checkers.disturb_node(i, world->now() + 3600s);
    world->run_until(world->now() + 2s);
    for (Duration pause : {Duration(200ms), Duration(1s), Duration(3s), Duration(8s)}) {
        sayings.peer_stalled.clear();
        world->stall(0, pause);
        world->run_until(world->now() + pause + 1s);
        checkers.check_all_up("1 s after a freeze of " + std::to_string(to_ms(pause)) + " ms");
        bool peers_notice = pause >= 1s;
        if (peers_notice && (sayings.peer_stalled[1] < 2 || sayings.peer_stalled[2] < 2))
            checkers.on_violation("a peer does not say that the node was stalled");
    }
    if (sayings.falls[0] > 0) checkers.on_violation("a frozen node called a route down on waking");
    return checkers.violations();
}

// What waited may be lost: a virtual machine that is paused has no socket that fills.
Violations a_paused_machine_calls_nobody_dead() {
    Stage s({.nodes = 2, .networks = 2, .timing = {100ms, 5}, .seed = 32});
    for (std::size_t net : {0, 1}) s.world.link(1, 0, net).is_cut = true;
    s.world.stall(0, 400ms);
    s.run(390ms);
    for (std::size_t net : {0, 1}) s.world.link(1, 0, net).is_cut = false;
    std::uint64_t before = s.flaps(0);
    s.run(1s);
    s.expect(s.flaps(0) == before, "a paused machine called a route down");
    s.checkers.check_all_up("1 s after the pause");
    return s.checkers.violations();
}

Violations a_route_that_dies_during_a_stall_is_found() {
    Stage s({.nodes = 2, .networks = 2, .timing = {100ms, 5}, .seed = 33});
    s.world.stall(0, 3s);
    s.run(1s);
    cut_pair(s, 0, 1, 0, true);
    s.run(2s + 700ms);
    s.expect(s.up(0) == 1, "the cut route is down within its detection time after the stall");
    return s.checkers.violations();
}

}  // namespace

std::vector<Scenario> grey_scenarios() {
    return {
#define NETFT_SCENARIO(name) {#name, name}
        NETFT_SCENARIO(a_frozen_node_calls_nobody_dead),
        NETFT_SCENARIO(a_paused_machine_calls_nobody_dead),
        NETFT_SCENARIO(a_route_that_dies_during_a_stall_is_found),
#undef NETFT_SCENARIO
    };
}

}  // namespace netft::sim
