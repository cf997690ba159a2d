// How the engines of several workers go together: the first one's publishes what carries a peer's
// traffic, the others' look, and count for it what they send and receive.
#include <algorithm>
#include <bit>

#include "netft/core/engine_state.hpp"

namespace netft::core {

// --- the first worker's

void Engine::State::publish_selection(std::uint32_t peer_slot) {
    if (role.workers == 1) return;
    const EnginePeer& peer = peers[peer_slot];
    PeerSelection selection;
    selection.count = peer.target_count;
    selection.copied_count = peer.copied_count;
    selection.is_suspect = peer.is_suspect;
    selection.is_sick = peer.is_sick;
    selection.datagram_bytes = peer.datagram_bytes;
    selection.generation = peer.generation;
    std::uint32_t relay = peer.relay ? this->peer_slot(*peer.relay) : Path::kNoRoute;
    if (relay != Path::kNoRoute && peers[relay].relaying) {
        selection.relay = peer.relay;
        selection.relay_bytes = peers[relay].relaying->datagram_bytes_max;
    }
    if (peer.target_count > 0) selection.broken_sources = routes[peer.targets[0]]->broken_sources();
    selection.copied_until = peer.copied_until;
    if (peer.sending) selection.session = peer.sessions[*peer.sending].plan.local;
    for (std::size_t i = 0; i < peer.target_count; ++i) {
        Share& share = selection.routes[i];
        share = {routes[peer.targets[i]]->plan().id, 0, false};
        if (routes[peer.targets[i]]->is_single())
            selection.single |= static_cast<std::uint8_t>(1u << i);
        if (!peer.spread) continue;
        for (const Share& known : peer.spread->shares)
            if (known.route == share.route) share = known;
    }
    role.board->make_line(plan_peers[peer_slot].id).publish(selection);
}

// Those whose traffic this one carries.
void Engine::State::publish_relayed(PeerId relay) {
    for (std::uint32_t slot = 0; slot < peers.size(); ++slot)
        if (peers[slot].relay == relay) publish_selection(slot);
}

// What other workers have sent and received on the route is the route's, too.
void Engine::State::join_counts(std::uint32_t slot) {
    if (role.workers == 1 || !role.is_first()) return;
    RouteCounts counts = role.board->take_counts(routes[slot]->plan().id);
    routes[slot]->join_data(counts);
}

PeerCounts Engine::State::counts_of(std::uint32_t peer_slot) const {
    PeerCounts counts;
    if (role.workers > 1) counts = role.board->counts_of(plan_peers[peer_slot].id);
    counts.sent += peers[peer_slot].data_sent;
    counts.taken += peers[peer_slot].data_taken;
    return counts;
}

// From which source port a heartbeat goes. What is not regular goes from the first, as it does with
// one worker, or where that is broken from the first that is not.
std::uint8_t Engine::State::watch_sent(std::uint32_t slot, std::uint64_t counter, bool is_regular) {
    if (role.workers == 1) return 0;
    watches[slot].handle_sent(counter, is_regular);
    if (is_regular) return SourceWatch::source_of(counter, role.workers);
    return sound_source(slot);
}

std::uint8_t Engine::State::sound_source(std::uint32_t slot) const {
    return static_cast<std::uint8_t>(std::countr_one(routes[slot]->broken_sources()));
}

std::uint8_t Engine::sound_source(const Path& path) const {
    return path.route == Path::kNoRoute ? std::uint8_t{0} : state_->sound_source(path.route);
}

Endpoint Engine::far_end(const Path& path) const {
    return path.route == Path::kNoRoute ? path.remote : state_->routes[path.route]->plan().remote;
}

// True: another source port is broken, or sound again.
bool Engine::State::watch_report(std::uint32_t slot, const Heartbeat& heartbeat) {
    if (role.workers == 1) return false;
    SourceWatch& watch = watches[slot];
    Route& route = *routes[slot];
    if (!route.is_up()) watch.reset();
    watch.handle_report(heartbeat.highest_counter, heartbeat.heartbeats_received);
    bool is_other = watch.broken() != route.broken_sources();
    route.set_broken_sources(watch.broken());
    return is_other;
}

// Each worker sends from its own source port, or where that is broken from one that is not. Of the
// other routes than the selected one only the first worker knows.
std::uint8_t Engine::State::source_for(const EnginePeer& peer, std::size_t target) const {
    std::uint16_t broken = 0;
    if (role.is_first())
        broken = routes[peer.targets[target]]->broken_sources();
    else if (target == 0)
        broken = peer.broken_sources;
    auto own = static_cast<std::uint8_t>(role.worker);
    if ((broken >> own & 1) == 0) return own;
    return static_cast<std::uint8_t>(std::countr_one(broken));
}

// --- the others'

// Before each use: costs a look at one line that is in this processor's cache until it changes.
void Engine::State::follow(std::uint32_t peer_slot) {
    EnginePeer& peer = peers[peer_slot];
    if (peer.line == nullptr) peer.line = role.board->find_line(plan_peers[peer_slot].id);
    PeerSelection selection;
    if (peer.line != nullptr && peer.line->read(peer.line_seen, selection))
        take_selection(peer_slot, selection);
}

// After a new plan: what is known may name routes that are gone.
void Engine::State::follow_anew(std::uint32_t peer_slot) {
    EnginePeer& peer = peers[peer_slot];
    peer.target_count = peer.copied_count = 0;
    peer.selected.reset();
    peer.relay.reset();
    peer.line_seen = 0;
    follow(peer_slot);
}

// The first worker may be a plan ahead or behind: of what we do not know the same way, nothing.
void Engine::State::take_selection(std::uint32_t peer_slot, const PeerSelection& selection) {
    EnginePeer& peer = peers[peer_slot];
    peer.is_suspect = selection.is_suspect;
    peer.is_sick = selection.is_sick;
    peer.datagram_bytes = selection.datagram_bytes;
    peer.broken_sources = selection.broken_sources;
    peer.relay = selection.relay;
    peer.relay_bytes = selection.relay_bytes;
    peer.copied_until = selection.copied_until;
    if (peer.generation != selection.generation) begin_generation(peer);
    peer.generation = selection.generation;
    peer.target_count = peer.copied_count = 0;
    std::size_t place = 0;
    if (peer.spread) peer.spread->shares.clear();
    for (const Share& share : std::span(selection.routes).first(selection.count)) {
        bool is_copied = place < selection.copied_count;
        bool is_single = (selection.single >> place++ & 1) != 0;
        std::uint32_t slot = route_slot(share.route);
        if (slot == Path::kNoRoute || routes[slot]->plan().peer != plan_peers[peer_slot].id)
            continue;
        routes[slot]->set_single(is_single);
        peer.targets[peer.target_count++] = slot;
        if (is_copied) peer.copied_count = peer.target_count;
        if (peer.spread && share.weight > 0) peer.spread->shares.push_back(share);
    }
    peer.selected.reset();
    if (peer.target_count > 0) peer.selected = routes[peer.targets[0]]->plan().id;
    take_session(peer_slot, selection.session);
}

// The peer has shown it to the first worker: that is as good as to us.
void Engine::State::take_session(std::uint32_t peer_slot, SessionIndex local) {
    for (EngineSession& session : peers[peer_slot].sessions) {
        if (session.plan.local != local || session.shown || session.plan.confirmed) continue;
        session.shown = true;
        choose_session({}, peer_slot);
    }
}

}  // namespace netft::core
