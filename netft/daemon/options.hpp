// The command line of netftd.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "netft/control/config.hpp"

namespace netft::daemon {

struct Options {
    std::string config = "/etc/netft/cluster.toml";
    std::string key = "/etc/netft/node.key";
    std::string node;  // empty: by the host name
    std::string socket = "/run/netft/netftd.sock";
    std::string run_dir = "/run/netft";
    std::string user;             // empty: netft where there is one and we are root, else no change
    std::string group = "netft";  // whose members may read the control socket
    std::string audit_log;        // empty: the log only
    bool no_sandbox = false;
    bool take_over = false;  // from the netftd that runs at `socket`
    bool reload = false;     // or take over, if this is another program; in the background
    bool foreground = false;
    bool check = false;
    bool verbose = false;
    std::set<std::string> given;  // of "--config" and so on

    control::WantedNode wanted_node() const;
};

// nullopt: --help or --version was served or the usage was wrong; `exit_code` says which (0, 2).
std::optional<Options> read_options(int argc, char** argv, int& exit_code);

}  // namespace netft::daemon
