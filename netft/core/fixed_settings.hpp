// What a running netftd cannot change. PURE.
#pragma once

#include <string>
#include <vector>

#include "netft/core/settings.hpp"

namespace netft::core {

// Of `next` what differs from `now` and needs another start, one sentence each with both values;
// empty: nothing.
std::vector<std::string> find_fixed_changes(const Settings& now, const Settings& next);

}  // namespace netft::core
