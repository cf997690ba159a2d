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
    if (!secure_)
        secure_.emplace(
            Secure{{}, session::CookieJar(own), session::Doorkeeper(*identity_.primitives), {}});
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
    if (datagram.size() == kHeaderSize + kOpeningSize) {  // what mode none sends
        note_knock(now, remote, Standing::other_mode);
        return drops_.count(DropReason::rx_security_mismatch);
    }
    if (auto why = session::check_handshake(*identity_.primitives, secure_->identity.own.open,
                                            header.type, datagram)) {
        if (*why == DropReason::rx_bad_mac) note_knock(now, remote, Standing::knows_other_key);
        return drops_.count(*why);
    }
    if (header.type == MessageType::initiation)
        handle_initiation(now, local, remote, datagram);
    else
        handle_response(now, local, remote, header, datagram);
}

void Coordinator::handle_initiation(TimePoint now, EndpointId local, const Endpoint& remote,
                                    Bytes datagram) {
    if (answer_copy(now, local, remote, datagram) || !admit(now, local, remote, datagram)) return;
    DropReason why{};
    auto initiation =
        session::read_initiation(*identity_.primitives, secure_->identity, datagram, why);
    if (!initiation) {
        if (why == DropReason::rx_bad_seal) note_knock(now, remote, Standing::other_cluster);
        return refuse_initiation(now, remote, why);
    }
    if (initiation->noise.initiator() == secure_->identity.own.open)
        return say_own_key(now, remote);
    Peer* peer = find_peer(initiation->noise.initiator());
    if (peer == nullptr) {
        say_unknown_key(now, remote, initiation->noise.initiator());
        return refuse_initiation(now, remote, DropReason::rx_unknown_node);
    }
    take_initiation(now, *peer, local, remote, datagram, *initiation);
}

// Copies come by every route; they cost no key agreement and change nothing.
bool Coordinator::answer_copy(TimePoint now, EndpointId local, const Endpoint& remote,
                              Bytes datagram) {
    auto known = secure_->answered.find(mac1_of(datagram));
    if (known == secure_->answered.end()) return false;
    Peer* peer = find_peer(known->second);
    if (peer == nullptr) return false;
    for (const Answer& answer : peer->handshake.answers) {
        if (answer.mac1 != known->first || !peer->opening.has_session(answer.index)) continue;
        send_answer(now, *peer, local, remote, answer.datagram);
        return true;
    }
    return false;
}

// With the proof of our address, if the peer has asked for it.
void Coordinator::send_answer(TimePoint now, const Peer& peer, EndpointId local,
                              const Endpoint& remote,
                              std::array<std::uint8_t, kResponseSize> answer) {
    if (auto cookie = peer.handshake.cookies.current(now))
        session::put_mac2(*identity_.primitives, *cookie, answer);
    send_plain(local, remote, answer);
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
    Newness newness = newness_of(peer, payload);
    bool meets = peer.opening.keeps_initiative();
    bool is_copy_met = meets && newness == Newness::copy;
    if (newness != Newness::fresh && !is_copy_met && !takes_stale(now, peer, payload.incarnation))
        return refuse_initiation(now, remote, DropReason::rx_replayed_opening);
    // A member may ask as often as it likes, and is answered as often as an honest one asks.
    if (!peer.handshake.initiations.take(now, kInitiationsOfPeer))
        return refuse_initiation(now, remote, DropReason::rx_rate_limited);
    Life& life = life_of(peer, payload.incarnation);
    life.newest = std::max(life.newest, payload.timestamp);
    if (newness == Newness::fresh) judge_address(now, peer, remote);
    if (meets && newness == Newness::fresh) count_unshown(now, peer);
    if (meets) return meet_initiation(now, peer, local, remote, newness == Newness::fresh);
    answer_initiation(now, peer, local, remote, datagram, initiation);
}

