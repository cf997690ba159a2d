// What must hold between the entries of the configuration.
#pragma once

#include <string>

#include "netft/control/config.hpp"
#include "netft/control/config_sections.hpp"

namespace netft::control {

// Names, keys and endpoints that two nodes share; networks that overlap; nodes that could never
// find each other.
Checked check_entries(const ConfigEntries& entries);

// An endpoint that is a virtual address would tunnel the tunnel. Once addresses are assigned.
Checked check_virtual_addresses(const ConfigEntries& entries);

// The node that we are; the error lists the names there are.
tl::expected<core::NodeIndex, ConfigErrors> find_self(const core::Settings& settings,
                                                      const WantedNode& wanted);

}  // namespace netft::control
