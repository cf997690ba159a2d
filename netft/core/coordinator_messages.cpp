// The coordinator's part in sessions and cards: what it sends and what it makes of what comes.
#include <algorithm>
#include <array>
#include <utility>

#include "netft/core/coordinator.hpp"

namespace netft::core {

namespace {

using Paths = std::vector<std::pair<EndpointId, Endpoint>>;

std::vector<std::uint8_t> opening_datagram(MessageType type, SessionIndex receiver,
                                           const Opening& opening) {
    std::vector<std::uint8_t> bytes(kHeaderSize + kOpeningSize);
    ByteWriter out(bytes);
    encode(Header{type, 0, 0, receiver, 0}, out);
    encode(opening, out);
    return bytes;
}

}  // namespace

// All routes that could carry something to the peer, the proven path first.
Paths Coordinator::paths_to(const Peer& peer) const {
    Paths paths;
    if (peer.last_path) paths.push_back(*peer.last_path);
    for (const routing::Route& route : tm_.routes()) {
        if (route.peer != peer.id || closed_ports_.contains(route.local_id)) continue;
        // A remote endpoint called unavailable may be back before its card says so.
        bool local_gone = !route.usable && route.reason != Diagnostic::remote_endpoint_unavailable;
        std::pair path(route.local_id, route.remote);
        if (!local_gone && std::find(paths.begin(), paths.end(), path) == paths.end())
            paths.push_back(path);
    }
    if (peer.relay) paths.emplace_back(kRelayedEndpoint, relayed_endpoint(peer.node.ipv6));
    return paths;
}

// A relayed one is no path of its own: the relay may be another the next time.
void Coordinator::remember_path(Peer& peer, EndpointId local, const Endpoint& remote) {
    if (local != kRelayedEndpoint) peer.last_path = {local, remote};
}

void Coordinator::send_initiation(TimePoint now, Peer& peer) {
    if (peer.opening.wants_fresh_initiation(now)) {
        peer.opening.renew_initiation(now, fresh_index());
        peer.handshake.pending.reset();
    }
    auto bytes = make_initiation(now, peer);
    peer.opening.count_try(now, random_);
    for (const auto& [local, remote] : paths_to(peer)) send_plain(local, remote, bytes);
}

std::vector<std::uint8_t> Coordinator::make_initiation(TimePoint now, Peer& peer) {
    SessionIndex index = *peer.opening.initiating();
    if (secure_) return make_handshake(now, peer, index);
    return opening_datagram(MessageType::initiation, SessionIndex(0), own_opening(peer, index));
}

Opening Coordinator::own_opening(const Peer& peer, SessionIndex index) const {
    return {settings_.cluster_id,  settings_.self_node().public_key,
            peer.node.public_key,  index,
            identity_.incarnation, settings_.security};
}

void Coordinator::send_plain(EndpointId local, const Endpoint& remote, Bytes bytes) {
    if (sends_.size() < kSendsMax)
        sends_.push_back({local, remote, {bytes.begin(), bytes.end()}, SessionIndex(0)});
}

// Copies on several paths carry one counter: the first to arrive counts, the others are duplicates.
void Coordinator::send_control(Peer& peer, const ControlMessage& message, const Paths& paths) {
    const session::Session* session = peer.opening.current();
    if (session == nullptr) return;
    std::array<std::uint8_t, kHeaderSize + kControlBytesMax> buffer{};
    ByteWriter out(buffer);
    encode(Header{MessageType::control, 0, 0, session->remote, ++peer.control_counter}, out);
    encode(message, out);
    if (!out.ok()) return;  // cannot be: the card's limits keep it below kControlBytesMax
    for (const auto& [local, remote] : paths)
        if (sends_.size() < kSendsMax)
            sends_.push_back({local,
                              remote,
                              {out.written().begin(), out.written().end()},
                              session->keys ? session->local : SessionIndex(0)});
}

void Coordinator::handle_datagram(TimePoint now, EndpointId local, const Endpoint& remote,
                                  std::optional<PeerId> peer_id, Bytes datagram) {
    DropReason why{};
    auto header = decode_header(datagram, why);
    if (!header) return drops_.count(why);
    Bytes payload = datagram.subspan(kHeaderSize);
    switch (header->type) {
        case MessageType::initiation:
        case MessageType::response:
            return secure_ ? handle_handshake(now, local, remote, *header, datagram)
                           : handle_opening(now, local, remote, *header, payload);
        case MessageType::control: break;
        case MessageType::cookie:
            return secure_ ? handle_cookie(now, *header, datagram)
                           : drops_.count(DropReason::rx_security_mismatch);
        case MessageType::heartbeat:
        case MessageType::data:
        case MessageType::relay: return drops_.count(DropReason::rx_bad_type);
    }
    Peer* peer = peer_id ? find_peer(*peer_id) : nullptr;
    if (peer == nullptr) return drops_.count(DropReason::rx_no_session);
    handle_control(now, *peer, local, remote, payload);
}

void Coordinator::handle_opening(TimePoint now, EndpointId local, const Endpoint& remote,
                                 const Header& header, Bytes payload) {
    if (!openings_.take(now)) return drops_.count(DropReason::rx_rate_limited);
    auto opening = decode_opening(payload);
    if (!opening) {
        std::size_t size = kHeaderSize + payload.size();
        bool is_sealed = size == kInitiationSize || size == kResponseSize;  // of modes with keys
        if (is_sealed) note_knock(now, remote, Standing::other_mode);
        return drops_.count(is_sealed                       ? DropReason::rx_security_mismatch
                            : payload.size() < kOpeningSize ? DropReason::rx_truncated
                                                            : DropReason::rx_malformed);
    }
    const NodeSettings& self = settings_.self_node();
    if (opening->cluster != settings_.cluster_id) {
        note_knock(now, remote, Standing::other_cluster);
        return drops_.count(DropReason::rx_foreign_cluster);
    }
    if (opening->sender == self.public_key) return say_own_key(now, remote);
    if (opening->receiver != self.public_key) {
        note_knock(now, remote, Standing::knows_other_key);
        return drops_.count(DropReason::rx_not_for_us);
    }
    Peer* peer = find_peer(opening->sender);
    if (peer == nullptr) {
        say_unknown_key(now, remote, opening->sender);
        return drops_.count(DropReason::rx_unknown_node);
    }
    judge_address(now, *peer, remote);
    if (opening->mode != settings_.security) {
        note_trouble(now, *peer, Standing::other_mode);
        return drops_.count(DropReason::rx_security_mismatch);
    }
    if (life_of(*peer, opening->incarnation).is_refused)
        return drops_.count(DropReason::rx_cloned_node);
    life_of(*peer, opening->incarnation).remote = remote;
    if (header.type == MessageType::initiation)
        return answer_opening(now, *peer, local, remote, *opening);
    session::OpeningClaim claim{opening->sender_index, opening->incarnation};
    if (!peer->opening.handle_response(now, header.receiver, claim, nullptr))
        return drops_.count(DropReason::rx_stale_opening);
    remember_path(*peer, local, remote);
    begin_session(now, *peer);
    service_peer(now, *peer);
}

void Coordinator::answer_opening(TimePoint now, Peer& peer, EndpointId local,
                                 const Endpoint& remote, const Opening& opening) {
    auto index = peer.opening.handle_initiation(now, {opening.sender_index, opening.incarnation},
                                                fresh_index());
    if (!index) return meet_initiation(now, peer, local, remote, true);
    if (!peer.last_path) remember_path(peer, local, remote);
    plan_dirty_ = true;
    send_plain(
        local, remote,
        opening_datagram(MessageType::response, opening.sender_index, own_opening(peer, *index)));
}

// Our own initiation is the one to be answered; by this path it gets there, whatever the others do.
// What is not fresh may have been sent by anybody: it shows us no new path.
void Coordinator::meet_initiation(TimePoint now, Peer& peer, EndpointId local,
                                  const Endpoint& remote, bool is_fresh) {
    Paths paths = paths_to(peer);
    if (std::find(paths.begin(), paths.end(), std::pair(local, remote)) != paths.end())
        return peer.opening.handle_sign_of_life(now);
    if (!is_fresh) return drops_.count(DropReason::rx_replayed_opening);
    remember_path(peer, local, remote);
    send_plain(local, remote, make_initiation(now, peer));
}

// A session may be sent on: plan it, and introduce ourselves to a peer that does not know us.
void Coordinator::begin_session(TimePoint now, Peer& peer) {
    plan_dirty_ = true;
    const session::Session* session = peer.opening.current();
    if (session == nullptr) return;
    if (session->serial != peer.last_serial) {
        ++peer.sessions_opened;
        if (!is_in_reach(peer)) ++peer.fruitless;
    }
    note_trouble(now, peer, Standing::known);
    peer.unshown = 0;
    peer.last_serial = session->serial;
    std::uint64_t incarnation = session->incarnation;  // name_clone() ends sessions
    if (std::exchange(peer.owes_introduction, false)) {
        introduce(now, peer);
        owe_view(now, peer);
    }
    if (incarnation == peer.incarnation) {
        // Out of reach, the peer may have taken another for us: it may need our card again.
        if (!peer.reachable) introduce(now, peer);
        return;
    }
    // What was recorded of a life that comes back is forgotten: nothing of it may come again.
    peer.opening.drop_predecessors();
    forget_sends();
    peer.fruitless = 0;
    bool is_restart = peer.incarnation != 0;
    bool is_return = is_restart && incarnation == peer.former_incarnation;
    peer.former_incarnation = is_return ? 0 : peer.incarnation;
    if (is_return) name_clone(peer, peer.incarnation);
    peer.incarnation = incarnation;
    life_of(peer, incarnation).is_shown = true;
    peer.card_serial = 0;
    peer.views.forget();
    peer.unreachable_since = now;
    introduce(now, peer);
    if (is_return) return;
    note(Notice::Severity::info, Notice::Fault::none, "session",
         peer.node.name + (is_restart ? ": restarted, new session" : ": session open"));
}

void Coordinator::introduce(TimePoint now, Peer& peer) {
    peer.acked_serial = 0;
    peer.next_card = now;
    peer.card_interval = kCardFirstRetry;
}

Coordinator::Life& Coordinator::life_of(Peer& peer, std::uint64_t incarnation) {
    for (Life& life : peer.lives)
        if (life.incarnation == incarnation) return life;
    if (peer.lives.size() == kLivesMax) forget_a_life(peer);
    peer.lives.push_back({.incarnation = incarnation});
    return peer.lives.back();
}

// Replays are of many lives: those that were never talked with go first, then the oldest. A clone
// is remembered, up to a bound, and so is the life of the session in use.
void Coordinator::forget_a_life(Peer& peer) {
    const session::Session* current = peer.opening.current();
    auto rank = [&](const Life& life) {
        if (current != nullptr && life.incarnation == current->incarnation) return 3;
        return life.is_refused ? 2 : life.is_shown ? 1 : 0;
    };
    auto is_less = [&](const Life& a, const Life& b) { return rank(a) < rank(b); };
    peer.lives.erase(std::min_element(peer.lives.begin(), peer.lives.end(), is_less));
}

// A life of the peer that was over has come back while `incarnation` goes on: two machines share a
// key. The one that came first stays.
void Coordinator::name_clone(Peer& peer, std::uint64_t incarnation) {
    // Copies: the second look may move the first.
    Endpoint first = life_of(peer, peer.opening.current()->incarnation).remote;
    Life& clone = life_of(peer, incarnation);
    clone.is_refused = true;
    auto& lives = peer.lives;
    auto refused =
        std::count_if(lives.begin(), lives.end(), [](const Life& l) { return l.is_refused; });
    if (refused > static_cast<std::ptrdiff_t>(kRefusedMax))
        std::find_if(lives.begin(), lives.end(), [](const Life& l) {
            return l.is_refused;
        })->is_refused = false;
    note(Notice::Severity::error, Notice::Fault::config, "session",
         peer.node.name + ": two machines use its key: a cloned machine? " + first.to_string() +
             " goes on, " + clone.remote.to_string() + " is refused: give it a key of its own");
    peer.opening.drop_incarnation(incarnation);
    forget_sends();
}

// What was to be sealed with the keys of a session that is no more.
void Coordinator::forget_sends() {
    std::set<SessionIndex> known{SessionIndex(0)};
    for (const auto& [id, peer] : peers_)
        for (const session::Session& session : peer.opening.sessions()) known.insert(session.local);
    std::erase_if(sends_, [&known](const ControlSend& s) { return !known.contains(s.seal); });
}

void Coordinator::say_own_key(TimePoint now, const Endpoint& remote) {
    drops_.count(DropReason::rx_own_key);
    if (own_key_said_ && now - *own_key_said_ < 60s) return;
    own_key_said_ = now;
    note(Notice::Severity::error, Notice::Fault::config, "session",
         remote.to_string() + " uses the key of this node (" + settings_.self_node().name +
             "): a cloned machine? give it a key of its own");
}

void Coordinator::handle_control(TimePoint now, Peer& peer, EndpointId local,
                                 const Endpoint& remote, Bytes payload) {
    auto message = decode_control(payload);
    if (!message) return drops_.count(DropReason::control_bad_message);
    remember_path(peer, local, remote);
    if (message->card) {
        if (!peer.cards.take(now, kCardRate)) return drops_.count(DropReason::control_card_limited);
        handle_card(now, peer, *message);
        send_control(peer, {.serial = message->serial}, {{local, remote}});
    } else if (message->view) {
        handle_view(now, peer, message->serial, *message->view);
        send_control(peer, {.serial = message->serial, .view_ack = message->view->part},
                     {{local, remote}});
    } else if (message->view_ack) {
        handle_view_ack(peer, message->serial, *message->view_ack);
    } else if (message->serial == card_serial_) {
        peer.acked_serial = message->serial;
        peer.next_card.reset();
    }
    service_peer(now, peer);
}

}  // namespace netft::core
