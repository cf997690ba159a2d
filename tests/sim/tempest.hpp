// A tempest: faults that come together (a switch, a power feed, half of a network, many nodes at
// once), partitions that differ by direction, stalls, suspends, restarts with a stepped wall clock,
// clocks that run apart or are set, nodes of other minor versions, and a change of the cluster key
// meanwhile; then calm, and everything must be up again. Stronger checks than a storm's:
// promises.hpp.
#pragma once

#include "tests/sim/storm.hpp"

namespace netft::sim {

StormResult run_tempest(const StormSettings& settings);
// The settings that a seed stands for; 2 to 16 nodes, and a few of up to 64.
StormSettings tempest_of(std::uint64_t seed, Duration length);

}  // namespace netft::sim
