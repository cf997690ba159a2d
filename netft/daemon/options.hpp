// The command line of netftd.
#pragma once

#include <optional>
#include <string>

namespace netft::daemon {

struct Options {
    std::string config = "/etc/netft/cluster.toml";
    std::string key = "/etc/netft/node.key";
    std::string node;  // empty: the host name
    std::string socket = "/run/netft/netftd.sock";
    std::string run_dir = "/run/netft";
    bool foreground = false;
    bool check = false;
    bool verbose = false;
};

// nullopt: --help or --version was served or the usage was wrong; `exit_code` says which (0, 2).
std::optional<Options> read_options(int argc, char** argv, int& exit_code);

}  // namespace netft::daemon
