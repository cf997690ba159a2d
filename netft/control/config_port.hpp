// [node.port]: what a node sends and receives through.
#pragma once

#include "netft/control/config_reader.hpp"
#include "netft/core/settings.hpp"

namespace netft::control {

// `adapter`: the adapter's name, which no device may have.
Read node_port(core::NodeSettings& node, const std::string& adapter);

}  // namespace netft::control
