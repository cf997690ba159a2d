// The tables of cluster.toml, key by key, read into entries that remember their lines.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "netft/control/addresses.hpp"
#include "netft/control/config_reader.hpp"
#include "netft/core/settings.hpp"

namespace netft::control {

// Lines of a [[node]], for the checks between entries.
struct NodeLines {
    std::uint32_t node = 0;
    std::uint32_t name = 0;
    std::uint32_t public_key = 0;
    std::vector<std::uint32_t> endpoints;  // parallel to the node's endpoints
    std::vector<std::uint32_t> addresses;  // parallel to the node's chosen addresses
};

// The file's content before the checks: `settings` lacks the virtual addresses and `self`.
struct ConfigEntries {
    core::Settings settings;
    ExtraPrefixes prefixes;
    std::uint32_t prefix_line = 0;
    bool has_floating = false;            // [adapter] floating is written, be it empty
    std::optional<std::string> key_file;  // [security] key_file
    std::uint32_t key_file_line = 0;
    std::vector<NodeLines> node_lines;         // parallel to settings.nodes
    std::vector<std::uint32_t> network_lines;  // parallel to settings.topology.networks
};

// Interfaces of containers, virtual machines and tunnels: no paths between nodes.
std::vector<std::string> default_excluded_interfaces();

Checked read_sections(const toml::table& file, ConfigEntries& out);

}  // namespace netft::control
