// What netftd answers: the node's status, reload, stop.
#include <signal.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "netft/control/config.hpp"
#include "netft/control/status_cluster.hpp"
#include "netft/control/status_records.hpp"
#include "netft/control/status_requests.hpp"
#include "netft/control/verdict.hpp"
#include "netft/daemon/daemon.hpp"
#include "netft/dataplane/clock.hpp"

namespace netft::daemon {

namespace {

// Whoever ran netftd as root wonders why it cannot read a file of root's.
std::string hint_at_user(const Error& error, const User& user) {
    bool is_right = error.errno_value == EACCES || error.errno_value == EPERM;
    if (!is_right || user.name.empty()) return {};
    return " (netftd runs as user " + user.name + ", which must be able to read it)";
}

}  // namespace

nlohmann::json Daemon::handle_request(const nlohmann::json& request,
                                      const control::Caller& caller) {
    std::string what = request.value("request", "");
    std::string who = "uid=" + std::to_string(caller.uid) + " pid=" + std::to_string(caller.pid);
    attachments_.clear();
    if (has_left_) return {{"error", what + ": another netftd takes over, ask again"}};
    if (what == "version") {
        const core::Settings& settings = coordinator_->settings();
        return {{"version", 1},
                {"netftd", NETFT_VERSION},
                {"program", program_},
                {"options", to_json(options_, settings.self_node().name)}};
    }
    if (what == "take-over") return hand_over(request, caller);
    if (what == "reload") {
        audit_->reopen();
        return reload(who);
    }
    if (what == "undamp") return undamp(request.value("peer", ""), who);
    if (what == "stop") {
        stop_ = true;
        return {{"ok", true}};
    }
    if (what == "why")
        return control::answer_why(coordinator_->cluster_view(dataplane::monotonic_now()),
                                   control::judge(status()), request);
    return control::answer_request(request, status(), history_, wall_clock());
}

// The next netftd asks. After "leave" the worker has told the peers and is gone, its ports are
// closed, and run() returns: nothing may touch what it stands on.
nlohmann::json Daemon::hand_over(const nlohmann::json& request, const control::Caller& caller) {
    std::string step = request.value("step", "");
    const core::Settings& settings = coordinator_->settings();
    if (step == "adapter") {
        const char* notify = std::getenv("NOTIFY_SOCKET");
        attachments_ = {queues_[0]->fd(), server_->listening_fd()};
        return {{"ok", true},
                {"node", settings.self_node().name},
                {"adapter", settings.adapter_name},
                {"notify_socket", notify == nullptr ? "" : notify}};
    }
    if (step != "leave") return {{"error", "take-over: unknown step"}};
    log_.info("daemon", "hands over to process " + std::to_string(caller.pid));
    // Before their readers end: from here on all frames are given to the first, which is theirs,
    // too.
    for (std::size_t i = 1; i < queues_.size(); ++i)
        if (auto done = queues_[i]->detach_queue(); !done)
            log_.warn("adapter", control::Fault::local, done.error().what);
    workers_->leave();
    nlohmann::json peers = to_json(coordinator_->memory());
    workers_->destroy_workers();
    ports_.reset();
    queues_.resize(1);
    server_->give_away();
    if (run_directory_) run_directory_->give_away();
    has_left_ = stop_ = true;
    // systemd takes this from the unit's main process only, which we are the last time.
    (void)sd_notifyf(0, "MAINPID=%d", caller.pid);
    return {{"ok", true}, {"peers", std::move(peers)}};
}

void Daemon::handle_signal_of(int signal, const control::Caller& sender) {
    if (signal != SIGHUP) {
        stop_ = true;
        return audit_->record({sender, signal == SIGINT ? "SIGINT" : "SIGTERM", {}});
    }
    audit_->reopen();
    nlohmann::json answer = reload("SIGHUP");
    audit_->record({sender, "SIGHUP", answer.value("error", "")});
}

nlohmann::json Daemon::reload(const std::string& who) {
    auto refuse = [this, &who](const std::string& why) {
        std::string line = why;  // a configuration may have many errors, a line each
        std::replace(line.begin(), line.end(), '\n', ';');
        log_.error("config", control::Fault::config, "reload by " + who + " refused: " + line);
        return nlohmann::json{{"error", why}};
    };
    const core::Settings& old = coordinator_->settings();
    auto settings = control::load_config(options_.config, old.self_node().name,
                                         control::kClusterKeyFile, ::geteuid());
    if (!settings) return refuse(settings.error().what + hint_at_user(settings.error(), user_));
    if (auto ports = check_port_range(*settings, workers_->size()); !ports)
        return refuse(ports.error().what);
    auto refusals = coordinator_->handle_settings(dataplane::monotonic_now(), *settings);
    std::string why;
    for (const std::string& refusal : refusals) why += (why.empty() ? "" : "; ") + refusal;
    if (!refusals.empty()) return refuse(why);
    expectations_.forget_networks();
    write_hosts();
    log_.info("config", "reloaded by " + who);
    return {{"ok", true}};
}

nlohmann::json Daemon::undamp(const std::string& peer, const std::string& who) {
    if (!coordinator_->undamp(peer)) return {{"error", peer + ": no peer has this name"}};
    log_.info("route", (peer.empty() ? "all peers" : peer) + ": damping forgotten, by " + who);
    return {{"ok", true}};
}

control::NodeStatus Daemon::status(bool fresh) {
    const core::Settings& settings = coordinator_->settings();
    if (fresh) workers_->refresh_reports(coordinator_->routes().size(), settings.nodes.size());
    const core::Report& report = workers_->core_report();
    const core::NodeSettings& self = settings.self_node();
    control::NodeStatus out;
    out.node = self.name;
    out.cluster = settings.cluster;
    out.security = settings.security;
    out.crypto = workers_->first().crypto();
    out.has_cluster_key = !settings.cluster_keys.empty();
    out.netftd_version = NETFT_VERSION;
    out.adapter_name = settings.adapter_name;
    out.adapter_up = true;
    out.adapter_mac = mac_;
    out.adapter_ipv4 = self.ipv4;
    if (adapter_->has_ipv6()) out.adapter_ipv6 = self.ipv6;
    out.adapter_mtu = coordinator_->adapter_mtu();
    out.classes = settings.classes;
    out.states = coordinator_->states();
    out.warnings = coordinator_->warnings();
    out.faults = coordinator_->faults();
    if (auto warning = control::security_warning(settings.security); !warning.empty())
        out.warnings.insert(out.warnings.begin(), warning);
    if (report.patience != 4)
        out.warnings.push_back("this node is slow (local health " +
                               std::to_string(report.health_score) +
                               " of 10, 0 is best): it waits longer for others");
    out.health_score = report.health_score;
    out.patience = report.patience;
    for (const PortKeeper::View& port : ports_->views()) {
        out.ports.push_back({port.endpoint, port.interface, port.kind, port.note, port.device});
        if (!port.note.empty()) out.warnings.push_back(port.note);
    }
    for (std::string& warning : adapter_->warnings()) out.warnings.push_back(std::move(warning));
    if (!adapter_->guard_failure().empty()) out.faults.push_back(adapter_->guard_failure());
    for (std::string& warning : devices_->warnings()) out.warnings.push_back(std::move(warning));
    out.workers = workers_->status();
    for (const control::WorkerStatus& worker : out.workers) {
        out.counters.add(worker.counters);
        out.drops.add(worker.drops);
        if (!worker.note.empty()) out.warnings.push_back(worker.note);
    }
    out.drops.add(coordinator_->drops());
    out.drops.count(DropReason::control_queue_full, control_queue_full_);
    for (const core::PeerView& peer : coordinator_->peers()) {
        bool reachable = peer.reachable || !peer.relay.empty();
        control::PeerStatus entry{peer.name, reachable, peer.has_session, peer.has_card,
                                  peer.note, peer.ipv4, peer.ipv6,        {}};
        entry.session_since = peer.session_since;
        entry.sessions_opened = peer.sessions_opened;
        entry.relay = peer.relay;
        entry.floating = peer.claimed;
        entry.doubts = peer.doubts;
        entry.traffic = peer.traffic;
        for (const core::PeerReport& known : report.peers)
            if (known.peer == peer.id) entry.selected = known.in_use;
        for (const routing::Route& route : coordinator_->routes()) {
            if (route.peer != peer.id) continue;
            control::RouteStatus state{route, {}, peer.has_session};
            state.report.timing = route.timing;  // id 0: the engine does not know it yet
            state.report.detection_time = route.timing.delay * route.timing.threshold;
            state.report.reason = route.reason;
            for (const core::RouteReport& known : report.routes)
                if (known.id == route.id) state.report = known;
            auto outside = coordinator_->outside_reason(route);
            if (outside && is_silence(state.report.reason)) state.report.reason = *outside;
            entry.routes.push_back(std::move(state));
        }
        entry.stray = adapter_->stray_of(peer.name);
        add_expectations(peer.id, entry);
        out.peers.push_back(std::move(entry));
    }
    return out;
}

void Daemon::add_expectations(PeerId id, control::PeerStatus& entry) const {
    const core::Settings& settings = coordinator_->settings();
    const core::NodeSettings& self = settings.self_node();
    for (control::RouteStatus& status : entry.routes)
        status.nic = nic_of(coordinator_->endpoints(), status.route);
    std::set<IpAddress> configured;
    auto add = [&configured](const core::NodeSettings& node) {
        for (const routing::ConfiguredEndpoint& endpoint : node.endpoints)
            configured.insert(endpoint.endpoint.address.with_scope(0));
    };
    add(self);
    for (const core::NodeSettings& node : settings.nodes) {
        if (node.name != entry.name) continue;
        add(node);
        entry.networks_in_file = networks_in_file(settings, node, coordinator_->endpoints());
    }
    expectations_.apply(id, entry, configured);
}

// hosts(5): virtual address and name of every node; replaced in one step.
void Daemon::write_hosts() {
    mkdir(options_.run_dir.c_str(), 0755);  // made at start; somebody may have removed it
    std::string path = options_.run_dir + "/hosts";
    std::string next = path + ".new";
    std::ofstream file(next, std::ios::trunc);
    for (const core::NodeSettings& node : coordinator_->settings().nodes)
        file << node.ipv4.to_string() << "\t" << node.name << "\n";
    file.close();
    chmod(next.c_str(), 0644);  // everybody's, whatever our umask
    if (!file || std::rename(next.c_str(), path.c_str()) != 0) {
        log_.warn("hosts", control::Fault::local, path + ": cannot be written");
        unlink(next.c_str());
    }
}

// Subscribers hear of routes that came after their snapshot. No worker knows these yet: none is
// asked, and none is waited for while there is a plan to carry out.
void Daemon::publish_new_routes() {
    std::set<RouteId> is_new;
    for (const routing::Route& route : coordinator_->routes())
        if (known_routes_.insert(route.id).second) is_new.insert(route.id);
    bool anybody = server_->has_subscribers(control::Stream::watch) ||
                   server_->has_subscribers(control::Stream::trace);
    if (is_new.empty() || !anybody) return;
    for (const nlohmann::json& record : control::snapshot_records(status(false), wall_clock())) {
        bool is_route = record.value("type", "") == "route";
        if (is_route && is_new.contains(RouteId(record.value("id", std::uint16_t{0}))))
            publish(control::Stream::watch, record);
    }
}

const routing::Route* Daemon::find_route(RouteId id) const {
    for (const routing::Route& route : coordinator_->routes())
        if (route.id == id) return &route;
    return nullptr;
}

std::string Daemon::peer_name(PeerId id) const {
    for (const core::PeerView& peer : coordinator_->peers())
        if (peer.id == id) return peer.name;
    return "?";
}

// One sample serves until the two clocks have drifted apart, or somebody stepped the wall clock: so
// that the same instant reads the same twice.
control::WallClock Daemon::wall_clock() {
    constexpr Duration kDriftMax = 5ms;
    TimePoint now = dataplane::monotonic_now();
    WallTime wall = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
    Duration drift = wall_clock_ ? wall - wall_clock_->wall - (now - wall_clock_->monotonic) : 0ns;
    if (!wall_clock_ || std::chrono::abs(drift) > kDriftMax)
        wall_clock_ = control::WallClock{now, wall};
    return *wall_clock_;
}

// To the subscribers of `least`, and of every stream that contains it.
void Daemon::publish(control::Stream least, const nlohmann::json& record) {
    std::string line;
    for (control::Stream stream : {control::Stream::watch, control::Stream::trace}) {
        if (stream < least || !server_->has_subscribers(stream)) continue;
        if (line.empty())
            line = record.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
        server_->publish(stream, line);
    }
}

}  // namespace netft::daemon
