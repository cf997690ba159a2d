// netftd. main() shows the program: options, configuration, key, daemon, run.
#include <signal.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "netft/control/config.hpp"
#include "netft/control/identity.hpp"
#include "netft/control/log.hpp"
#include "netft/control/status.hpp"
#include "netft/daemon/daemon.hpp"
#include "netft/daemon/options.hpp"
#include "netft/daemon/privileges.hpp"
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

// The same where nothing was started. The unit tries again for ever, for what is missing (a file
// system, the host's name, a port) may come; under a systemd that cannot wait ever longer in
// between (RestartSteps=, 254), this keeps it from trying, and logging, many times a second.
int refuse(const std::string& what, int exit_code) {
    bool is_unit = std::getenv("NOTIFY_SOCKET") != nullptr;
    std::fprintf(stderr, "netftd: %s\n", what.c_str());
    if (!is_unit) return exit_code;
    sd_notifyf(0, "STATUS=%s", what.c_str());
    sleep(1);
    return exit_code;
}

// The key file must hold the private half of what the configuration says of this node.
Result<Secret32> load_key(const std::string& path, const core::NodeSettings& self, uid_t user) {
    auto key = control::load_private_key(path, user);
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
    bool reloads = options->reload && !options->check;
    if (reloads) {  // first: the one that runs knows its name, files and key
        auto reload = daemon::reload_running(*options);
        if (!reload) return complain("--reload: " + reload.error().what, 1);
        if (*reload == daemon::Reload::done) return 0;
        options->take_over = true;
    }
    auto user = daemon::find_user(options->user);
    if (!user) return refuse(user.error().what, 1);
    auto settings = control::load_config(options->config, options->wanted_node(),
                                         control::kClusterKeyFile, user->uid);
    if (!settings) return refuse(settings.error().what, 2);
    const core::NodeSettings& self = settings->self_node();
    auto key = load_key(options->key, self, user->uid);
    if (!key) return refuse(key.error().what, 2);
    if (options->check) {
        std::printf("netftd: %s: good: cluster %s, %zu nodes, this is %s, security %s\n",
                    options->config.c_str(), settings->cluster.c_str(), settings->nodes.size(),
                    self.name.c_str(), control::security_summary(*settings).c_str());
        return 0;
    }
    if (auto cores = daemon::check_cores(settings->own_workers()); !cores)
        return refuse(options->config + ": " + cores.error().what, 2);
    std::size_t workers = daemon::worker_count(settings->own_workers());
    if (auto ports = daemon::check_port_range(*settings, workers); !ports)
        return refuse(options->config + ": " + ports.error().what, 2);
    int ready_fd = -1;
    if (reloads) {
        auto child = daemon::go_to_background();
        if (!child) return complain("--reload: " + child.error().what, 1);
        ready_fd = *child;
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
    if (!running) return refuse(running.error().what, 1);
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
