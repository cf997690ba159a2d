// The part of why that looks at one pair of interfaces. PURE.
#pragma once

#include <vector>

#include "routing/topology/why.hpp"

namespace netft::routing {

// Empty: nothing is wrong between the two.
std::vector<Finding> examine_path(const Sight& sight, Place a, Place b);

// "10.0.0.0/24", or "10.0.0.0/24 to 10.9.0.0/24".
std::string network_of(const Sight& sight, Place a, Place b);
// What both ends say of their routes, a sentence each.
std::vector<std::string> words_of(const Sight& sight, Place a, Place b);

}  // namespace netft::routing
