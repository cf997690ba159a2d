// Storms and tempests in turn over successive seeds, until so much time has been simulated.
#pragma once

#include <cstdint>

#include "tests/sim/storm.hpp"

namespace netft::sim {

struct LongRunSettings {
    std::uint64_t seconds = 0;  // simulated, in all
    std::uint64_t seed = 1;     // the first
    Duration length = 120s;     // of each storm and tempest
    unsigned jobs = 2;          // threads
};

// Says how far it is once a minute, prints each violation with how to replay it, and at the end
// `N simulated seconds over M seeds, V violations`. True: none. A seed is a storm
// when it is even, else a tempest.
bool run_long(const LongRunSettings& settings);

}  // namespace netft::sim
