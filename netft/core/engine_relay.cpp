// Relays: to whom a third node carries our traffic, for whom we carry that of others.
//
// A node that relays says so in its heartbeats, and says whom it reaches directly (reach messages,
// at each change and now and then). A peer without a direct route is given to one of those; back at
// once when a direct route is up. What is relayed is sealed by its two ends with their session and
// counters, so their data window drops whatever comes twice, by whatever way; the hops have a
// counter spaces and windows of their own. Of several workers the first chooses relays and is the
// one that relays; the others send by way of what it has chosen. Forwarded datagrams are never
// forwarded: no loop.
#include <algorithm>

#include "netft/core/engine_state.hpp"
#include "netft/core/frame_limits.hpp"

namespace netft::core {

namespace {

constexpr std::uint8_t kKindCardAck = 2;  // wire/control.hpp

}  // namespace

std::optional<RelayWay> Engine::relay_to(PeerId peer) const {
    const State& s = *state_;
    std::uint32_t slot = s.peer_slot(peer);
    if (slot == Path::kNoRoute) return {};
    if (!s.role.is_first()) state_->follow(slot);
    if (!s.peers[slot].relay) return {};
    PeerId relay = *s.peers[slot].relay;
    std::uint32_t relay_slot = s.peer_slot(relay);
    if (relay_slot == Path::kNoRoute) return {};
    std::uint16_t theirs = s.role.is_first() ? s.peers[relay_slot].relaying->datagram_bytes_max
                                             : s.peers[slot].relay_bytes;
    return RelayWay{relay, node_id_of(s.plan_peers[slot].ipv6),
                    std::min(s.plan.datagram_bytes_max, theirs)};
}

std::optional<TrainTicket> Engine::begin_relayed_train(PeerId peer, std::uint16_t datagrams) {
    State& s = *state_;
    std::uint32_t slot = s.peer_slot(peer);
    if (slot == Path::kNoRoute || !s.peers[slot].sending) return {};
    return s.take_counters(slot, datagrams, {});
}

std::optional<TrainTicket> Engine::begin_hop(TimePoint now, PeerId next, std::uint16_t datagrams) {
    State& s = *state_;
    std::uint32_t slot = s.peer_slot(next);
    if (slot == Path::kNoRoute) return {};
    EnginePeer& peer = s.peers[slot];
    if (!s.role.is_first()) s.follow(slot);
    if (peer.target_count == 0 || !peer.sending) return {};
    std::size_t count = 1;
    if (s.plan_peers[slot].traffic.policy == Policy::duplicate)
        count = peer.target_count;
    else if (!peer.is_calm(now) && peer.copies.take(now, s.copy_cost(datagrams)))
        count = peer.copied_count;
    for (std::size_t i = 0; i < count; ++i) s.take_destination(peer, i, i, datagrams);
    TrainTicket ticket = s.relay_ticket(slot, datagrams);
    ticket.destinations = std::span(s.destinations).first(count);
    return ticket;
}

TrainTicket Engine::State::relay_ticket(std::uint32_t slot, std::uint16_t datagrams) {
    EnginePeer& peer = peers[slot];
    const PlanSession& session = peer.sessions[*peer.sending].plan;
    TrainTicket ticket{{}, session.local, {}};
    ticket.header.type = MessageType::relay;
    ticket.header.space = static_cast<std::uint16_t>(role.worker);
    ticket.header.receiver = session.remote;
    ticket.header.counter = peer.relay_counter + 1;
    peer.relay_counter += datagrams;
    count_sealed(slot, datagrams);
    return ticket;
}

Verdict Engine::State::receive_relay(TimePoint now, const Path& path, const Header& header,
                                     SessionRef ref, Bytes payload) {
    EnginePeer& sender = peers[ref.peer];
    if (!is_of_this_life(ref)) return drop(DropReason::rx_no_session);
    Bytes rest;
    auto prefix = decode_relay_prefix(payload, rest);
    if (!prefix)
        return drop(payload.size() < kRelayPrefixSize ? DropReason::rx_truncated
                                                      : DropReason::rx_malformed);
    if (!is_relaying()) return drop(DropReason::relay_refused);
    if (prefix->kind == RelayKind::reach) return receive_reach(now, header, ref, rest);
    if (header.space >= kDataSpacesMax) return drop(DropReason::rx_malformed);
    auto fresh = sender.relaying->windows.take(header.space, header.counter);
    if (path.route != Path::kNoRoute && routes[path.route]->plan().peer == plan_peers[ref.peer].id)
        routes[path.route]->handle_relayed(fresh == session::Freshness::fresh);
    if (fresh != session::Freshness::fresh) return drop(reason_of(fresh));
    return relay_verdict(ref.peer, *prefix, rest);
}

Verdict Engine::State::relay_verdict(std::uint32_t sender, const RelayPrefix& prefix,
                                     Bytes inside) {
    DropReason why{};
    auto header = decode_header(inside, why);
    if (!header) return drop(why);
    if (header->type == MessageType::relay) return drop(DropReason::relay_loop);
    std::uint32_t other = slot_of_node(prefix.node);
    bool is_refused =
        other == Path::kNoRoute || other == sender || header->type == MessageType::heartbeat;
    if (is_refused) return drop(DropReason::relay_refused);
    Verdict verdict;
    verdict.kind = Verdict::Kind::relayed;
    verdict.peer = plan_peers[other].id;
    verdict.relay = plan_peers[sender].id;
    verdict.body = inside;
    if (prefix.kind == RelayKind::forwarded) return verdict;
    const EnginePeer& target = peers[other];
    if (target.target_count == 0 || !target.sending || !target.relaying->understands) {
        want_reach(sender);  // it believes what was true before
        return drop(DropReason::relay_no_route);
    }
    verdict.kind = Verdict::Kind::forward;
    verdict.origin = node_id_of(plan_peers[sender].ipv6);
    return verdict;
}

Verdict Engine::handle_relayed(TimePoint now, PeerId origin, Bytes datagram) {
    State& s = *state_;
    DropReason why{};
    auto header = decode_header(datagram, why);
    if (!header) return s.drop(why);
    bool is_sealed = header->type == MessageType::data || header->type == MessageType::control;
    if (!is_sealed) {
        if (header->type >= MessageType::heartbeat) return s.drop(DropReason::relay_refused);
        Verdict verdict;  // initiation, response, cookie
        verdict.kind = Verdict::Kind::control;
        verdict.peer = origin;
        return verdict;
    }
    auto ref = s.find_session(*header);
    if (!ref) return s.drop(DropReason::rx_no_session);
    if (s.plan_peers[ref->peer].id != origin) return s.drop(DropReason::relay_refused);
    s.show_session(now, *ref);
    Bytes payload = datagram.subspan(kHeaderSize);
    return header->type == MessageType::data
               ? s.receive_data(now, {}, *header, *ref, payload)
               : s.receive_relayed_control(now, *header, *ref, payload);
}

// An acknowledgement answers a card, and that came by the relay.
Verdict Engine::State::receive_relayed_control(TimePoint now, const Header& header, SessionRef ref,
                                               Bytes payload) {
    Verdict verdict = receive_control(now, header, ref);
    bool is_answer =
        verdict.kind == Verdict::Kind::control && !payload.empty() && payload[0] == kKindCardAck;
    EnginePeer& peer = peers[ref.peer];
    if (!is_answer || !peer.relaying || !peer.relay) return verdict;
    peer.relaying->watch.begin(counts_of(ref.peer).sent);
    peer.relaying->watch.forgive(*peer.relay);
    return verdict;
}

Verdict Engine::State::receive_reach(TimePoint now, const Header& header, SessionRef ref,
                                     Bytes rest) {
    PeerRelaying& relaying = *peers[ref.peer].relaying;
    auto reach = decode_reach(rest);
    if (!reach) return drop(DropReason::rx_malformed);
    if (header.counter <= relaying.reach_counter) return drop(DropReason::rx_too_old);
    relaying.reach_counter = header.counter;
    std::uint16_t size = std::max(reach->datagram_bytes_max, kRelayedBytesMin);
    bool is_other_size = relaying.datagram_bytes_max != size;
    relaying.datagram_bytes_max = size;
    if (is_other_size) publish_relayed(plan_peers[ref.peer].id);
    relaying.reaches.clear();
    for (std::size_t i = 0; i < reach->count(); ++i) {
        if (relaying.reaches.size() == relaying.reaches.capacity()) break;
        if (slot_of_node(reach->node(i)) != Path::kNoRoute)
            relaying.reaches.push_back(reach->node(i));
    }
    std::sort(relaying.reaches.begin(), relaying.reaches.end());
    mark_relays(now);
    return {};
}

void Engine::State::note_relay_flag(TimePoint now, std::uint32_t slot, std::uint8_t flags) {
    bool understands = (flags & kFlagRelays) != 0;
    if (!is_relaying() || peers[slot].relaying->understands == understands) return;
    peers[slot].relaying->understands = understands;
    mark_relays(now);
}

// Who is relayed by whom is settled once a cycle, by handle_timers().
void Engine::State::mark_relays(TimePoint now) {
    if (!is_relaying()) return;
    relays_at = relays_at ? std::min(*relays_at, now) : now;
}

void Engine::State::handle_relay_timers(TimePoint now) {
    if (relay_look && *relay_look <= now) watch_relays(now);
    if (relays_at && *relays_at <= now) settle_relays(now);
    if (!reach.is_due(now)) return;
    for (std::uint32_t slot = 0; slot < peers.size(); ++slot) want_reach(slot);
    Duration repeat =
        std::max<Duration>(ReachSchedule::kRepeat,
                           ReachSchedule::kRepeatPerPeer * static_cast<std::int64_t>(peers.size()));
    reach.at =
        now +
        (reach.round < ReachSchedule::kQuick ? ReachSchedule::kFirst * (1 << reach.round) : repeat);
    reach.round = std::min(reach.round + 1, ReachSchedule::kQuick + 1);
}

std::optional<TimePoint> Engine::State::relay_deadline() const {
    std::optional<TimePoint> soonest = relays_at;
    for (const auto& other : {reach.at, relay_look})
        if (other && (!soonest || *other < *soonest)) soonest = other;
    return soonest;
}

void Engine::State::settle_relays(TimePoint now) {
    if (!role.is_first()) return;
    relays_at.reset();
    relay_slots.clear();
    reach_scratch.clear();
    for (std::uint32_t slot = 0; is_relaying() && slot < peers.size(); ++slot) {
        const EnginePeer& peer = peers[slot];
        if (peer.target_count == 0 || !peer.sending) continue;
        peer.relaying->may_from = {};  // met: the next loss of it is one
        if (!peer.relaying->understands) continue;
        reach_scratch.push_back(node_id_of(plan_peers[slot].ipv6));
        if (!peer.relaying->reaches.empty()) relay_slots.push_back(slot);
    }
    std::sort(reach_scratch.begin(), reach_scratch.end());
    if (reach_scratch != reach.nodes) {
        reach.nodes.swap(reach_scratch);
        reach.round = 0;
        reach.at = now;
    }
    if (reach.nodes.empty()) reach.at.reset();  // nobody to be told
    for (std::uint32_t slot = 0; slot < peers.size(); ++slot) {
        EnginePeer& peer = peers[slot];
        if (peer.target_count == 0) apply_selection(now, slot, {}, find_relay(now, slot));
        if (peer.relay && !relay_look) relay_look = now + RelayWatch::kLook;
    }
}

// Of each peer that is relayed to. Another look follows while there is one.
void Engine::State::watch_relays(TimePoint now) {
    relay_look.reset();
    for (std::uint32_t slot = 0; slot < peers.size(); ++slot) {
        EnginePeer& peer = peers[slot];
        if (!peer.relay || !peer.relaying) continue;
        relay_look = now + RelayWatch::kLook;
        RelayWatch& watch = peer.relaying->watch;
        if (counts_of(slot).sent == watch.sent_then) continue;
        if (!watch.since) watch.since = now;
        Duration silence = now - *watch.since;
        if (silence >= RelayWatch::kAsk) emit(RelaySilent{plan_peers[slot].id});
        bool is_first_to_leave = node_id_of(plan.adapter.ipv6) < node_id_of(plan_peers[slot].ipv6);
        if (silence < (is_first_to_leave ? RelayWatch::kLeave : RelayWatch::kLeaveLater)) continue;
        watch.shun(now, *peer.relay);
        watch.begin(counts_of(slot).sent);
        mark_relays(now);
    }
}

// nullopt: no relay, or none needed.
std::optional<PeerId> Engine::State::find_relay(TimePoint now, std::uint32_t slot) {
    if (peers[slot].target_count > 0 || !is_relaying()) return {};
    PeerRelaying& relaying = *peers[slot].relaying;
    if (now < relaying.may_from) {
        relays_at = relays_at ? std::min(*relays_at, relaying.may_from) : relaying.may_from;
        return {};
    }
    NodeId node = node_id_of(plan_peers[slot].ipv6);
    TimePoint least = TimePoint::max();  // of them all, who is shunned least
    relay_candidates.clear();
    for (std::uint32_t at : relay_slots) {
        const EnginePeer& relay = peers[at];
        const std::vector<NodeId>& reaches = relay.relaying->reaches;
        if (at == slot || relay.target_count == 0 || !relay.sending) continue;
        if (!std::binary_search(reaches.begin(), reaches.end(), node)) continue;
        TimePoint until = relaying.watch.shunned_until(now, plan_peers[at].id);
        if (until > least) continue;
        if (until < least) relay_candidates.clear();
        least = until;
        relay_candidates.push_back({plan_peers[at].id, relay.is_suspect || relay.is_sick,
                                    relay_rank(node_id_of(plan_peers[at].ipv6), node)});
    }
    return choose_relay(relay_candidates, peers[slot].relay);
}

// The peer is gone by its own word: who says that it reaches it will find out soon.
void Engine::State::note_goodbye(TimePoint now, std::uint32_t slot) {
    if (is_relaying()) peers[slot].relaying->may_from = now + PeerRelaying::kPatience;
}

void Engine::State::want_reach(std::uint32_t slot) {
    EnginePeer& peer = peers[slot];
    bool can_hear = peer.target_count > 0 && peer.sending && peer.relaying->understands;
    if (peer.relaying->wants_reach || !can_hear) return;
    peer.relaying->wants_reach = true;
    ++reach.wanted;
}

std::optional<ReachTransmit> Engine::poll_reach() {
    State& s = *state_;
    for (std::uint32_t slot = 0; s.reach.wanted > 0 && slot < s.peers.size(); ++slot) {
        EnginePeer& peer = s.peers[slot];
        if (!peer.relaying->wants_reach) continue;
        peer.relaying->wants_reach = false;
        --s.reach.wanted;
        if (peer.target_count == 0 || !peer.sending) continue;
        const RoutePlan& route = s.routes[peer.targets[0]]->plan();
        TrainTicket ticket = s.relay_ticket(slot, 1);
        ReachTransmit out{route.local, route.remote, ticket.session, 0, {}};
        ByteWriter writer(out.datagram);
        encode(ticket.header, writer);
        encode(RelayPrefix{RelayKind::reach, {}}, writer);
        encode_reach(s.plan.datagram_bytes_max, s.reach.nodes, writer);
        out.size = static_cast<std::uint16_t>(writer.size());
        return out;
    }
    s.reach.wanted = 0;
    return {};
}

// What allocates, with a new plan.
void Engine::State::make_room_for_relays(TimePoint now) {
    reach.wanted = 0;
    for (EnginePeer& peer : peers) {
        if (is_relaying() && !peer.relaying) {
            peer.relaying = std::make_unique<PeerRelaying>();
            peer.relaying->may_from = now + PeerRelaying::kPatience;
        }
        if (!is_relaying()) peer.relaying.reset();
        if (!peer.relaying) continue;
        peer.relaying->reaches.reserve(kReachNodesMax);
        reach.wanted += peer.relaying->wants_reach;
    }
    if (!is_relaying()) reach = {};
    for (auto* nodes : {&reach.nodes, &reach_scratch}) nodes->reserve(kReachNodesMax);
    relay_slots.reserve(kReachNodesMax);
    relay_candidates.reserve(kReachNodesMax);
    relay_slots.clear();  // they may have moved
}

std::uint32_t Engine::State::slot_of_node(NodeId node) const {
    return peer_of_node
        .find(
            FlatIndex::hash_of(node.value),
            [this, node](std::uint32_t slot) { return node_id_of(plan_peers[slot].ipv6) == node; })
        .value_or(Path::kNoRoute);
}

}  // namespace netft::core
