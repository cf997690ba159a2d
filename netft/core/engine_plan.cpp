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
    s.reconcile_peers(now, next);
    s.reconcile_routes(now, next);
    s.plan = next;
    s.rebuild_indexes();
    for (std::uint32_t peer = 0; peer < s.peers.size(); ++peer) {
        s.choose_session(now, peer);
        s.settle_peer(now, peer);
    }
}

// Moves what is known of each peer to its slot in the new plan.
void Engine::State::reconcile_peers(TimePoint now, const Plan& next) {
    std::vector<EnginePeer> kept(next.peers.size());
    for (std::size_t i = 0; i < next.peers.size(); ++i) {
        std::uint32_t old = peer_slot(next.peers[i].id);
        if (old != Path::kNoRoute)
            kept[i] = std::move(peers[old]);
        else
            kept[i].since = now;
        // The index of the session sent on may move; remember it by its own index.
        std::optional<SessionIndex> sending;
        if (kept[i].sending) sending = kept[i].sessions[*kept[i].sending].plan.local;
        std::vector<EngineSession> sessions;
        for (const PlanSession& session : next.peers[i].sessions)
            sessions.push_back(carried_over(kept[i].sessions, session));
        kept[i].sessions = std::move(sessions);
        kept[i].sending.reset();
        for (std::size_t k = 0; k < kept[i].sessions.size(); ++k)
            if (sending && kept[i].sessions[k].plan.local == *sending) kept[i].sending = k;
        kept[i].routes.clear();
    }
    peers = std::move(kept);
    peer_slot_of.assign(peer_slot_of.size(), Path::kNoRoute);
    for (std::uint32_t i = 0; i < next.peers.size(); ++i) {
        std::size_t id = next.peers[i].id.value;
        if (id >= peer_slot_of.size()) peer_slot_of.resize(id + 1, Path::kNoRoute);
        peer_slot_of[id] = i;
    }
}

void Engine::State::reconcile_routes(TimePoint now, const Plan& next) {
    std::vector<std::unique_ptr<Route>> kept;
    for (const PlanRoute& wanted : next.routes) {
        if (peer_slot(wanted.peer) == Path::kNoRoute) continue;
        auto old = route_slot_of.find(wanted.id);
        bool same = old != route_slot_of.end() && routes[old->second] != nullptr &&
                    routes[old->second]->plan().remote == wanted.remote &&
                    routes[old->second]->plan().local == wanted.local;
        if (same) {
            kept.push_back(std::move(routes[old->second]));
            if (!shutting_down) kept.back()->configure(now, wanted);
            continue;
        }
        std::uint64_t base = std::uint64_t{++generation} << 32;
        kept.push_back(std::make_unique<Route>(wanted, now, base));
        kept.back()->set_patience(patience);
    }
    routes = std::move(kept);
}

void Engine::State::rebuild_indexes() {
    paths.clear();
    route_slot_of.clear();
    sessions.clear();
    peer_of_mac.clear();
    route_timers.resize(routes.size());
    peer_timers.resize(peers.size());
    is_queued.assign(routes.size(), false);
    // Each route at most once by itself, and its notices over every other route of its peer.
    transmits = std::make_unique<Fifo<QueuedTransmit>>(routes.size() * 4 + 64);
    candidates.reserve(routes.size());
    for (std::uint32_t slot = 0; slot < routes.size(); ++slot) {
        const RoutePlan& route = routes[slot]->plan();
        paths[PathKey{route.local, route.remote}] = slot;
        route_slot_of[route.id] = slot;
        peers[peer_slot(route.peer)].routes.push_back(slot);
    }
    for (std::uint32_t slot = 0; slot < peers.size(); ++slot) {
        for (std::uint32_t i = 0; i < peers[slot].sessions.size(); ++i)
            sessions[peers[slot].sessions[i].plan.local] = {slot, i};
        for (const MacAddress& mac : {plan.peers[slot].mac, plan.peers[slot].alias})
            if (!mac.is_zero()) peer_of_mac[mac_key(mac)] = slot;
    }
}

// Sends on the newest session that may be sent on; tells the routes what that means for them.
void Engine::State::choose_session(TimePoint now, std::uint32_t peer_slot) {
    EnginePeer& peer = peers[peer_slot];
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < peer.sessions.size(); ++i) {
        const EngineSession& candidate = peer.sessions[i];
        if (!candidate.plan.confirmed && !candidate.shown) continue;
        if (!best || candidate.plan.serial > peer.sessions[*best].plan.serial) best = i;
    }
    peer.sending = best;
    if (best && peer.sessions[*best].plan.incarnation != peer.incarnation) {
        peer.incarnation = peer.sessions[*best].plan.incarnation;
        peer.data_window.reset();
        peer.control_window.reset();
        peer.heartbeat_windows.reset();
        for (std::uint32_t slot : peer.routes) routes[slot]->handle_peer_restart(now);
    }
    for (std::uint32_t slot : peer.routes)
        routes[slot]->handle_session(now, best.has_value(), Diagnostic::session_lost);
}

}  // namespace netft::core
