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
                   : s.receive_control(*header, *ref);
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

Verdict Engine::State::receive_heartbeat(TimePoint now, const Path& path, const Header& header,
                                         Bytes payload) {
    auto heartbeat = decode_heartbeat(payload);
    if (!heartbeat)
        return drop(payload.size() < kHeartbeatSize ? DropReason::rx_truncated
                                                    : DropReason::rx_malformed);
    if (heartbeat->sender_route.value != header.space) return drop(DropReason::rx_malformed);
    auto ref = find_session(header);
    if (!ref) return drop(DropReason::rx_no_session);
    show_session(now, *ref);
    // A straggler of the peer's former life must not speak for the new one.
    EnginePeer& peer = peers[ref->peer];
    if (peer.sessions[ref->session].plan.incarnation != peer.incarnation)
        return drop(DropReason::rx_no_session);
    DropReason why{};
    std::uint32_t slot = route_of_heartbeat(path, *heartbeat, why);
    if (slot == Path::kNoRoute) return drop(why);
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
    settle_route(now, slot);
    if (has_news) publish_selection(ref->peer);
    if (has_few_routes()) transmit_early(now, slot);
    return {};
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
    if (peer.sessions[ref.session].plan.incarnation != peer.incarnation)
        return drop(DropReason::rx_no_session);
    auto fresh = peer.data_windows.take(header.space / role.workers, header.counter);
    // A copy has come over this route as much as the first: it counts for what the route loses.
    if (path.route != Path::kNoRoute && routes[path.route]->plan().peer == plan_peers[ref.peer].id)
        count_data_received(now, path.route, header, fresh == session::Freshness::fresh);
    if (fresh != session::Freshness::fresh) return drop(reason_of(fresh));
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

Verdict Engine::State::receive_control(const Header& header, SessionRef ref) {
    EnginePeer& peer = peers[ref.peer];
    if (peer.sessions[ref.session].plan.incarnation != peer.incarnation)
        return drop(DropReason::rx_no_session);
    if (auto fresh = peer.control_window.take(header.counter); fresh != session::Freshness::fresh)
        return drop(reason_of(fresh));
    Verdict verdict;
    verdict.kind = Verdict::Kind::control;
    verdict.peer = plan_peers[ref.peer].id;
    return verdict;
}

}  // namespace netft::core
