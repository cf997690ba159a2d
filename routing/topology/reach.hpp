// Who reaches whom, by what the nodes say. PURE.
#pragma once

#include <optional>

#include "netft/wire/view.hpp"

namespace netft::routing {

// Whether the node that this view is of says that a route of its own to the node with this virtual
// address is up: it hears it, and is heard by it, without anybody between them. nullopt: it says
// nothing of that node. At most one walk over the view's peers; no allocation.
std::optional<bool> says_it_reaches(const NodeView& view, const IpAddress& ipv4);

// A damped route carries, too, where no other does.
inline bool carries(const ViewRoute& route) { return route.state == BfdState::up; }

}  // namespace netft::routing
