// The configuration: one TOML file, the same on all nodes, read into core::Settings.
//
// netft/control is what the daemon needs around the data path: the configuration and the node's
// identity (config, identity, addresses), what people are told (log, status, history) and what they
// may ask (server). It may block and it may touch files, unlike the folders below it.
//
// Parts of the configuration, in the order of use:
//   config_text     limits on the text itself, so that no input can exhaust the parser
//   config_syntax what the TOML parser refuses, in our words
//   config_reader   which keys a table has, where each goes; unknown keys and wrong types
//   config_values   text -> value: durations, endpoints, names, …
//   config_sections the tables of cluster.toml, key by key
//   config_checks   what must hold between entries: one name per node, no overlapping networks, …
//   addresses       virtual addresses, derived from the nodes' keys
//   identity_cluster  the file of the cluster key, which [security] names
//
// Every error reads "file:line: key: what, and what is allowed"; all of a file come at once, a line
// each, in the order of the file.
// Threads: control only. Format: TOML 1.0; the keys are described in cluster.toml(5).
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "netft/base/result.hpp"
#include "netft/control/identity_cluster.hpp"
#include "netft/core/settings.hpp"

namespace netft::control {

constexpr std::size_t kConfigBytesMax = 1 << 20;
constexpr std::size_t kNodesMax = 1024;
constexpr std::size_t kNetworksMax = 256;
constexpr std::size_t kErrorsShownMax = 50;

// Which of the file's nodes we are.
struct WantedNode {
    WantedNode(std::string node) : name(std::move(node)) {}  // NOLINT: a name is what it mostly is
    WantedNode(const char* node) : name(node) {}             // NOLINT
    // By the host's name: the whole of it, or its part before the first dot.
    static WantedNode of_host(std::string host_name);

    std::string name;
    bool is_host = false;
};

// Reads the file, and the cluster key unless the security mode is none: from [security] key_file,
// which must be there, else from `default_key_file`, which need not. `user`: see
// load_private_key().
Result<core::Settings> load_config(const std::string& path, const WantedNode& node,
                                   const std::string& default_key_file = kClusterKeyFile,
                                   std::optional<uid_t> user = {});

// The same from text, without cluster keys; `file` appears in errors only. Touches no file.
Result<core::Settings> parse_config(std::string_view text, const std::string& file,
                                    const WantedNode& node);

}  // namespace netft::control
