// Scenarios of what is neither up nor down: stalls of a node, and paths that are sick.
#include "netft/core/path_mtu.hpp"
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

// What a peer says on another route is no sign of life of this one.
Violations a_notice_after_a_stall_does_not_raise_a_one_way_route() {
    Stage s({.nodes = 2, .networks = 2, .timing = {100ms, 5}, .seed = 34});
    s.world.suspend(1, 3s);
    s.run(1s);
    s.expect(s.up(0) == 0, "the sleeping peer is down");
    s.world.link(1, 0, 0).is_cut = true;
    s.world.suspend(0, 4s);  // meanwhile the peer wakes, and calls both routes down
    s.run(8s);
    s.expect(s.up(0) == 1 && s.up(1) == 1, "one end calls a one-way route up");
    return s.checkers.violations();
}

// --- sick paths

// A world whose first network is made sick, both ways, and whose second must carry the traffic.
struct Sickbed : Stage {
    using Change = std::function<void(LinkState&)>;

    explicit Sickbed(std::uint64_t seed, Timing timing = {100ms, 5},
                     std::vector<NodeTraits> traits = {})
        : Stage({.nodes = 2, .networks = 2, .timing = timing, .seed = seed, .traits = traits}) {
        cut_pair(*this, 0, 1, 1, true);  // so that the first is in use, and stays
        run(2s);
        cut_pair(*this, 0, 1, 1, false);
        load(8s, 200);
        expect(is_used(0), "the first network carries traffic at the start");
    }
    void change(const Change& what) {
        what(world.link(0, 1, 0));
        what(world.link(1, 0, 0));
    }
    // Frames to and fro every `every`.
    void load(Duration length, std::size_t bytes, Duration every = 5ms) {
        for (TimePoint end = world.now() + length; world.now() < end; run(every)) {
            sent += 2;
            before = checkers.delivered();
            world.send_frame(0, 1, bytes);
            world.send_frame(1, 0, bytes);
        }
    }
    // How many of the frames sent for `length` are lost.
    std::uint64_t lost_in(Duration length, std::size_t bytes = 200) {
        std::uint64_t came = checkers.delivered();
        sent = 0;
        load(length, bytes);
        run(500ms);
        return sent - (checkers.delivered() - came);
    }
    const core::RouteReport route_on(std::size_t network, std::size_t node = 0) {
        for (const core::RouteReport& route : world.routes(node))
            if (world.place_of(node, route.id)->network == network) return route;
        return {};
    }
    bool is_used(std::size_t network) {
        return route_on(network, 0).in_use && route_on(network, 1).in_use;
    }
    void expect_left_for(Diagnostic why, const std::string& what) {
        expect(!route_on(0, 0).in_use && !route_on(0, 1).in_use, what + ": still in use");
        expect(route_on(0, 0).suspect && route_on(0, 1).suspect, what + ": not suspect");
        expect(route_on(0, 0).reason == why || route_on(0, 1).reason == why,
               what + ": called " + std::string(to_string(route_on(0, 0).reason)) + " and " +
                   std::string(to_string(route_on(0, 1).reason)));
        expect(!route_on(1, 0).suspect && !route_on(1, 1).suspect, what + ": both suspect");
    }
    void heal_and_expect_recovery() {
        change([](LinkState& l) { l = LinkState{}; });
        load(Checkers::kRecovery, 200, 20ms);
        checkers.check_all_up("after healing");
    }

    std::uint64_t sent = 0;
    std::uint64_t before = 0;
};

Violations loss_is_left_within_three_seconds() {
    Violations all;
    for (std::uint64_t seed = 40; seed < 60; ++seed) {
        Sickbed s(seed);
        s.change([](LinkState& l) { l.loss = 0.2; });
        s.load(3s, 200);
        s.expect(s.lost_in(5s) <= 2, "more than 0.1 % lost after 3 s");
        s.expect_left_for(Diagnostic::packets_lost, "loss of 20 %");
        s.heal_and_expect_recovery();
        all.insert(all.end(), s.checkers.violations().begin(), s.checkers.violations().end());
    }
    return all;
}

Violations a_delay_that_rises_is_left() {
    Sickbed s(61);
    s.change([](LinkState& l) { l.delay = 60ms; });
    s.load(4s, 200, 20ms);
    s.expect_left_for(Diagnostic::delay_rose, "60 ms more");
    s.heal_and_expect_recovery();
    return s.checkers.violations();
}

Violations a_delay_that_varies_is_left() {
    Sickbed s(62);
    s.change([](LinkState& l) { l.jitter = 150ms; });
    s.load(6s, 200);
    s.expect(s.route_on(0).suspect && !s.is_used(0), "jitter of 150 ms is not left");
    s.heal_and_expect_recovery();
    return s.checkers.violations();
}

Violations a_path_that_duplicates_is_left() {
    Sickbed s(63);
    s.change([](LinkState& l) { l.duplication = 0.6; });
    s.load(5s, 200);
    s.expect_left_for(Diagnostic::packets_duplicated, "duplication");
    s.heal_and_expect_recovery();
    return s.checkers.violations();
}

Violations a_path_that_reorders_data_is_left() {
    Sickbed s(64);
    s.change([](LinkState& l) { l.stragglers = 0.2; });
    s.load(5s, 200, 1ms);
    s.expect_left_for(Diagnostic::packets_reordered, "stragglers");
    s.heal_and_expect_recovery();
    return s.checkers.violations();
}

