// Role, metric and name of the network an endpoint is on: found, or overridden. PURE.
#pragma once

#include <cstdint>
#include <span>

#include "routing/topology/end.hpp"
#include "routing/topology/topology_manager.hpp"

namespace netft::routing {

constexpr std::uint32_t kClusterMetric = 100;
constexpr std::uint32_t kClientMetric = 200;
constexpr std::uint32_t kCrossSubnetPenalty = 1000;

// log2 of the speed, rounded down; 0 where it is not known.
std::uint32_t speed_bonus(std::uint32_t speed_mbps);

// The subnet of an endpoint; length 0 where it is not known.
Prefix subnet_of(const Endpoint& endpoint, std::uint8_t prefix_length);

End local_end(const LocalEndpoint& endpoint, std::span<const NetworkOverride> overrides);
End remote_end(const CardEndpoint& endpoint, bool from_card,
               std::span<const NetworkOverride> overrides);

}  // namespace netft::routing
