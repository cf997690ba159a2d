// A storm: random faults and traffic for a while, then calm, then everything must be up again.
#pragma once

#include <string>
#include <vector>

#include "tests/sim/world.hpp"

namespace netft::sim {

struct StormSettings {
    WorldSettings world;
    Duration length = 60s;  // of the storm; the calm after it comes on top
    bool verbose = false;   // print transitions and faults
};

// One seed in so many has handshakes of real cryptography.
constexpr std::uint64_t kRealHandshakes = 15;

struct StormResult {
    std::vector<std::string> violations;
    std::uint64_t delivered = 0;
    std::uint64_t transitions = 0;
    Duration simulated{};
    std::uint64_t promised = 0;  // frames that could not be lost, and were not
};

StormResult run_storm(const StormSettings& settings);
// The settings that a seed stands for: nodes, networks, timing.
StormSettings storm_of(std::uint64_t seed, Duration length);
// A policy: failover most often.
core::TrafficRule any_rule(Random& random);

}  // namespace netft::sim
