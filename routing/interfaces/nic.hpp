// Which NIC an interface really uses. PURE.
#pragma once

#include <span>
#include <string>

#include "routing/interfaces/interface_manager.hpp"

namespace netft::routing {

// The interface that dies with it: what a VLAN, macvlan or tunnel runs over, the only port of a
// bridge, bond or team. The interface itself where there is no such, or several: they are the
// redundancy, then.
const InterfaceFact& nic_of(std::span<const InterfaceFact> facts, const InterfaceFact& fact);

}  // namespace netft::routing
