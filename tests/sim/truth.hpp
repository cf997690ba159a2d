// The truth meter of the simulator: random states of a world, and what its nodes say of them.
//
// A state is one to three faults that stay (cuts of either direction, a silent cable, carrier or
// address lost, a node that ended, a configuration that lacks a node for a while). When it has
// settled, what each node says (its routes, whom it reaches, `why`) is held against what the world
// lets through. Then all is healed, and held against it again. A run is a function of its seed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace netft::sim {

struct TruthResult {
    std::uint64_t states = 0;
    std::vector<std::string> lies;
};

// States of the world that `seed` makes: fewer than the flaps that damp a route.
constexpr std::uint64_t kStatesPerWorld = 3;
TruthResult measure_truth(std::uint64_t seed);

}  // namespace netft::sim
