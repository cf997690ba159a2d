// netftd. main() shows the program: options, configuration, key, daemon, run.
#include <signal.h>
#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "netft/control/config.hpp"
#include "netft/control/identity.hpp"
#include "netft/control/log.hpp"
#include "netft/control/status.hpp"
#include "netft/daemon/daemon.hpp"
#include "netft/daemon/options.hpp"
#include "netft/daemon/reload.hpp"
#include "netft/daemon/stack.hpp"
#include "netft/daemon/worker_group.hpp"

namespace {

using namespace netft;

// A line for each error: a configuration may have many.
int complain(const std::string& what, int exit_code) {
    for (std::size_t at = 0; at <= what.size();) {
        std::size_t end = std::min(what.find('\n', at), what.size());
        std::fprintf(stderr, "netftd: %s\n", what.substr(at, end - at).c_str());
        at = end + 1;
    }
    return exit_code;
}

// The key file must hold the private half of what the configuration says of this node.
Result<Secret32> load_key(const std::string& path, const core::NodeSettings& self) {
    auto key = control::load_private_key(path);
    if (!key) return tl::unexpected(key.error());
    auto public_key = control::public_of(*key);
    if (!public_key) return with_context(path, public_key.error());
    if (*public_key != self.public_key)
        return fail(path + ": its public key is " + control::to_text(*public_key) +
                    ", but the configuration gives node " + self.name + " the key " +
                    control::to_text(self.public_key));
    return key->secret();
}

// Before any thread starts, so that every thread inherits it.
void block_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
}

}  // namespace

int main(int argc, char** argv) {
    int exit_code = 0;
    auto options = daemon::read_options(argc, argv, exit_code);
    if (!options) return exit_code;
    auto settings = control::load_config(options->config, options->node);
    if (!settings) return complain(settings.error().what, 2);
    const core::NodeSettings& self = settings->self_node();
    auto key = load_key(options->key, self);
    if (!key) return complain(key.error().what, 2);
    if (options->check) {
        std::printf("netftd: %s: good: cluster %s, %zu nodes, this is %s, security %s\n",
                    options->config.c_str(), settings->cluster.c_str(), settings->nodes.size(),
                    self.name.c_str(), control::security_summary(*settings).c_str());
        return 0;
    }
    if (auto cores = daemon::check_cores(settings->own_workers()); !cores)
        return complain(options->config + ": " + cores.error().what, 2);
    std::size_t workers = daemon::worker_count(settings->own_workers());
    if (auto ports = daemon::check_port_range(*settings, workers); !ports)
        return complain(options->config + ": " + ports.error().what, 2);
    int ready_fd = -1;
    if (options->reload) {
        auto reload = daemon::reload_running(options->socket);
        if (!reload) return complain("--reload: " + reload.error().what, 1);
        if (*reload == daemon::Reload::done) return 0;
        auto child = daemon::go_to_background();
        if (!child) return complain("--reload: " + child.error().what, 1);
        ready_fd = *child;
        options->take_over = true;
    }
    block_signals();
    daemon::prepare_stacks();
    auto level = options->verbose ? control::LogLevel::debug : control::LogLevel::info;
    control::LogOptions log_options;
    log_options.foreground = options->foreground;
    log_options.level = level;
    control::Log log = control::Log::open(log_options);
    if (auto warning = control::security_warning(settings->security); !warning.empty())
        log.warn("security", control::Fault::config, warning);
    auto running = daemon::Daemon::start(*options, *settings, *key, log);
    key->clear();
    if (!running) return complain(running.error().what, 1);
    log.info("daemon", "netftd " NETFT_VERSION " runs as node " + self.name);
    sd_notify(0, "READY=1");
    daemon::say_ready(ready_fd);
    auto done = (*running)->run();
    if (!(*running)->has_left()) sd_notify(0, "STOPPING=1");
    running->reset();
    if (!done) return complain(done.error().what, 1);
    log.info("daemon", "stopped");
    return 0;
}