// One member of several that look like one path; heartbeats take another.
Violations a_path_that_loses_data_alone_is_left() {
    for (double loss : {1.0, 0.4}) {
        Sickbed s(65);
        s.change([loss](LinkState& l) { l.data_loss = loss; });
        s.load(3s, 200);
        s.expect(s.lost_in(2s) == 0, "data is still lost after 3 s");
        s.expect_left_for(Diagnostic::data_lost, "data lost");
        s.heal_and_expect_recovery();
        if (!s.checkers.violations().empty()) return s.checkers.violations();
    }
    return {};
}

// 2 Mbit/s of traffic for 1 Mbit/s of path. (With much more, heartbeats are lost in the full queue,
// and the route is left for that.)
Violations a_bottleneck_is_left() {
    Sickbed s(66);
    std::uint32_t flaps = s.route_on(1).transitions;
    s.change([](LinkState& l) { l.rate = 125'000; });
    s.load(4s, 1200, 5ms);
    s.expect(s.route_on(0).suspect, "a bottleneck is not called");
    s.expect(s.lost_in(4s, 1200) == 0, "frames are lost in a bottleneck after 4 s");
    s.expect(!s.route_on(1).suspect && s.route_on(1).transitions == flaps,
             "the route of the healthy network flaps");
    s.heal_and_expect_recovery();
    return s.checkers.violations();
}

Violations one_direction_that_is_sick_is_left_by_both() {
    Sickbed s(67);
    s.world.link(0, 1, 0).loss = 0.25;
    s.load(4s, 200);
    s.expect_left_for(Diagnostic::packets_lost, "loss one way");
    s.heal_and_expect_recovery();
    return s.checkers.violations();
}

// What is longer than an MTU vanishes on the first network; frames are full.
Violations an_mtu_black_hole_is_left_and_measured() {
    for (std::size_t mtu : {1400u, 1300u, 600u}) {
        Sickbed s(69);
        s.expect(s.route_on(0).path_mtu == 1500, "the path's MTU is not found");
        s.change([mtu](LinkState& l) { l.mtu = mtu; });
        s.load(1s, 1400);
        core::RouteReport route = s.route_on(0);
        bool is_known = route.path_mtu != 0 && route.path_mtu <= mtu;
        s.expect(is_known || (route.suspect && !s.is_used(0)), "a black hole is in use after 1 s");
        s.expect(s.lost_in(500ms, 1400) == 0, "frames are lost after 1 s");
        s.run(6s);
        std::uint16_t found = s.route_on(0).path_mtu;
        if (mtu > core::PathMtu::kBase)
            s.expect(found <= mtu && std::size_t{found} + core::PathMtu::kStep >= mtu &&
                         !s.route_on(0).suspect,
                     "what gets through is not found: " + std::to_string(found));
        else
            s.expect(s.route_on(0).suspect && s.route_on(0).reason == Diagnostic::mtu_black_hole,
                     "a path below the base is not suspect");
        s.heal_and_expect_recovery();
        s.expect(s.route_on(0).path_mtu == 1500, "the healed path's MTU is not found");
        if (!s.checkers.violations().empty()) return s.checkers.violations();
    }
    return {};
}

// Nobody calls a healthy route sick: clocks that run 4 % apart, jitter of 1 ms, slow heartbeats.
Violations healthy_routes_are_never_called_sick() {
    for (Timing timing : {Timing{10ms, 5}, Timing{100ms, 5}, Timing{250ms, 5}, Timing{1s, 3}}) {
        Sickbed s(68, timing, {{.clock_ppm = 20'000}, {.clock_ppm = -20'000}});
        for (std::size_t net : {0, 1})
            for (auto [a, b] : {std::pair(0, 1), std::pair(1, 0)}) {
                s.world.link(a, b, net).jitter = 1ms;
                s.world.link(a, b, net).delay = 5ms;
            }
        for (std::size_t bytes : {200u, 9000u, 64000u}) {
            s.load(20s, bytes, bytes > 9000 ? 40ms : 5ms);
            for (std::size_t node : {0, 1})
                for (std::size_t net : {0, 1})
                    s.expect(!s.route_on(net, node).suspect, "a healthy route is suspect");
        }
        s.expect(s.is_used(0), "traffic left a healthy route");
        if (!s.checkers.violations().empty()) return s.checkers.violations();
    }
    return {};
}

}  // namespace

std::vector<Scenario> grey_scenarios() {
    return {
#define NETFT_SCENARIO(name) {#name, name}
        NETFT_SCENARIO(a_frozen_node_calls_nobody_dead),
        NETFT_SCENARIO(a_paused_machine_calls_nobody_dead),
        NETFT_SCENARIO(a_route_that_dies_during_a_stall_is_found),
        NETFT_SCENARIO(a_notice_after_a_stall_does_not_raise_a_one_way_route),
        NETFT_SCENARIO(loss_is_left_within_three_seconds),
        NETFT_SCENARIO(a_delay_that_rises_is_left),
        NETFT_SCENARIO(a_delay_that_varies_is_left),
        NETFT_SCENARIO(a_path_that_duplicates_is_left),
        NETFT_SCENARIO(a_path_that_reorders_data_is_left),
        NETFT_SCENARIO(a_path_that_loses_data_alone_is_left),
        NETFT_SCENARIO(a_bottleneck_is_left),
        NETFT_SCENARIO(an_mtu_black_hole_is_left_and_measured),
        NETFT_SCENARIO(one_direction_that_is_sick_is_left_by_both),
        NETFT_SCENARIO(healthy_routes_are_never_called_sick),
#undef NETFT_SCENARIO
    };
}

}  // namespace netft::sim
