// The coordinator's part in handshakes (modes encrypt and sign): what it checks, in which order,
// and what it remembers of each peer.
#include <algorithm>

#include "netft/base/assert.hpp"
#include "netft/core/coordinator.hpp"

namespace netft::core {

// At the start and at every reload: the cluster keys may be others.
void Coordinator::begin_secure() {
    NETFT_ASSERT(identity_.primitives != nullptr);
    const PublicKey& own = settings_.self_node().public_key;
    if (!secure_) secure_.emplace(Secure{{}, session::CookieJar(own), {}, {}});
    session::HandshakeIdentity& identity = secure_->identity;
    identity.own = {identity_.private_key, own};
    identity.prologue.assign({'n', 'e', 't', 'f', 't', '1'});
    identity.prologue.insert(identity.prologue.end(), settings_.cluster.begin(),
                             settings_.cluster.end());
    identity.mode = settings_.security;
    identity.cluster_keys = settings_.cluster_keys;
    if (identity.cluster_keys.empty()) identity.cluster_keys.emplace_back();
    identity.incarnation = identity_.incarnation;
}

std::uint64_t Coordinator::timestamp(TimePoint now) const {
    return to_ns(now) + static_cast<std::uint64_t>(identity_.wall_offset_ns);
}

// The same bytes at every try, until the opening machine takes another index.
std::vector<std::uint8_t> Coordinator::make_handshake(TimePoint now, Peer& peer,
                                                      SessionIndex index) {
    auto& pending = peer.handshake.pending;
    if (!pending || pending->index() != index)
        pending = session::PendingInitiation::make(*identity_.primitives, secure_->identity,
                                                   peer.node.public_key, index, timestamp(now));
    if (!pending) return {};  // a key of low order in the configuration: nobody's
    auto bytes = pending->datagram(*identity_.primitives, peer.handshake.cookies.current(now));
    return {bytes.begin(), bytes.end()};
}

void Coordinator::handle_handshake(TimePoint now, EndpointId local, const Endpoint& remote,
                                   const Header& header, Bytes datagram) {
    if (datagram.size() == kHeaderSize + kOpeningSize)  // what mode none sends
        return drops_.count(DropReason::rx_security_mismatch);
    if (auto why = session::check_handshake(*identity_.primitives, secure_->identity.own.open,
                                            header.type, datagram))
        return drops_.count(*why);
    if (header.type == MessageType::initiation)
        handle_initiation(now, local, remote, datagram);
    else
        handle_response(now, local, remote, header, datagram);
}

void Coordinator::handle_initiation(TimePoint now, EndpointId local, const Endpoint& remote,
                                    Bytes datagram) {
    if (answer_copy(local, remote, datagram) || !admit(now, local, remote, datagram)) return;
    DropReason why{};
    auto initiation =
        session::read_initiation(*identity_.primitives, secure_->identity, datagram, why);
    if (!initiation) return drops_.count(why);
    if (initiation->noise.initiator() == secure_->identity.own.open)
        return say_own_key(now, remote);
    Peer* peer = find_peer(initiation->noise.initiator());
    if (peer == nullptr) return drops_.count(DropReason::rx_unknown_node);
    take_initiation(now, *peer, local, remote, datagram, *initiation);
}

// Copies come by every route; they cost no key agreement and change nothing.
bool Coordinator::answer_copy(EndpointId local, const Endpoint& remote, Bytes datagram) {
    auto known = secure_->answered.find(mac1_of(datagram));
    if (known == secure_->answered.end()) return false;
    Peer* peer = find_peer(known->second);
    if (peer == nullptr) return false;
    for (const Answer& answer : peer->handshake.answers) {
        if (answer.mac1 != known->first || !peer->opening.has_session(answer.index)) continue;
        send_plain(local, remote, answer.datagram);
        return true;
    }
    return false;
}

// As long as its session lives a copy of an initiation gets the same answer: other keys for it
// would end it.
void Coordinator::remember_answer(Peer& peer, Answer answer) {
    std::erase_if(peer.handshake.answers, [this, &peer](const Answer& old) {
        bool is_over = !peer.opening.has_session(old.index);
        if (is_over) secure_->answered.erase(old.mac1);
        return is_over;
    });
    secure_->answered[answer.mac1] = peer.id;
    peer.handshake.answers.push_back(std::move(answer));
}

bool Coordinator::admit(TimePoint now, EndpointId local, const Endpoint& remote, Bytes datagram) {
    if (secure_->doorkeeper.is_quiet(now)) return true;
    session::Primitives& primitives = *identity_.primitives;
    if (!secure_->jar.is_valid(primitives, now, remote, datagram)) {
        drops_.count(DropReason::rx_needs_cookie);
        send_plain(local, remote, secure_->jar.answer(primitives, now, remote, datagram));
        return false;
    }
    if (secure_->doorkeeper.take(now, remote)) return true;
    drops_.count(DropReason::rx_rate_limited);
    return false;
}

void Coordinator::take_initiation(TimePoint now, Peer& peer, EndpointId local,
                                  const Endpoint& remote, Bytes datagram,
                                  session::ReceivedInitiation& initiation) {
    const InitiationPayload& payload = initiation.payload;
    if (payload.mode != settings_.security) {
        note_trouble(now, peer, Standing::other_mode);
        return drops_.count(DropReason::rx_security_mismatch);
    }
    for (const Life& life : peer.lives)
        if (life.incarnation == payload.incarnation && life.is_refused)
            return refuse_clone(local, remote, initiation);
    if (!is_new(now, peer, payload)) return drops_.count(DropReason::rx_replayed_opening);
    SessionIndex fresh = fresh_index();
    auto index = peer.opening.handle_initiation(now, {payload.index, payload.incarnation}, fresh);
    if (!index) return meet_initiation(now, peer, local, remote);
    if (*index != fresh) return drops_.count(DropReason::rx_replayed_opening);  // index used again
    Life& life = life_of(peer, payload.incarnation);
    life.newest = std::max(life.newest, payload.timestamp);
    life.remote = remote;
    auto response = session::write_response(*identity_.primitives, secure_->identity, initiation,
                                            *index, HandshakeStatus::done);
    if (!response) return drops_.count(DropReason::rx_bad_seal);
    peer.opening.set_keys(*index, response->keys);
    if (++peer.unshown >= kUnshownMax && peer.trouble == Standing::known)
        note_trouble(now, peer, Standing::unshown);
    remember_answer(peer, {mac1_of(datagram), *index, response->datagram});
    if (!peer.last_path) remember_path(peer, local, remote);
    plan_dirty_ = true;
    send_plain(local, remote, response->datagram);
}

// Whether an initiation is newer than what was taken: of its own life, or, of a new life, than
// every other. A peer out of reach gets a chance whatever its clock says: what comes of a replay
// is never confirmed.
bool Coordinator::is_new(TimePoint now, Peer& peer, const InitiationPayload& payload) {
    std::uint64_t newest = 0;
    for (const Life& life : peer.lives) {
        if (life.incarnation == payload.incarnation) {
            newest = life.newest;
            break;
        }
        newest = std::max(newest, life.newest);
    }
    if (payload.timestamp > newest) return true;
    auto& taken = peer.handshake.stale_taken;
    bool may = !peer.reachable && (!taken || now - *taken >= kStaleInterval);
    if (may) taken = now;
    return may;
}

void Coordinator::refuse_clone(EndpointId local, const Endpoint& remote,
                               session::ReceivedInitiation& initiation) {
    drops_.count(DropReason::rx_cloned_node);
    auto response = session::write_response(*identity_.primitives, secure_->identity, initiation,
                                            fresh_index(), HandshakeStatus::cloned);
    if (response) send_plain(local, remote, response->datagram);
}

Coordinator::Peer* Coordinator::find_initiating(SessionIndex index) {
    for (auto& [id, peer] : peers_)
        if (peer.opening.initiating() == index && peer.handshake.pending &&
            peer.handshake.pending->index() == index)
            return &peer;
    return nullptr;
}

void Coordinator::handle_response(TimePoint now, EndpointId local, const Endpoint& remote,
                                  const Header& header, Bytes datagram) {
    Peer* peer = find_initiating(header.receiver);
    if (peer == nullptr) return drops_.count(DropReason::rx_stale_opening);
    DropReason why{};
    auto answer = peer->handshake.pending->read_response(secure_->identity, datagram, why);
    if (!answer) {
        drops_.count(why);
        note_trouble(now, *peer, Standing::other_key);
        return say_now_and_then(now, *peer,
                                "its answer does not open: has it the same cluster key?");
    }
    if (answer->payload.mode != settings_.security) {
        note_trouble(now, *peer, Standing::other_mode);
        return drops_.count(DropReason::rx_security_mismatch);
    }
    if (answer->payload.status == HandshakeStatus::cloned) {
        drops_.count(DropReason::rx_cloned_node);
        note_trouble(now, *peer, Standing::cloned);
        return say_now_and_then(now, *peer,
                                "it refuses us: another machine uses the key of this node: a "
                                "cloned machine? give it a key of its own");
    }
    Life& life = life_of(*peer, answer->payload.incarnation);
    if (life.is_refused) return drops_.count(DropReason::rx_cloned_node);
    life.remote = remote;
    peer->opening.handle_response(
        now, header.receiver, {answer->payload.index, answer->payload.incarnation}, answer->keys);
    peer->handshake.pending.reset();
    remember_path(*peer, local, remote);
    begin_session(now, *peer);
    service_peer(now, *peer);
}

void Coordinator::handle_cookie(TimePoint now, const Header& header, Bytes datagram) {
    Peer* peer = find_initiating(header.receiver);
    if (peer == nullptr ||
        !peer->handshake.cookies.take(*identity_.primitives, now, peer->node.public_key,
                                      peer->handshake.pending->mac1(), datagram))
        return drops_.count(DropReason::rx_bad_cookie);
    peer->opening.handle_cookie(now, random_);
}

// What a stranger can make us say: once a minute and peer.
void Coordinator::say_now_and_then(TimePoint now, Peer& peer, std::string text) {
    auto& said = peer.handshake.said;
    if (said && now - *said < 60s) return;
    said = now;
    note(Notice::Severity::error, Notice::Fault::config, "session", peer.node.name + ": " + text);
}

}  // namespace netft::core
