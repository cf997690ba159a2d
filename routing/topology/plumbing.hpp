// Which local and remote ends are joined by a route: the rules of topology_manager.hpp. PURE.
#pragma once

#include <span>
#include <vector>

#include "routing/topology/end.hpp"

namespace netft::routing {

// Borrowed from the arguments of plumb().
struct Pair {
    const End* local = nullptr;
    const End* remote = nullptr;
    bool cross_subnet = false;
};

// Each lies in the other's prefix; an unknown prefix agrees with any known one.
bool is_same_subnet(const End& a, const End& b);

// In order of local, then remote. Symmetric: plumb(b, a, x) gives the mirror images of
// plumb(a, b, x). Ends of role none are the caller's to leave out.
std::vector<Pair> plumb(std::span<const End> local, std::span<const End> remote, bool all_cross);

}  // namespace netft::routing
