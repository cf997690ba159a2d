// The virtual addresses of all nodes: derived from their keys, or chosen in the file.
#pragma once

#include "netft/control/config_sections.hpp"

namespace netft::control {

// Fills in what the nodes' own addresses are and what floats. An error where an address cannot be
// a node's own, or is two nodes'.
Checked assign_virtual_addresses(ConfigEntries& entries);

}  // namespace netft::control
