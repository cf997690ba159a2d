// What changed between two lists of endpoints, as lines for the log. PURE.
#pragma once

#include <span>
#include <vector>

#include "routing/interfaces/interface_manager.hpp"

namespace netft::routing {

// Both lists in order of id.
std::vector<InterfaceEvent> describe(std::span<const LocalEndpoint> before,
                                     std::span<const LocalEndpoint> after);

}  // namespace netft::routing
