// How the engine takes a new plan: what exists already keeps its state, what is new begins down,
// what is gone is dropped. The only place of the engine that allocates.
#include <algorithm>

#include "netft/core/engine_state.hpp"

namespace netft::core {

namespace {

// A session in the new plan, with what is known of it.
EngineSession carried_over(const std::vector<EngineSession>& known, const PlanSession& plan) {
    EngineSession session;
    for (const EngineSession& old : known)
        if (old.plan.local == plan.local) session = old;
    session.plan = plan;
    return session;
}

}  // namespace

void Engine::handle_plan(TimePoint now, const Plan& next) {
    State& s = *state_;
    ++s.plans;
    s.take_settings(now, next);
    s.reconcile_peers(now, next);
    s.make_room_for_relays(now);
    s.reconcile_routes(now, next);
    for (std::uint32_t peer = 0; peer < s.peers.size(); ++peer) {
        if (!s.peers[peer].is_unsettled) continue;
        s.peers[peer].is_unsettled = false;
        s.peers[peer].heartbeat_windows.reserve(s.peers[peer].routes.size());
        s.candidates.reserve(s.peers[peer].routes.size());
        s.apply_policies(peer);
        s.choose_session(now, peer);
        s.settle_peer(now, peer);
    }
    s.settle_relays(now);
}

void Engine::State::take_settings(TimePoint now, const PlanSettings& next) {
    PlanSettings known = plan;
    plan = next;
    for (std::uint32_t slot = 0; known.damping != next.damping && slot < routes.slots(); ++slot)
        if (routes[slot] != nullptr) routes[slot]->change_damping(now, known.damping, next.damping);
    known.version = next.version;
    if (known == next) return;
    for (EnginePeer& peer : peers) peer.is_unsettled = true;
}

void Engine::State::reconcile_peers(TimePoint now, const Plan& next) {
    bool same_slots =
        std::equal(plan_peers.begin(), plan_peers.end(), next.peers.begin(), next.peers.end(),
                   [](const PlanPeer& a, const PlanPeer& b) { return a.id == b.id; });
    if (!same_slots) move_peers(now, next);
    for (std::uint32_t slot = 0; slot < next.peers.size(); ++slot)
        if (plan_peers[slot] != next.peers[slot]) update_peer(slot, next.peers[slot]);
}

void Engine::State::park_peers(const Plan& next) {
    std::vector<bool> stays(peer_slot_of.size());
    for (const PlanPeer& peer : next.peers)
        if (peer.id.value < stays.size()) stays[peer.id.value] = true;
    for (std::uint32_t slot = 0; slot < peers.size(); ++slot) {
        PeerId id = plan_peers[slot].id;
        if (stays[id.value]) continue;
        if (id.value >= parked.size()) parked.resize(id.value + std::size_t{1});
        parked[id.value] = {peers[slot].data_counter, peers[slot].relay_counter};
        // Should it come back, the other workers must not follow what was.
        if (role.workers > 1 && role.is_first()) role.board->make_line(id).publish({});
    }
}

// Other nodes, or another order of them: rare, and all is indexed anew.
void Engine::State::move_peers(TimePoint now, const Plan& next) {
    park_peers(next);
    std::vector<EnginePeer> kept(next.peers.size());
    std::vector<PlanPeer> kept_plans(next.peers.size());
    for (std::size_t i = 0; i < next.peers.size(); ++i) {
        std::uint32_t old = peer_slot(next.peers[i].id);
        kept_plans[i].id = next.peers[i].id;
        kept[i].since = now;
        if (old != Path::kNoRoute) {
            kept[i] = std::move(peers[old]);
            kept_plans[i] = std::move(plan_peers[old]);
        } else if (std::size_t id = next.peers[i].id.value; id < parked.size()) {
            kept[i].data_counter = parked[id].data;
            kept[i].relay_counter = parked[id].relay;
        }
        if (!role.is_first())
            kept[i].tally = &role.board->make_tally(role.worker, next.peers[i].id);
        kept[i].is_unsettled = true;
    }
    for (std::uint32_t slot = 0; slot < peers.size(); ++slot) peer_timers.set(slot, {});
    peer_timers.grow(kept.size());
    peers = std::move(kept);
    plan_peers = std::move(kept_plans);
    peer_slot_of.assign(peer_slot_of.size(), Path::kNoRoute);
    sessions.clear();
    peer_of_mac.clear();
    peer_of_node.clear();
    for (std::uint32_t slot = 0; slot < peers.size(); ++slot) {
        std::size_t id = plan_peers[slot].id.value;
        if (id >= peer_slot_of.size()) peer_slot_of.resize(id + 1, Path::kNoRoute);
        peer_slot_of[id] = slot;
        index_peer(slot);
    }
}

void Engine::State::update_peer(std::uint32_t peer_slot, const PlanPeer& next) {
    EnginePeer& peer = peers[peer_slot];
    peer.is_unsettled = true;
    unindex_peer(peer_slot);
    if (plan_peers[peer_slot].undamped != next.undamped)
        for (std::uint32_t slot : peer.routes) routes[slot]->undamp();
    plan_peers[peer_slot] = next;
    // The place of the session sent on may move; remember it by its own index.
    std::optional<SessionIndex> sending;
    if (peer.sending) sending = peer.sessions[*peer.sending].plan.local;
    std::vector<EngineSession> carried;
    for (const PlanSession& session : next.sessions)
        carried.push_back(carried_over(peer.sessions, session));
    peer.sessions = std::move(carried);
    peer.sending.reset();
    for (std::size_t i = 0; i < peer.sessions.size(); ++i)
        if (sending && peer.sessions[i].plan.local == *sending) peer.sending = i;
    index_peer(peer_slot);
}

void Engine::State::index_peer(std::uint32_t peer_slot) {
    const EnginePeer& peer = peers[peer_slot];
    for (std::uint32_t i = 0; i < peer.sessions.size(); ++i)
        sessions.insert(FlatIndex::hash_of(peer.sessions[i].plan.local.value),
                        packed({peer_slot, i}));
    for (const MacAddress& mac : {plan_peers[peer_slot].mac, plan_peers[peer_slot].alias})
        if (!mac.is_zero()) peer_of_mac.insert(FlatIndex::hash_of(mac_key(mac)), peer_slot);
    if (plan_peers.size() > kReachNodesMax) return;  // nobody relays
    peer_of_node.insert(FlatIndex::hash_of(node_id_of(plan_peers[peer_slot].ipv6).value),
                        peer_slot);
}

void Engine::State::unindex_peer(std::uint32_t peer_slot) {
    const EnginePeer& peer = peers[peer_slot];
    for (std::uint32_t i = 0; i < peer.sessions.size(); ++i)
        sessions.erase(FlatIndex::hash_of(peer.sessions[i].plan.local.value),
                       packed({peer_slot, i}));
    for (const MacAddress& mac : {plan_peers[peer_slot].mac, plan_peers[peer_slot].alias})
        if (!mac.is_zero()) peer_of_mac.erase(FlatIndex::hash_of(mac_key(mac)), peer_slot);
    peer_of_node.erase(FlatIndex::hash_of(node_id_of(plan_peers[peer_slot].ipv6).value), peer_slot);
}

void Engine::State::reconcile_routes(TimePoint now, const Plan& next) {
    bool removed = false;
    for (const PlanRoute& wanted : next.routes)
        if (peer_slot(wanted.peer) != Path::kNoRoute) removed |= reconcile_route(now, wanted);
    for (std::uint32_t slot = 0; slot < routes.slots(); ++slot) {
        if (routes[slot] == nullptr || seen_in[slot] == plans) continue;
        remove_route(slot);
        removed = true;
    }
    if (removed || transmits.capacity() < routes.live() * 2) queue_all_again();
}

// True: a route of that id is gone, and what waits may speak of it.
bool Engine::State::reconcile_route(TimePoint now, const PlanRoute& wanted) {
    std::uint32_t slot = route_slot(wanted.id);
    bool removed = false;
    if (slot != Path::kNoRoute) {
        const RoutePlan& known = routes[slot]->plan();
        if (known.remote != wanted.remote || known.local != wanted.local ||
            known.peer != wanted.peer) {
            remove_route(slot);
            slot = Path::kNoRoute;
            removed = true;
        }
    }
    if (slot == Path::kNoRoute) {
        add_route(now, wanted);
        return removed;
    }
    seen_in[slot] = plans;
    if (shutting_down || routes[slot]->plan() == RoutePlan(wanted)) return false;
    routes[slot]->configure(now, wanted);
    peers[peer_slot(wanted.peer)].is_unsettled = true;
    return false;
}

void Engine::State::add_route(TimePoint now, const PlanRoute& wanted) {
    std::uint64_t base = std::uint64_t{++generation} << 32;
    std::uint32_t slot = routes.emplace(wanted, now, base);
    routes[slot]->set_patience(patience);
    make_room();
    if (!watches.empty()) watches[slot].reset();
    if (role.is_first())
        join_counts(slot);
    else
        tallies[slot] = &role.board->make_tally(role.worker, wanted.id);
    seen_in[slot] = plans;
    if (wanted.id.value >= route_slot_of.size())
        route_slot_of.resize(wanted.id.value + std::size_t{1}, Path::kNoRoute);
    route_slot_of[wanted.id.value] = slot;
    paths.insert(hash_of_path(wanted.local, wanted.remote, path_secret), slot);
    EnginePeer& peer = peers[peer_slot(wanted.peer)];
    if (peer.routes.size() == peer.routes.capacity()) peer.routes.reserve(peer.routes.size() + 4);
    peer.routes.push_back(slot);
    peer.is_unsettled = true;
}

// Its peer may be gone already.
void Engine::State::remove_route(std::uint32_t slot) {
    const RoutePlan& gone = routes[slot]->plan();
    paths.erase(hash_of_path(gone.local, gone.remote, path_secret), slot);
    route_slot_of[gone.id.value] = Path::kNoRoute;
    route_timers.set(slot, {});
    if (std::uint32_t at = peer_slot(gone.peer); at != Path::kNoRoute) {
        std::erase(peers[at].routes, slot);
        peers[at].is_unsettled = true;
    }
    routes.erase(slot);
}

// What is kept by slot.
void Engine::State::make_room() {
    if (seen_in.size() == routes.slots()) return;
    seen_in.resize(routes.slots());
    is_queued.resize(routes.slots());
    if (!role.is_first()) tallies.resize(routes.slots());
    if (role.is_first() && role.workers > 1)
        watches.resize(routes.slots(), SourceWatch(role.workers));
    route_timers.grow(routes.slots());
}

// Nothing in the queue may speak of a route that is gone. Each route is in it at most once by
// itself, and its notices over other routes of its peer.
void Engine::State::queue_all_again() {
    transmits.reset(routes.live() * 2 + 64);
    is_queued.assign(is_queued.size(), false);
    for (std::uint32_t slot = 0; slot < routes.slots(); ++slot)
        if (routes[slot] != nullptr) queue_transmit(slot);
}

// Sends on the newest session that may be sent on; tells the routes what that means for them.
void Engine::State::choose_session(TimePoint now, std::uint32_t peer_slot) {
    EnginePeer& peer = peers[peer_slot];
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < peer.sessions.size(); ++i) {
        const EngineSession& candidate = peer.sessions[i];
        if ((!candidate.plan.confirmed && !candidate.shown) || candidate.is_over) continue;
        if (!best || candidate.plan.serial > peer.sessions[*best].plan.serial) best = i;
    }
    peer.sending = best;
    if (best && peer.sessions[*best].plan.incarnation != peer.incarnation) {
        for (EngineSession& session : peer.sessions)
            session.is_over |= session.plan.incarnation == peer.incarnation;
        peer.incarnation = peer.sessions[*best].plan.incarnation;
        peer.pulse.reset();
        peer.data_windows.reset();
        peer.control_window.reset();
        peer.heartbeat_windows.reset();
        if (peer.relaying) peer.relaying->forget();
        if (role.is_first())
            for (std::uint32_t slot : peer.routes) routes[slot]->handle_peer_restart(now);
    }
    if (!role.is_first()) return;
    for (std::uint32_t slot : peer.routes)
        routes[slot]->handle_session(now, best.has_value(), Diagnostic::session_lost);
}

}  // namespace netft::core
