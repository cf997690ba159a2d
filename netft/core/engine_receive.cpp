// What the engine does with a datagram.
#include "netft/core/engine_state.hpp"

namespace netft::core {

DropReason Engine::State::reason_of(session::Freshness freshness) {
    return freshness == session::Freshness::duplicate ? DropReason::rx_duplicate
                                                      : DropReason::rx_too_old;
}

Verdict Engine::handle_datagram(TimePoint now, const Path& path, Bytes datagram) {
    State& s = *state_;
    DropReason why{};
    auto header = decode_header(datagram, why);
    if (!header) return s.drop(why);
    Bytes payload = datagram.subspan(kHeaderSize);
    bool is_data = header->type == MessageType::data;
    if (is_data ? !s.role.owns(header->space) : !s.role.is_first())
        return s.drop(DropReason::rx_wrong_worker);
    if (header->type == MessageType::heartbeat)
        return s.receive_heartbeat(now, path, *header, payload);
    if (header->type >= MessageType::data) {
        auto ref = s.find_session(*header);
        if (!ref) return s.drop(DropReason::rx_no_session);
        s.show_session(now, *ref);
        if (header->type == MessageType::data)
            return s.receive_data(now, path, *header, *ref, payload);
        return header->type == MessageType::relay
                   ? s.receive_relay(now, path, *header, *ref, payload)
                   : s.receive_control(now, *header, *ref);
    }
    Verdict verdict;  // initiation, response, cookie
    verdict.kind = Verdict::Kind::control;
    return verdict;
}

Verdict Engine::State::drop(DropReason reason) {
    drops.count(reason);
    Verdict verdict;
    verdict.kind = Verdict::Kind::dropped;
    verdict.drop = reason;
    return verdict;
}

std::optional<SessionRef> Engine::State::find_session(const Header& header) const {
    auto found = sessions.find(FlatIndex::hash_of(header.receiver.value));
    if (!found) return {};
    return unpacked(*found);
}

// The peer uses a session: from now on we may, too.
void Engine::State::show_session(TimePoint now, SessionRef ref) {
    EngineSession& session = peers[ref.peer].sessions[ref.session];
    if (session.shown) return;
    session.shown = true;
    if (!session.plan.confirmed) emit(SessionShown{plan_peers[ref.peer].id, session.plan.local});
    choose_session(now, ref.peer);
    settle_peer(now, ref.peer);
}

// The slot of the route that a heartbeat speaks of.
std::uint32_t Engine::State::route_of_heartbeat(const Path& path, const Heartbeat& heartbeat,
                                                DropReason& why) {
    why = DropReason::rx_unknown_path;
    if (heartbeat.notice) return route_slot(heartbeat.receiver_route);
    if (path.route == Path::kNoRoute) return Path::kNoRoute;
    bool names_another = heartbeat.receiver_route.value != 0 &&
                         heartbeat.receiver_route != routes[path.route]->plan().id;
    why = DropReason::rx_wrong_route;
    return names_another ? Path::kNoRoute : path.route;
}

// It is the peer's (it is sealed), and comes from where no endpoint of the peer's is. Told of the
// route that it should have come by, as far as that is not up: it knows its id, or the address is
// right and only the port is not, or nothing else of our endpoint's is down.
void Engine::State::tell_rewritten(TimePoint now, std::uint32_t peer_slot, const Path& path,
                                   const Heartbeat& heartbeat) {
    constexpr Duration kPause = 1s;
    EnginePeer& peer = peers[peer_slot];
    if (heartbeat.notice || now < peer.next_rewritten) return;
    const Route* likely = nullptr;
    int likeliness = -1;
    for (std::uint32_t slot : peer.routes) {
        const Route& route = *routes[slot];
        if (route.is_up() || route.plan().local != path.local) continue;
        int points = (route.plan().id == heartbeat.receiver_route ? 2 : 0) +
                     (route.plan().remote.address == path.remote.address ? 1 : 0);
        if (points > likeliness) likely = &route;
        likeliness = std::max(likeliness, points);
    }
    if (likely == nullptr) return;
    peer.next_rewritten = now + kPause;
    emit(SourceRewritten{now, likely->plan().id, path.remote});
}

Verdict Engine::State::receive_heartbeat(TimePoint now, const Path& path, const Header& header,
                                         Bytes payload) {
    auto heartbeat = decode_heartbeat(payload);
    if (!heartbeat)
        return drop(payload.size() < kHeartbeatSizeMin ? DropReason::rx_truncated
                                                       : DropReason::rx_malformed);
    if (heartbeat->sender_route.value != header.space) return drop(DropReason::rx_malformed);
    auto ref = find_session(header);
    if (!ref) return drop(DropReason::rx_no_session);
    show_session(now, *ref);
    // A straggler of the peer's former life must not speak for the new one.
    EnginePeer& peer = peers[ref->peer];
    if (!is_of_this_life(*ref)) return drop(DropReason::rx_no_session);
    DropReason why{};
    Path own_path{path.local, path.remote, route_slot(path, ref->peer)};
    std::uint32_t slot = route_of_heartbeat(own_path, *heartbeat, why);
    if (slot == Path::kNoRoute) {
        if (why == DropReason::rx_unknown_path) tell_rewritten(now, ref->peer, path, *heartbeat);
        return drop(why);
    }
    Route& route = *routes[slot];
    if (route.plan().peer != plan_peers[ref->peer].id) return drop(DropReason::rx_wrong_route);
    if (!route.is_far_end(*heartbeat)) return drop(DropReason::rx_wrong_route);
    auto fresh = peer.heartbeat_windows.take(header.space, header.counter);
    if (fresh == session::Freshness::duplicate) route.handle_duplicate(header.counter);
    if (fresh != session::Freshness::fresh) return drop(reason_of(fresh));
    note_relay_flag(now, ref->peer, header.flags);
    join_counts(slot);
    bool has_news = !heartbeat->notice && watch_report(slot, *heartbeat);
    std::uint32_t rtt_us = 0;
    if (heartbeat->notice)
        route.handle_notice(now, header.counter, *heartbeat);
    else
        rtt_us = route.handle_heartbeat(now, header.counter, *heartbeat,
                                        payload.size() >= kProbeSizeMin);
    if (tracing &&
        !trace.push(route.record(now, Direction::received, header.counter, *heartbeat, rtt_us)))
        drops.count(DropReason::control_queue_full);
    if (heartbeat->graceful_restart && !heartbeat->notice) excuse_peer(now, ref->peer);
    if (!heartbeat->notice) try_segmentation(now, slot, *heartbeat);
    settle_route(now, slot);
    if (!heartbeat->notice) feel_pulse(now, ref->peer, *heartbeat);
    if (has_news) publish_selection(ref->peer);
    if (has_few_routes()) transmit_early(now, slot);
    return {};
}

// All data lost, though heartbeats come through: the route in use is left, if there is another, and
// counters begin anew above all that the peer's windows can have seen. Where that was not it,
// control opens another session.
void Engine::State::feel_pulse(TimePoint now, std::uint32_t peer_slot, const Heartbeat& heartbeat) {
    EnginePeer& peer = peers[peer_slot];
    if (!heartbeat.data_taken || heartbeat.echo_time_ns == 0 || peer.target_count == 0) return;
    TimePoint echo{Duration(static_cast<Duration::rep>(heartbeat.echo_time_ns))};
    unsigned verdicts =
        peer.pulse.handle_report(now, echo, counts_of(peer_slot).sent, *heartbeat.data_taken);
    if (verdicts == 0) return;
    begin_generation(peer);
    ++peer.generation;
    publish_selection(peer_slot);
    if (verdicts > 1) emit(DataLost{plan_peers[peer_slot].id});
    std::uint32_t blamed = peer.targets[0];
    routes[blamed]->blame_data(now);
    settle_route(now, blamed);
}

// No counter is used twice: from here on they only rise.
void Engine::State::begin_generation(EnginePeer& peer) {
    for (std::uint64_t* counter : {&peer.data_counter, &peer.relay_counter})
        *counter = ((*counter >> 32) + 1) << 32;
}

// A node restarts, not a route: its word on one is good for all.
void Engine::State::excuse_peer(TimePoint now, std::uint32_t peer) {
    for (std::uint32_t slot : peers[peer].routes) {
        routes[slot]->handle_restart_announced(now);
        settle_route(now, slot);
    }
}

Verdict Engine::State::receive_data(TimePoint now, const Path& path, const Header& header,
                                    SessionRef ref, Bytes payload) {
    EnginePeer& peer = peers[ref.peer];
    auto prefix = decode_train_prefix(payload);
    if (!prefix || header.space >= kDataSpacesMax)
        return drop(payload.size() <= kTrainPrefixSize ? DropReason::rx_truncated
                                                       : DropReason::train_malformed);
    if (header.counter < prefix->index) return drop(DropReason::train_malformed);
    if (!is_of_this_life(ref)) return drop(DropReason::rx_no_session);
    auto fresh = peer.data_windows.take(header.space / role.workers, header.counter);
    // A copy has come over this route as much as the first: it counts for what the route loses.
    std::uint32_t route = route_slot(path, ref.peer);
    if (route != Path::kNoRoute && routes[route]->plan().peer == plan_peers[ref.peer].id)
        count_data_received(now, route, header, fresh == session::Freshness::fresh);
    if (fresh != session::Freshness::fresh) return drop(reason_of(fresh));
    ++peer.data_taken;
    if (peer.tally != nullptr) RouteTally::add(peer.tally->taken, 1);
    Verdict verdict;
    verdict.kind = Verdict::Kind::data;
    verdict.peer = plan_peers[ref.peer].id;
    verdict.session = header.receiver;
    verdict.space = header.space;
    verdict.train_id = header.counter - prefix->index;
    verdict.train = *prefix;
    verdict.body = payload.subspan(kTrainPrefixSize);
    return verdict;
}

Verdict Engine::State::receive_control(TimePoint now, const Header& header, SessionRef ref) {
    EnginePeer& peer = peers[ref.peer];
    if (!is_of_this_life(ref)) return drop(DropReason::rx_no_session);
    if (auto fresh = peer.control_window.take(header.counter); fresh != session::Freshness::fresh)
        return drop(reason_of(fresh));
    if (!peer.control_bucket.take(now, kControlRate)) return drop(DropReason::rx_rate_limited);
    Verdict verdict;
    verdict.kind = Verdict::Kind::control;
    verdict.peer = plan_peers[ref.peer].id;
    return verdict;
}

}  // namespace netft::core
