#include "netft/daemon/options.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>

namespace netft::daemon {

namespace {

std::string host_name() {
    char name[256] = {};
    if (gethostname(name, sizeof name - 1) != 0) return {};
    return name;
}

}  // namespace

control::WantedNode Options::wanted_node() const {
    return node.empty() ? control::WantedNode::of_host(host_name()) : control::WantedNode(node);
}

std::optional<Options> read_options(int argc, char** argv, int& exit_code) {
    Options o;
    CLI::App app("netftd: one network adapter that does not fail while any physical path is left");
    app.name("netftd");
    app.set_version_flag("--version", "netftd " NETFT_VERSION);
    app.add_option("--config", o.config, "the cluster's configuration, the same on all nodes")
        ->capture_default_str();
    app.add_option("--key", o.key, "this node's private key")->capture_default_str();
    app.add_option("--node", o.node, "which node of the configuration we are (by the host name)");
    app.add_option("--socket", o.socket, "control socket")
        ->envname("NETFT_SOCKET")
        ->capture_default_str();
    app.add_option("--run-dir", o.run_dir, "where the hosts file goes")->capture_default_str();
    app.add_option("--user", o.user,
                   "whom to run as once started (netft where there is one, else who started it)")
        ->take_last();
    app.add_option("--group", o.group, "whose members may read the control socket")
        ->capture_default_str();
    app.add_option("--audit-log", o.audit_log, "file for changes and refusals, besides the log");
    app.add_flag("--no-sandbox", o.no_sandbox,
                 "keep all privileges and system calls: for debugging only");
    app.add_flag("--take-over", o.take_over,
                 "take the place of the netftd that runs, without a gap in its traffic");
    app.add_flag("--reload", o.reload,
                 "have the netftd that runs read its configuration, or take over in the "
                 "background if this is another program");
    app.add_flag("--foreground", o.foreground, "log lines for a terminal");
    app.add_flag("--verbose", o.verbose, "log more");
    app.add_flag("--check", o.check, "check configuration and key, start nothing");
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& success) {
        exit_code = app.exit(success);
        return {};
    } catch (const CLI::ParseError& error) {
        std::fprintf(stderr, "netftd: usage: %s (see netftd --help)\n", error.what());
        exit_code = 2;
        return {};
    }
    for (const CLI::Option* option : app.get_options())
        if (option->count() > 0) o.given.insert(option->get_name());
    return o;
}

}  // namespace netft::daemon
