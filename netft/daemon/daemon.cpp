#include "netft/daemon/daemon.hpp"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "netft/control/status_cluster.hpp"
#include "netft/control/status_records.hpp"
#include "netft/core/frame_limits.hpp"
#include "netft/dataplane/clock.hpp"

namespace netft::daemon {

namespace {

constexpr Duration kTick = 1s;
constexpr unsigned kTicksOfNetworks = 3;
constexpr Duration kSolicit = 5s;
// Changes of interfaces that are none of ours are looked at together.
constexpr Duration kFactsGathering = 30ms;
constexpr Duration kFactsRetryFirst = 50ms;
constexpr Duration kFactsRetryLast = 5s;
// And everything is read anew now and then, should an event ever not have told all.
constexpr Duration kFactsRefresh = 60s;
constexpr Duration kClosing = 5ms;

control::Fault fault_of(core::Notice::Fault fault) {
    switch (fault) {
        case core::Notice::Fault::peer: return control::Fault::peer;
        case core::Notice::Fault::config: return control::Fault::config;
        case core::Notice::Fault::none:
        case core::Notice::Fault::local: break;
    }
    return control::Fault::local;
}

std::string text_of(const core::Stall& stall) {
    std::string time = std::to_string(to_ms(stall.gap)) + " ms";
    switch (stall.kind) {
        case core::StallKind::stopped:
            return "this node was away for " + time +
                   ": stopped, starved of CPU or its virtual "
                   "machine paused; no route is judged by that time";
        case core::StallKind::suspended: return "this node was suspended for " + time;
        case core::StallKind::clock_stepped:
            return "the wall clock was set by " + time + "; nothing depends on it";
    }
    return {};
}

}  // namespace

Status Daemon::run() {
    next_tick_ = dataplane::monotonic_now() + kTick;
    while (!stop_)
        if (auto done = wait_and_handle(); !done) return done;
    if (!has_left_) adapter_->remove_guard();
    return {};
}

int Daemon::timeout_ms() const {
    TimePoint until = next_tick_;
    if (auto deadline = coordinator_->next_deadline()) until = std::min(until, *deadline);
    if (auto deadline = devices_->next_deadline()) until = std::min(until, *deadline);
    if (facts_at_) until = std::min(until, *facts_at_);
    // Until the workers have let go of a port, its address is not to be had again.
    if (ports_->has_retired()) until = std::min(until, dataplane::monotonic_now() + kClosing);
    std::int64_t us = to_us(until - dataplane::monotonic_now());
    return us <= 0 ? 0 : static_cast<int>(us / 1000 + 1);
}

// No end: timers go on, at most a thousand times a second, and the next call may do. Said once.
void Daemon::handle_poll_failure(int error) {
    constexpr useconds_t kBreathUs = 1000;
    if (std::exchange(poll_error_, error) != error)
        log_.error("daemon", control::Fault::local,
                   std::string("epoll_wait: ") + std::strerror(error) + "; tried again");
    usleep(kBreathUs);
}

Status Daemon::wait_and_handle() {
    std::array<epoll_event, 8> ready{};
    int count = epoll_wait(epoll_fd_, ready.data(), ready.size(), timeout_ms());
    if (count < 0 && errno != EINTR) handle_poll_failure(errno);
    for (int i = 0; i < count; ++i) {
        int fd = ready[static_cast<std::size_t>(i)].data.fd;
        Status done;
        if (fd == signal_fd_) done = handle_signal();
        if (fd == monitor_->fd()) handle_netlink();
        for (std::size_t i = 0; i < workers_->size(); ++i)
            if (fd == workers_->worker(i).event_fd()) handle_worker(workers_->worker(i));
        if (fd == devices_->fd()) handle_device_links();
        if (fd == machine_.fd() && machine_.handle_ready()) handle_machine_restored();
        if (fd == server_->fd()) server_->handle_ready();
        if (has_left_ || !done) return done;
    }
    auto look = devices_->next_deadline();
    if (look && dataplane::monotonic_now() >= *look) handle_device_links();
    // The kernel may hold a carrier event back for up to a second; a route in trouble is a reason
    // to look for oneself.
    TimePoint now = dataplane::monotonic_now();
    if (std::exchange(facts_due_, false)) {
        monitor_->look_again();
        read_facts();
    } else if (facts_at_ && now >= *facts_at_) {
        read_facts();
    }
    coordinator_->handle_timers(now);
    close_ports();
    if (now >= next_tick_) {
        next_tick_ = now + kTick;
        handle_tick();
    }
    return settle();
}

Status Daemon::handle_signal() {
    signalfd_siginfo info{};
    while (read(signal_fd_, &info, sizeof info) == sizeof info) {
        auto sender = control::caller_of_process(info.ssi_uid, static_cast<pid_t>(info.ssi_pid));
        handle_signal_of(static_cast<int>(info.ssi_signo), sender);
    }
    return {};
}

void Daemon::handle_machine_restored() {
    coordinator_->handle_machine_restored(dataplane::monotonic_now(), wall_offset_ns());
}

void Daemon::note_changes(const routing::Changes& changes) {
    if (changes.adapter) adapter_->touch();
    if (changes.links) adapter_->look_soon(dataplane::monotonic_now());
    next_hops_touched_ |= changes.next_hops;
}

void Daemon::handle_netlink() {
    std::vector<std::uint32_t> own;
    for (const routing::LocalEndpoint& endpoint : coordinator_->endpoints())
        own.push_back(endpoint.interface_index);
    monitor_->watch(std::move(own));
    routing::Changes changes = monitor_->handle_ready();
    note_changes(changes);
    if (changes.watched)
        read_facts();
    else if (changes.links && !facts_at_)
        facts_at_ = dataplane::monotonic_now() + kFactsGathering;
}

// The last facts hold until there are others: no failure here is a reason to end, or to wait.
void Daemon::read_facts() {
    constexpr int kReadsMax = 2;
    facts_at_.reset();
    for (int i = 0; i < kReadsMax; ++i) {
        note_sync(monitor_->sync());
        take_facts(monitor_->facts());
        if (!devices_->handle_links(dataplane::monotonic_now())) break;
        // Carrier that a device passes on to its exception TAP is in what is read after it.
        monitor_->mark_stale();
    }
    routing::Changes changes = monitor_->handle_ready();
    note_changes(changes);
    if (changes.links && !facts_at_) facts_at_ = dataplane::monotonic_now() + kFactsGathering;
}

void Daemon::take_facts(std::vector<routing::InterfaceFact> facts) {
    if (facts == facts_) return;
    facts_ = std::move(facts);
    devices_->handle_facts(facts_);
    next_hops_touched_ = true;  // a MAC address of our own may be another
    coordinator_->handle_interfaces(dataplane::monotonic_now(), facts_);
}

void Daemon::note_sync(const Status& done) {
    if (!done && !facts_failed_)
        log_.warn("netlink", control::Fault::local,
                  done.error().what + "; the interfaces as last seen hold, tried again");
    if (done && facts_failed_) log_.info("netlink", "interfaces can be read again");
    facts_failed_ = !done;
    if (!monitor_->is_stale()) {
        facts_retry_ = kFactsRetryFirst;
        return;
    }
    facts_at_ = dataplane::monotonic_now() + facts_retry_;
    facts_retry_ = std::min(facts_retry_ * 2, kFactsRetryLast);
}

void Daemon::handle_worker(dataplane::Worker& worker) {
    std::uint64_t count = 0;
    if (read(worker.event_fd(), &count, sizeof count) < 0) count = 0;
    while (auto event = worker.poll_event()) handle_event(*event);
    static thread_local dataplane::ControlDatagram datagram;
    while (worker.poll_datagram(datagram))
        coordinator_->handle_datagram(dataplane::monotonic_now(), datagram.local, datagram.remote,
                                      datagram.peer, Bytes(datagram.bytes).first(datagram.size));
    while (auto record = worker.poll_trace()) {
        control::HeartbeatTrace trace{*record, peer_name(record->peer), {}, {}, {}};
        if (const routing::Route* route = find_route(record->route)) {
            trace.network = route->network;
            trace.local = route->local;
            trace.remote = route->remote;
        }
        publish(control::Stream::trace, to_json(trace, wall_clock()));
    }
}

void Daemon::handle_event(const core::Event& event) {
    coordinator_->handle_event(dataplane::monotonic_now(), event);
    if (const auto* t = std::get_if<core::RouteTransition>(&event)) {
        control::TransitionRecord record{*t, peer_name(t->peer), {}, {}, {}};
        if (const routing::Route* route = find_route(t->route)) {
            expectations_.note(dataplane::monotonic_now(), *route, t->to == BfdState::up);
            record.network = route->network;
            record.local = route->local;
            record.remote = route->remote;
        }
        std::string text = record.peer + ": route " + record.local.to_string() + " -> " +
                           record.remote.to_string() + " " +
                           control::route_state(t->to, t->to_suspect, t->to_damped);
        bool is_loss = t->from == BfdState::up && (t->to != BfdState::up || t->to_suspect);
        facts_due_ |= is_loss;
        probe_due_ |= is_loss;
        text += " reason=\"" + control::reason_text(t->reason, t->broken_sources, record.local) +
                "\" said_by=" + (t->remote_said_so ? "peer" : "local") +
                " network=" + record.network;
        if (is_loss || (t->to_damped && !t->from_damped))
            log_.warn("route", control::Fault::peer, text);
        else
            log_.info("route", text);
        publish(control::Stream::watch, to_json(record, wall_clock()));
        history_.add(std::move(record));
    } else if (const auto* s = std::get_if<core::SelectionChange>(&event)) {
        control::SelectionRecord record{*s, peer_name(s->peer), {}};
        if (s->relay) record.relay = peer_name(*s->relay);
        if (s->relay)
            log_.warn("peer", control::Fault::peer,
                      record.peer + ": no direct route is up, relayed by " + record.relay);
        else if (!s->to)
            log_.warn("peer", control::Fault::peer, record.peer + ": unreachable");
        else if (!s->from)
            log_.info("peer", record.peer + ": reachable by a direct route");
        publish(control::Stream::watch, to_json(record, wall_clock()));
        history_.add(std::move(record));
    } else if (const auto* stall = std::get_if<core::StallRecord>(&event)) {
        log_.warn("stall", control::Fault::local, text_of(stall->stall));
    }
}

void Daemon::handle_tick() {
    log_.handle_timers();
    handle_device_links();       // some drivers say that they tell of it, and do not
    sd_notify(0, "WATCHDOG=1");  // systemd watches this thread, and this thread watches the workers
    workers_->watch(dataplane::monotonic_now(), log_);
    workers_->reclaim();
    if (++ticks_ % kTicksOfNetworks == 0)
        expectations_.note_networks(dataplane::monotonic_now(), coordinator_->routes(),
                                    coordinator_->endpoints());
    close_ports();
    settle_port_health();
    if (dataplane::monotonic_now() >= next_solicit_) next_hops_touched_ = true;
    if (dataplane::monotonic_now() >= next_refresh_) {
        next_refresh_ = dataplane::monotonic_now() + kFactsRefresh;
        monitor_->mark_stale();
        facts_due_ = true;
    }
}

// Does what the coordinator asks for: ports first, then the plan, then datagrams, so that an answer
// to our answer finds its session.
Status Daemon::settle() {
    if (auto done = settle_devices(); !done) return done;
    settle_ports();
    if (auto plan = coordinator_->poll_plan()) {
        plan_ = std::move(*plan);
        workers_->publish(*plan_, *ports_);
        next_hops_touched_ = true;
        publish_new_routes();
    }
    settle_next_hops();
    while (auto send = coordinator_->poll_send())
        if (!workers_->first().send(send->local, send->remote, send->bytes, send->seal))
            ++control_queue_full_;
    log_notices();
    tell_changes();
    return settle_adapter();
}

Status Daemon::settle_devices() {
    const core::Settings& settings = coordinator_->settings();
    std::vector<Error> failures;
    bool changed =
        devices_->sync(dataplane::monotonic_now(), settings.self_node().port_devices, failures);
    for (const Error& failure : failures) log_.warn("device", control::Fault::local, failure.what);
    if (!changed) return {};
    monitor_->mark_stale();
    read_facts();
    return {};
}

void Daemon::handle_device_links() {
    facts_due_ |= devices_->handle_links(dataplane::monotonic_now());
}

void Daemon::settle_ports() {
    TimePoint now = dataplane::monotonic_now();
    std::vector<PortKeeper::Failure> failures;
    std::vector<EndpointId> opened;
    bool changed = ports_->sync(now, coordinator_->endpoints(), failures, opened);
    for (const PortKeeper::Failure& failure : failures) {
        coordinator_->handle_port(now, failure.endpoint, failure.error.what);
        log_.warn("port", control::Fault::local, failure.error.what);
    }
    for (EndpointId endpoint : opened) coordinator_->handle_port(now, endpoint, {});
    log_port_notes(opened);
    if (!changed || !plan_) return;
    // The bindings changed; the plan may not have.
    workers_->publish(*plan_, *ports_);
}

void Daemon::close_ports() {
    if (!ports_->has_retired()) return;
    workers_->reclaim();
    if (workers_->all_retired()) ports_->close_retired();
}

void Daemon::settle_port_health() {
    TimePoint now = dataplane::monotonic_now();
    std::vector<std::string> said;
    for (const auto& [endpoint, error] : ports_->poll_health(now, said))
        coordinator_->handle_path_error(now, endpoint, error);
    for (const std::string& text : said) log_.warn("port", control::Fault::local, text);
}

void Daemon::log_port_notes(const std::vector<EndpointId>& opened) {
    for (EndpointId endpoint : opened)
        if (std::string note = ports_->note(endpoint); !note.empty())
            log_.warn("port", control::Fault::local, note);
}

void Daemon::settle_next_hops() {
    if (!next_hops_touched_ && !probe_due_) return;
    next_hops_touched_ = false;
    bool probe = std::exchange(probe_due_, false);
    TimePoint now = dataplane::monotonic_now();
    bool solicit = now >= next_solicit_;
    if (solicit) next_solicit_ = now + kSolicit;
    for (auto& [id, port] : ports_->ethdev_ports()) {
        std::vector<dataplane::NextHop> hops;
        for (const routing::Route& route : coordinator_->routes()) {
            if (route.local_id != id || !route.usable) continue;
            auto local =
                std::find_if(coordinator_->endpoints().begin(), coordinator_->endpoints().end(),
                             [&route](const auto& e) { return e.id == route.local_id; });
            auto hop = monitor_->resolve(route.local.address, route.remote.address,
                                         local->interface_index);
            if (!hop || !*hop) continue;
            if ((*hop)->is_resolved()) hops.push_back({route.remote, (*hop)->mac});
            bool is_confirmed = (*hop)->state == routing::NeighbourState::reachable ||
                                (*hop)->state == routing::NeighbourState::stale;
            if (probe && is_confirmed)
                (void)monitor_->probe(**hop);
            else if (solicit || !(*hop)->is_resolved())
                (void)monitor_->solicit(**hop);
        }
        port->set_next_hops(std::make_unique<dataplane::NextHopTable>(
            std::move(hops), mac_of(ports_->interface(id))));
    }
}

// Zero: not known.
MacAddress Daemon::mac_of(std::uint32_t interface_index) const {
    for (const routing::InterfaceFact& fact : facts_)
        if (fact.index == interface_index) return fact.mac;
    return {};
}

Status Daemon::settle_adapter() {
    Status done =
        adapter_->sync(dataplane::monotonic_now(), coordinator_->settings(),
                       {.mac = mac_,
                        .mtu = coordinator_->adapter_mtu(),
                        .gso_max_size = core::gso_max_size(coordinator_->datagram_bytes_max()),
                        .floating = coordinator_->claimed_by_peers()});
    if (adapter_->poll_others_changed())
        coordinator_->handle_adapter_addresses(dataplane::monotonic_now(), adapter_->others());
    return done;
}

// States of networks and interfaces: to the log, the readers and the history.
void Daemon::tell_changes() {
    while (auto change = coordinator_->poll_change()) {
        bool is_news = change->from != "unknown" || change->to != "up";
        if (change->to != "up" && change->to != "unknown")
            log_.warn("TM", control::Fault::peer, control::log_text(*change));
        else if (is_news)
            log_.info("TM", control::log_text(*change));
        publish(control::Stream::watch, control::to_json(*change, wall_clock()));
        std::vector<std::string> peers;
        for (const core::PeerView& peer : coordinator_->peers()) peers.push_back(peer.name);
        if (is_news) history_.add(*change, peers);
    }
}

void Daemon::log_notices() {
    while (auto notice = coordinator_->poll_notice()) {
        switch (notice->severity) {
            case core::Notice::Severity::info: log_.info(notice->module, notice->text); break;
            case core::Notice::Severity::warning:
                log_.warn(notice->module, fault_of(notice->fault), notice->text);
                break;
            case core::Notice::Severity::error:
                log_.error(notice->module, fault_of(notice->fault), notice->text);
                break;
        }
    }
}

}  // namespace netft::daemon
