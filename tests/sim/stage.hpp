// What every scenario stands on: a world with its checkers, all routes up.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "tests/sim/checkers.hpp"

namespace netft::sim {

using Violations = std::vector<std::string>;

struct Stage {
    Checkers checkers;
    World world;

    explicit Stage(WorldSettings settings) : world((checkers.attach(world), settings), checkers) {
        for (std::size_t i = 0; i < settings.nodes; ++i)
            checkers.disturb_node(i, world.now() + 3600s);
        run(2s);
        if (!settings.last_is_clone) checkers.check_all_up("2 s after the start");
    }
    void run(Duration d) { world.run_until(world.now() + d); }
    void expect(bool good, const std::string& what) {
        if (!good) checkers.on_violation(what);
    }
    std::size_t up(std::size_t node) {
        auto routes = world.routes(node);
        return static_cast<std::size_t>(std::count_if(
            routes.begin(), routes.end(), [](const auto& r) { return r.state == BfdState::up; }));
    }
    std::uint64_t flaps(std::size_t node) {
        std::uint64_t sum = 0;
        for (const auto& route : world.routes(node)) sum += route.transitions;
        return sum;
    }
    // How long frames from 0 to 1 and back are lost after `fault`, in steps of 1 ms.
    Duration gap_after(const std::function<void()>& fault) {
        fault();
        TimePoint began = world.now();
        TimePoint last_bad = began;
        for (int ms = 0; ms < 2000; ++ms) {
            std::uint64_t before = checkers.delivered();
            bool sent = world.send_frame(0, 1, 64) && world.send_frame(1, 0, 64);
            run(1ms);
            if (!sent || checkers.delivered() < before + 2) last_bad = world.now();
        }
        return last_bad - began;
    }
};

inline void cut_pair(Stage& s, std::size_t a, std::size_t b, std::size_t network, bool cut) {
    s.world.link(a, b, network).is_cut = cut;
    s.world.link(b, a, network).is_cut = cut;
}

}  // namespace netft::sim
