#include "netft/core/engine.hpp"

#include <algorithm>

#include "netft/base/assert.hpp"
#include "netft/core/engine_state.hpp"
#include "netft/core/frame_limits.hpp"

namespace netft::core {

namespace {

bool is_goodbye(const RouteTransition& transition) {
    return transition.reason == Diagnostic::shutting_down ||
           transition.reason == Diagnostic::peer_restarted;
}

}  // namespace

Engine::Engine(std::uint64_t seed, const WorkerRole& role)
    : state_(std::make_unique<State>(seed, role)) {}
Engine::~Engine() = default;

Path Engine::path_of(EndpointId local, const Endpoint& remote) const {
    return {local, remote, state_->route_slot(local, remote)};
}

void Engine::handle_stall(TimePoint now, const Stall& stall) {
    State& s = *state_;
    if (!s.role.is_first()) return;  // it judges nobody
    if (stall.gap >= State::kStallTold || stall.kind != StallKind::stopped)
        s.emit(StallRecord{now, stall});
    if (stall.kind == StallKind::clock_stepped) return;
    s.health.handle_stall(now);
    s.settle_patience(now);
    // Suspend stopped our clock, too: the deadlines have moved with it.
    Duration missed = stall.kind == StallKind::suspended ? Duration{} : stall.gap;
    for (std::uint32_t slot = 0; slot < s.routes.slots(); ++slot) {
        if (s.routes[slot] == nullptr) continue;
        s.routes[slot]->handle_stall(now, missed);
        s.settle_route(now, slot);
    }
}

void Engine::State::settle_patience(TimePoint now) {
    unsigned next = health.patience(now);
    if (next == patience) return;
    patience = next;
    for (std::uint32_t slot = 0; slot < routes.slots(); ++slot) {
        if (routes[slot] == nullptr) continue;
        routes[slot]->set_patience(patience);
        route_timers.set(slot, routes[slot]->next_deadline());
    }
}

void Engine::handle_timers(TimePoint now) {
    State& s = *state_;
    s.settle_patience(now);
    while (auto slot = s.route_timers.pop_due(now)) {
        s.routes[*slot]->handle_timers(now);
        if (s.routes[*slot]->wants_transmit()) s.transmit_early(now, *slot);
        s.settle_route(now, *slot);
    }
    while (auto slot = s.peer_timers.pop_due(now)) s.select_route(now, *slot);
    s.handle_relay_timers(now);
}

std::optional<TimePoint> Engine::next_deadline() const {
    std::optional<TimePoint> soonest = state_->route_timers.next();
    for (auto other : {state_->peer_timers.next(), state_->relay_deadline()})
        if (other && (!soonest || *other < *soonest)) soonest = other;
    return soonest;
}

std::optional<PeerId> Engine::peer_of(const MacAddress& mac) const {
    const std::vector<PlanPeer>& peers = state_->plan_peers;
    auto found = state_->peer_of_mac.find(
        FlatIndex::hash_of(mac_key(mac)),
        [&](std::uint32_t slot) { return peers[slot].mac == mac || peers[slot].alias == mac; });
    if (!found) return {};
    return peers[*found].id;
}

const PlanPeer* Engine::find_peer(PeerId peer) const {
    std::uint32_t slot = state_->peer_slot(peer);
    return slot == Path::kNoRoute ? nullptr : &state_->plan_peers[slot];
}

std::uint16_t Engine::datagram_bytes_max(PeerId peer) const {
    std::uint32_t slot = state_->peer_slot(peer);
    std::uint16_t most = state_->plan.datagram_bytes_max;
    if (slot != Path::kNoRoute && !state_->role.is_first()) state_->follow(slot);
    std::uint16_t known = slot == Path::kNoRoute ? most : state_->peers[slot].datagram_bytes;
    return known == 0 ? most : std::min(known, most);
}

bool Engine::is_reachable(PeerId peer) const {
    std::uint32_t slot = state_->peer_slot(peer);
    if (slot == Path::kNoRoute) return false;
    if (!state_->role.is_first()) state_->follow(slot);
    const EnginePeer& found = state_->peers[slot];
    return found.selected || (found.relay && found.sending);
}

std::span<const PlanPeer> Engine::peers() const { return state_->plan_peers; }

void Engine::handle_shutdown(TimePoint now) {
    state_->shutting_down = true;
    if (!state_->role.is_first()) return;
    for (std::uint32_t slot = 0; slot < state_->routes.slots(); ++slot) {
        if (state_->routes[slot] == nullptr) continue;
        state_->routes[slot]->handle_shutdown(now);
        state_->settle_route(now, slot);
    }
}

void Engine::announce_restart(TimePoint now, bool restarts) {
    if (!state_->role.is_first()) return;  // it has no heartbeats
    for (std::uint32_t slot = 0; slot < state_->routes.slots(); ++slot) {
        if (state_->routes[slot] == nullptr) continue;
        state_->routes[slot]->announce_restart(restarts);
        state_->settle_route(now, slot);
    }
}

void Engine::set_tracing(bool on) { state_->tracing = on; }
std::optional<Event> Engine::poll_event() { return state_->events.pop(); }
std::optional<HeartbeatRecord> Engine::poll_trace() { return state_->trace.pop(); }
const DropCounters& Engine::drops() const { return state_->drops; }

std::optional<Transmit> Engine::poll_transmit(TimePoint now) {
    State& s = *state_;
    while (auto queued = s.transmits.pop()) {
        bool is_notice = queued->via != queued->route;
        if (!is_notice) s.is_queued[queued->route] = false;
        const Route& route = *s.routes[queued->route];
        if (is_notice ? !route.wants_notice() : !route.wants_transmit()) continue;
        if (!s.peers[s.peer_slot(route.plan().peer)].sending) continue;
        return s.transmit(now, *queued);
    }
    return {};
}

Transmit Engine::State::transmit(TimePoint now, const QueuedTransmit& queued) {
    Route& route = *routes[queued.route];
    const RoutePlan& via = routes[queued.via]->plan();
    const EnginePeer& peer = peers[peer_slot(via.peer)];
    NETFT_ASSERT(peer.sending.has_value());
    bool is_notice = queued.via != queued.route;
    join_counts(queued.route);
    bool is_probe = !is_notice && route.wants_probe();
    Heartbeat heartbeat;
    std::uint16_t padding = 0;
    if (is_probe) {
        Route::Probe probe = route.make_probe(now);
        heartbeat = probe.heartbeat;
        padding = padding_of(probe.mtu, via.remote.address.family());
    } else {
        Random lots = draw(now);
        heartbeat = is_notice ? route.make_notice(now) : route.make_heartbeat(now, lots);
    }
    PeerCounts counts = counts_of(peer_slot(via.peer));
    heartbeat.data_taken = counts.taken;
    peers[peer_slot(via.peer)].pulse.handle_sent(now, counts.sent);
    Header header;
    header.type = MessageType::heartbeat;
    header.flags = is_relaying() ? kFlagRelays : 0;
    header.space = route.plan().id.value;
    header.receiver = peer.sessions[*peer.sending].plan.remote;
    header.counter = route.next_counter();

    Transmit out{via.local,
                 via.remote,
                 route.plan().id,
                 peer.sessions[*peer.sending].plan.local,
                 {},
                 padding,
                 watch_sent(queued.route, header.counter, !is_notice && !is_probe)};
    count_sealed(peer_slot(via.peer), 1);
    ByteWriter writer(out.datagram);
    encode(header, writer);
    encode(heartbeat, writer);
    if (tracing && !trace.push(route.record(now, Direction::sent, header.counter, heartbeat, 0)))
        drops.count(DropReason::control_queue_full);
    if (!is_notice && !is_probe) {
        refresh_spread(now, peer_slot(via.peer));
        route_timers.set(queued.route, route.next_deadline());
        queue_notices(queued.route);
        queue_transmit(queued.route);  // a probe may be due, too
    }
    return out;
}

// Heartbeats that go together come due together again: the earliest of many draws would set the
// pace of all. Not where the routes are many: those of different peers are to keep apart.
Random Engine::State::draw(TimePoint now) {
    if (now != burst_at || !has_few_routes()) {
        burst_at = now;
        burst = Random(random.next());
    }
    return burst;
}

// Zeros that make a heartbeat fill an IP packet of `mtu` bytes, tag included.
std::uint16_t Engine::State::padding_of(std::uint16_t mtu, Family family) const {
    int room = datagram_bytes(mtu, family) - plan.tag_bytes();
    return static_cast<std::uint16_t>(room - static_cast<int>(kHeaderSize + kHeartbeatSize));
}

void Engine::State::queue_notices(std::uint32_t via) {
    if (!routes[via]->is_up()) return;
    for (std::uint32_t slot : peers[peer_slot(routes[via]->plan().peer)].routes) {
        const Route& lost = *routes[slot];
        if (slot == via || !lost.wants_notice() || lost.remote_id().value == 0) continue;
        if (!transmits.push({slot, via})) drops.count(DropReason::control_queue_full);
    }
}

// One wake-up, by a timer or by what comes, serves all heartbeats that may go already (an idle
// node's cost is its wake-ups): those of a small node altogether, else those to the same peer.
void Engine::State::transmit_early(TimePoint now, std::uint32_t due) {
    auto try_one = [this, now](std::uint32_t slot) {
        if (!routes[slot]->may_transmit_early(now)) return;
        routes[slot]->request_transmit();
        queue_transmit(slot);
    };
    if (has_few_routes()) {
        for (std::uint32_t slot = 0; slot < routes.slots(); ++slot)
            if (routes[slot] != nullptr) try_one(slot);
    } else {
        for (std::uint32_t slot : peers[peer_slot(routes[due]->plan().peer)].routes) try_one(slot);
    }
}

void Engine::State::queue_transmit(std::uint32_t slot) {
    if (is_queued[slot] || !routes[slot]->wants_transmit()) return;
    prefetch(*routes[slot]);
    if (transmits.push({slot, slot})) is_queued[slot] = true;
}

void Engine::State::emit(const Event& event) {
    if (!events.push(event)) drops.count(DropReason::control_queue_full);
}

void Engine::State::count_sealed(std::uint32_t peer_slot, std::uint64_t datagrams) {
    EngineSession& session = peers[peer_slot].sessions[*peers[peer_slot].sending];
    session.sealed += datagrams;
    // Each worker may seal its part of what the key is good for.
    std::uint64_t share = plan.rekey_datagrams / role.workers;
    if (session.sealed < share || session.spent || !session.plan.keys) return;
    bool is_spent = session.sealed >= share * Plan::kRekeysToEnd;
    if (session.worn && !is_spent) return;
    session.worn = true;
    session.spent = is_spent;
    emit(SessionWorn{plan_peers[peer_slot].id, session.plan.local, is_spent});
}

std::uint32_t Engine::State::peer_slot(PeerId id) const {
    return id.value < peer_slot_of.size() ? peer_slot_of[id.value] : Path::kNoRoute;
}

std::uint32_t Engine::State::route_slot(RouteId id) const {
    return id.value < route_slot_of.size() ? route_slot_of[id.value] : Path::kNoRoute;
}

std::uint32_t Engine::State::route_slot(EndpointId local, const Endpoint& remote) const {
    auto find = [&](unsigned begin, unsigned end) {
        return paths.find(hash_of_path(local, remote, path_secret), [&](std::uint32_t slot) {
            prefetch(*routes[slot]);
            const RoutePlan& route = routes[slot]->plan();
            unsigned source = unsigned{remote.port} - route.remote.port;
            return source >= begin && source < end && route.local == local &&
                   route.remote.address == remote.address;
        });
    };
    auto found = find(0, 1);
    if (!found) found = find(1, kSourcePortsMax);  // of another worker of the peer
    return found.value_or(Path::kNoRoute);
}

std::uint32_t Engine::State::route_slot(const Path& path, std::uint32_t peer_slot) const {
    if (path.route == Path::kNoRoute) return path.route;
    PeerId peer = plan_peers[peer_slot].id;
    if (routes[path.route]->plan().peer == peer) return path.route;
    for (std::uint32_t slot : peers[peer_slot].routes) {
        const RoutePlan& route = routes[slot]->plan();
        unsigned source = unsigned{path.remote.port} - route.remote.port;
        if (route.local == path.local && route.remote.address == path.remote.address &&
            source < kSourcePortsMax)
            return slot;
    }
    return path.route;
}

// After anything that may have moved a route: events, timers, sending, selection.
void Engine::State::settle_route(TimePoint now, std::uint32_t slot) {
    Route& route = *routes[slot];
    bool moved = false;
    route.settle_damping(now, plan.damping);
    while (auto transition = route.poll_transition()) {
        emit(*transition);
        if (is_goodbye(*transition)) note_goodbye(now, peer_slot(route.plan().peer));
        moved = true;
    }
    std::uint32_t peer = peer_slot(route.plan().peer);
    if (route.poll_mtu_change() || moved) select_route(now, peer);
    if (route.wants_notice())
        for (std::uint32_t other : peers[peer].routes)
            if (routes[other]->is_up()) {
                routes[other]->request_transmit();
                queue_transmit(other);
            }
    queue_transmit(slot);
    route_timers.set(slot, route.next_deadline());
}

void Engine::State::settle_peer(TimePoint now, std::uint32_t peer_slot) {
    if (!role.is_first()) return follow_anew(peer_slot);
    for (std::uint32_t slot : peers[peer_slot].routes) settle_route(now, slot);
    select_route(now, peer_slot);
}

void Engine::report(TimePoint now, Report& out) const {
    const State& s = *state_;
    out.at = now;
    out.drops = s.drops;
    out.health_score = static_cast<std::uint8_t>(s.health.score(now));
    out.patience = static_cast<std::uint8_t>(s.patience);
    out.routes.clear();
    out.peers.clear();
    if (!s.role.is_first()) return;  // the first worker's say all
    for (std::uint32_t slot = 0; slot < s.routes.slots(); ++slot) {
        if (out.routes.size() == out.routes.capacity()) break;
        if (s.routes[slot] == nullptr) continue;
        state_->join_counts(slot);
        RouteReport report = s.routes[slot]->report();
        s.report_use(now, report);
        s.routes[slot]->report_damping(now, s.plan.damping, report);
        out.routes.push_back(report);
    }
    for (std::size_t i = 0; i < s.peers.size() && out.peers.size() < out.peers.capacity(); ++i)
        out.peers.push_back({s.plan_peers[i].id, is_reachable(s.plan_peers[i].id), s.peers[i].since,
                             s.peers[i].selected, s.peers[i].relay});
}

}  // namespace netft::core
