// Which handshake messages are worth a key agreement (protocol.md, "Under load").
#include <algorithm>

#include "netft/core/coordinator.hpp"

namespace netft::core {

bool Coordinator::admit(TimePoint now, EndpointId local, const Endpoint& remote, Bytes datagram) {
    if (secure_->doorkeeper.is_quiet(now)) return true;
    if (secure_->jar.is_valid(*identity_.primitives, now, remote, datagram))
        return admit_proven(now, remote);
    ask_for_cookie(now, local, remote, datagram);
    return false;
}

// An answer to what we asked. Who sees the question can send false ones: after some of them the
// right one comes with a cookie. Nodes of older versions know none of answers: a few are tried
// without, of each peer.
bool Coordinator::admit_answer(TimePoint now, Peer& peer, EndpointId local, const Endpoint& remote,
                               Bytes datagram) {
    session::Doorkeeper& doorkeeper = secure_->doorkeeper;
    if (doorkeeper.is_quiet_for_answers(now)) return true;
    if (secure_->jar.is_valid(*identity_.primitives, now, remote, datagram))
        return admit_proven(now, remote);
    bool is_known = is_known_address(remote.address);
    if (doorkeeper.has_time(now, is_known) && peer.handshake.unproven.take(now, kAnswersUnproven))
        return true;
    ask_for_cookie(now, local, remote, datagram);
    return false;
}

// Its address is its own.
bool Coordinator::admit_proven(TimePoint now, const Endpoint& remote) {
    session::Doorkeeper& doorkeeper = secure_->doorkeeper;
    bool is_known = is_known_address(remote.address);
    if (doorkeeper.has_time(now, is_known) &&
        doorkeeper.take(*identity_.primitives, now, remote, is_known))
        return true;
    drops_.count(DropReason::rx_rate_limited);
    return false;
}

void Coordinator::ask_for_cookie(TimePoint now, EndpointId local, const Endpoint& remote,
                                 Bytes datagram) {
    drops_.count(DropReason::rx_needs_cookie);
    send_plain(local, remote, secure_->jar.answer(*identity_.primitives, now, remote, datagram));
}

void Coordinator::count_waste(TimePoint now, const Endpoint& remote, std::uint32_t agreements) {
    secure_->doorkeeper.count_waste(now, is_known_address(remote.address), agreements);
}

// It was read, and that for nothing.
void Coordinator::refuse_initiation(TimePoint now, const Endpoint& remote, DropReason why) {
    count_waste(now, remote, session::Doorkeeper::kAgreements);
    drops_.count(why);
}

void Coordinator::count_failed_answer(TimePoint now, const Endpoint& remote) {
    secure_->doorkeeper.count_failed_answer(now);
    auto keys = static_cast<std::uint32_t>(secure_->identity.cluster_keys.size());
    count_waste(now, remote, session::Doorkeeper::kAgreements * keys);
}

// That of a peer, by the configuration or its card.
bool Coordinator::is_known_address(const IpAddress& address) const {
    IpAddress plain = address.with_scope(0);
    auto is_it = [&plain](const auto& entry) {
        return entry.endpoint.address.with_scope(0) == plain;
    };
    return std::any_of(peers_.begin(), peers_.end(), [&is_it](const auto& entry) {
        const Peer& peer = entry.second;
        const auto& configured = peer.node.endpoints;
        if (std::any_of(configured.begin(), configured.end(), is_it)) return true;
        return peer.card &&
               std::any_of(peer.card->endpoints.begin(), peer.card->endpoints.end(), is_it);
    });
}

}  // namespace netft::core