void Coordinator::answer_initiation(TimePoint now, Peer& peer, EndpointId local,
                                    const Endpoint& remote, Bytes datagram,
                                    session::ReceivedInitiation& initiation) {
    const InitiationPayload& payload = initiation.payload;
    SessionIndex fresh = fresh_index();
    auto index = peer.opening.handle_initiation(now, {payload.index, payload.incarnation}, fresh);
    if (!index || *index != fresh)  // index used again
        return drops_.count(DropReason::rx_replayed_opening);
    life_of(peer, payload.incarnation).remote = remote;
    auto response = session::write_response(*identity_.primitives, secure_->identity, initiation,
                                            *index, HandshakeStatus::done);
    if (!response) return drops_.count(DropReason::rx_bad_seal);
    peer.opening.set_keys(*index, response->keys);
    count_unshown(now, peer);
    remember_answer(peer, {mac1_of(datagram), *index, response->datagram});
    if (!peer.last_path) remember_path(peer, local, remote);
    plan_dirty_ = true;
    send_answer(now, peer, local, remote, response->datagram);
}

// It asks, is answered, and asks again.
void Coordinator::count_unshown(TimePoint now, Peer& peer) {
    if (++peer.unshown >= kUnshownMax && peer.trouble == Standing::known)
        note_trouble(now, peer, Standing::unshown);
}

// Whether an initiation is newer than what was taken: of its own life, or, of a new life, than
// every other.
Coordinator::Newness Coordinator::newness_of(const Peer& peer, const InitiationPayload& payload) {
    std::uint64_t newest = 0;
    for (const Life& life : peer.lives) {
        if (life.incarnation == payload.incarnation) {
            if (life.newest == payload.timestamp) return Newness::copy;
            newest = life.newest;
            break;
        }
        newest = std::max(newest, life.newest);
    }
    return payload.timestamp > newest ? Newness::fresh : Newness::stale;
}

// A peer out of reach gets a chance whatever its clock says: what comes of a replay is never
// confirmed. Replays of lives that were seen do not use up that of a life that was not.
bool Coordinator::takes_stale(TimePoint now, Peer& peer, std::uint64_t incarnation) {
    if (peer.reachable) return false;
    bool is_seen = std::any_of(peer.lives.begin(), peer.lives.end(), [incarnation](const Life& l) {
        return l.incarnation == incarnation;
    });
    auto& taken = is_seen ? peer.handshake.replay_taken : peer.handshake.stale_taken;
    if (taken && now - *taken < kStaleInterval) return false;
    taken = now;
    return true;
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
    if (!admit_answer(now, *peer, local, remote, datagram)) return;
    DropReason why{};
    auto answer = peer->handshake.pending->read_response(secure_->identity, datagram, why);
    if (!answer) {
        drops_.count(why);
        count_failed_answer(now, remote);
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
    judge_address(now, *peer, remote);
    peer->opening.handle_response(
        now, header.receiver, {answer->payload.index, answer->payload.incarnation}, answer->keys);
    peer->handshake.pending.reset();
    remember_path(*peer, local, remote);
    begin_session(now, *peer);
    service_peer(now, *peer);
}

// It answers our initiation or our response; the next try carries it, or the next copy.
void Coordinator::handle_cookie(TimePoint now, const Header& header, Bytes datagram) {
    Peer* peer = find_initiating(header.receiver);
    bool is_asking = peer != nullptr;
    std::optional<Mac> mac1;
    if (is_asking) mac1 = peer->handshake.pending->mac1();
    for (auto other = peers_.begin(); !mac1 && other != peers_.end(); ++other) {
        peer = &other->second;
        mac1 = mac1_of_answer(*peer, header.receiver);
    }
    if (!mac1 || !peer->handshake.cookies.take(*identity_.primitives, now, peer->node.public_key,
                                               *mac1, datagram))
        return drops_.count(DropReason::rx_bad_cookie);
    if (is_asking) peer->opening.handle_cookie(now, random_);
}

std::optional<Mac> Coordinator::mac1_of_answer(const Peer& peer, SessionIndex index) const {
    for (const Answer& answer : peer.handshake.answers)
        if (answer.index == index && peer.opening.has_session(index))
            return mac1_of(answer.datagram);
    return {};
}

// What a stranger can make us say: once a minute and peer.
void Coordinator::say_now_and_then(TimePoint now, Peer& peer, std::string text) {
    auto& said = peer.handshake.said;
    if (said && now - *said < 60s) return;
    said = now;
    note(Notice::Severity::error, Notice::Fault::config, "session", peer.node.name + ": " + text);
}

}  // namespace netft::core
