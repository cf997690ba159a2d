// What drops tell of nodes whose keys or files do not fit ours: for the log, the warnings and
// `why`.
//
// Nothing of it is authenticated, so nothing is done because of it. It is believed of a peer out of
// reach alone, and for as long as it goes on.
#include <algorithm>

#include "netft/core/coordinator.hpp"

namespace netft::core {

namespace {

bool has_address(const std::vector<routing::ConfiguredEndpoint>& endpoints,
                 const IpAddress& address) {
    return std::any_of(endpoints.begin(), endpoints.end(), [&address](const auto& entry) {
        return entry.endpoint.address.with_scope(0) == address;
    });
}

}  // namespace

// Whose the address is, by the configuration or its card.
Coordinator::Peer* Coordinator::owner_of(const IpAddress& address) {
    IpAddress plain = address.with_scope(0);
    for (auto& [id, peer] : peers_) {
        if (has_address(peer.node.endpoints, plain)) return &peer;
        if (!peer.card) continue;
        for (const CardEndpoint& endpoint : peer.card->endpoints)
            if (endpoint.endpoint.address.with_scope(0) == plain) return &peer;
    }
    return nullptr;
}

// A handshake from a peer's address that cannot be its.
void Coordinator::note_knock(TimePoint now, const Endpoint& remote, Standing trouble) {
    if (!knock_searches_.take(now)) return;
    Peer* peer = owner_of(remote.address);
    if (peer == nullptr || is_in_reach(*peer)) return;
    if (peer->trouble != Standing::known && !peer->trouble_ends) return;  // a better word
    peer->trouble = trouble;
    peer->trouble_ends = now + Knocks::kLasts;
}

void Coordinator::forget_knocks(TimePoint now) {
    knocks_.handle_timers(now);
    for (auto& [id, peer] : peers_) {
        if (!peer.trouble_ends || *peer.trouble_ends > now) continue;
        peer.trouble_ends.reset();
        peer.trouble = Standing::known;
    }
}

void Coordinator::say_knock(TimePoint now, const Endpoint& remote, const std::string& text) {
    if (knocks_.note(now, remote.address.with_scope(0), text))
        note(Notice::Severity::warning, Notice::Fault::config, "session", text);
}

void Coordinator::say_unknown_key(TimePoint now, const Endpoint& remote, const PublicKey& key) {
    note_knock(now, remote, Standing::unknown_key);
    const Peer* owner = owner_of(remote.address);
    std::string whose = owner == nullptr ? "" : ", the address of " + owner->node.name + ",";
    say_knock(now, remote,
              remote.to_string() + whose + " opens with key " + to_base64(key) +
                  ", which is none of the file's: add it to the configuration, or reload");
}

// A node speaks, with its own key, from where the file has another.
void Coordinator::judge_address(TimePoint now, const Peer& peer, const Endpoint& remote) {
    IpAddress plain = remote.address.with_scope(0);
    if (remote.port == 0 || has_address(peer.node.endpoints, plain)) return;
    for (const auto& [id, other] : peers_)
        if (id != peer.id && has_address(other.node.endpoints, plain))
            return say_knock(now, remote,
                             peer.node.name + " opens from " + plain.to_string() +
                                 ", which the configuration gives to " + other.node.name +
                                 ": are their endpoints swapped?");
}

}  // namespace netft::core
