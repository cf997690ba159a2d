// Where a key of cluster.toml stands, for who wrote it elsewhere.
//
// PURE. TOML gives each key to the table whose header is the last one above it: the commonest slip
// is a key of the file's top that stands below a [table].
#pragma once

#include <string_view>

namespace netft::control {

// "in [adapter]", "above the first [table]"; empty: no table has such a key, or several have.
std::string_view home_of(std::string_view key);

}  // namespace netft::control
