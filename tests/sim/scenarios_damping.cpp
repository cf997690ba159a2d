// Scenarios of routes that flap: kept out of use, never refused, free again in time.
#include "tests/sim/scenarios.hpp"
#include "tests/sim/stage.hpp"

namespace netft::sim {

namespace {

struct Shaky : Stage {
    explicit Shaky(std::uint64_t seed, std::size_t networks = 2)
        : Stage({.nodes = 2, .networks = networks, .timing = {100ms, 5}, .seed = seed}) {}

    void flap(int times, Duration cut = 1s, Duration healed = 1s) {
        for (int i = 0; i < times; ++i) {
            cut_pair(*this, 0, 1, 0, true);
            run(cut);
            cut_pair(*this, 0, 1, 0, false);
            run(healed);
        }
    }
    core::RouteReport route_on(std::size_t network, std::size_t node) {
        for (const core::RouteReport& route : world.routes(node))
            if (world.place_of(node, route.id)->network == network) return route;
        return {};
    }
    bool is_damped(std::size_t network) {
        return route_on(network, 0).damped && route_on(network, 1).damped;
    }
    bool is_free(std::size_t network) {
        return !route_on(network, 0).damped && !route_on(network, 1).damped;
    }
    bool is_used(std::size_t network) {
        return route_on(network, 0).in_use && route_on(network, 1).in_use;
    }
    // How many frames to and fro are lost while `fault` goes on.
    std::uint64_t lost_while(const std::function<void()>& fault, Duration length) {
        fault();
        std::uint64_t before = checkers.delivered();
        std::uint64_t sent = 0;
        for (TimePoint end = world.now() + length; world.now() < end; run(5ms), sent += 2) {
            world.send_frame(0, 1, 64);
            world.send_frame(1, 0, 64);
        }
        run(100ms);
        return sent - (checkers.delivered() - before);
    }
};

Violations a_flapping_route_is_kept_out_of_use_until_it_is_calm() {
    Shaky s(201);
    s.run(6s);
    s.expect(s.is_used(0), "the first network carries traffic at the start");
    s.flap(4);
    s.expect(s.is_free(0), "four cuts damp");
    s.flap(2);
    s.expect(s.is_damped(0), "six cuts in a row do not damp");
    s.expect(s.up(0) == 2 && s.up(1) == 2, "a damped route is not up");
    s.expect(s.route_on(0, 0).rtt_p50_us.has_value(), "a damped route is not measured");
    s.run(30s);
    s.expect(s.is_damped(0) && s.is_used(1), "traffic returns to a damped route");
    auto cut = [&s] { cut_pair(s, 0, 1, 0, true); };
    s.expect(s.lost_while(cut, 2s) == 0, "the next cut of a damped route costs frames");
    cut_pair(s, 0, 1, 0, false);
    s.run(360s);
    s.expect(s.is_free(0), "a route that is calm again is not free");
    cut_pair(s, 0, 1, 1, true);
    s.run(1s);
    s.expect(s.is_free(0) && s.is_used(0), "a route that is free again is not used");
    return s.checkers.violations();
}

Violations the_only_route_carries_damped_or_not() {
    Shaky alone(202, 1);
    alone.flap(7);
    alone.expect(alone.is_damped(0), "the only route is not damped");
    alone.expect(alone.is_used(0), "the only route is not used");
    alone.expect(alone.lost_while([] {}, 2s) == 0, "the only route loses frames");

    Shaky s(203);
    s.flap(7);
    s.expect(s.is_damped(0) && s.is_used(1), "the second network is not used");
    s.expect(s.gap_after([&s] { cut_pair(s, 0, 1, 1, true); }) <= 300ms,
             "traffic does not go to the damped route at once");
    s.run(1s);
    s.expect(s.is_damped(0) && s.is_used(0), "what is left is not used");
    cut_pair(s, 0, 1, 1, false);
    s.run(10s);
    s.expect(s.is_damped(0) && s.is_used(1), "traffic stays on the damped route");
    for (const Violations& more = s.checkers.violations(); const std::string& what : more)
        alone.checkers.on_violation(what);
    return alone.checkers.violations();
}

// Nobody is to blame the network for a node that is started, stopped or starved.
Violations what_nodes_do_damps_nothing() {
    Shaky s(204);
    for (int i = 0; i < 8; ++i) {
        s.world.stop(1);
        s.run(1s);
        s.world.start(1);
        s.run(4s);
    }
    s.expect(s.is_free(0) && s.is_free(1), "a node that crashes again and again damps routes");
    for (int i = 0; i < 8; ++i) {
        s.world.stall(1, 1s);
        s.run(4s);
    }
    s.expect(s.is_free(0) && s.is_free(1), "a node that stalls again and again damps routes");
    s.checkers.check_all_up("after the stalls");
    return s.checkers.violations();
}

// Each costs traffic a move and no frames: it takes many, close to each other.
Violations suspicions_damp_when_they_are_many() {
    Shaky s(205);
    s.flap(10, 320ms, 5s);
    s.expect(s.is_free(0), "ten suspicions damp");
    s.flap(30, 320ms, 5s);
    s.expect(s.is_damped(0), "forty suspicions do not damp");
    return s.checkers.violations();
}

}  // namespace

std::vector<Scenario> damping_scenarios() {
    return {
#define NETFT_SCENARIO(name) {#name, name}
        NETFT_SCENARIO(a_flapping_route_is_kept_out_of_use_until_it_is_calm),
        NETFT_SCENARIO(the_only_route_carries_damped_or_not),
        NETFT_SCENARIO(what_nodes_do_damps_nothing),
        NETFT_SCENARIO(suspicions_damp_when_they_are_many),
#undef NETFT_SCENARIO
    };
}

}  // namespace netft::sim
