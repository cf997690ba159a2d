// The coordinator's part in cards: what this node says of itself, and what it makes of what others
// say.
#include <algorithm>

#include "netft/core/config_digest.hpp"
#include "netft/core/coordinator.hpp"
#include "netft/core/frame_limits.hpp"

namespace netft::core {

// A changed card gets a new serial and goes to everybody.
void Coordinator::update_card(TimePoint now) {
    std::uint16_t mtu = adapter_mtu();
    if (card_serial_ != 0 && tm_.card_endpoints() == card_endpoints_ && mtu == card_mtu_ &&
        digests_ == card_digests_ && claims_ == card_claims_)
        return;
    card_endpoints_ = tm_.card_endpoints();
    card_mtu_ = mtu;
    card_digests_ = digests_;
    card_claims_ = claims_;
    ++card_serial_;
    for (auto& [id, peer] : peers_) {
        if (peer.opening.current() == nullptr) continue;
        peer.next_card = now;
        peer.card_interval = kCardFirstRetry;
    }
}

void Coordinator::send_card(TimePoint now, Peer& peer) {
    peer.next_card.reset();
    if (peer.acked_serial == card_serial_ || peer.opening.current() == nullptr) return;
    send_control(peer, card_message(), paths_to(peer));
    peer.next_card = now + random_.between(peer.card_interval * 3 / 4, peer.card_interval);
    peer.card_interval = std::min(peer.card_interval * 2, kCardLastRetry);
}

// By the relay alone; it is acknowledged, every time, and that says that the way is good.
void Coordinator::ask_by_relay(PeerId id) {
    Peer* peer = find_peer(id);
    if (peer == nullptr || !peer->relay) return;
    send_control(*peer, card_message(), {{kRelayedEndpoint, relayed_endpoint(peer->node.ipv6)}});
}

ControlMessage Coordinator::card_message() const {
    const NodeSettings& self = settings_.self_node();
    ControlMessage message{.serial = card_serial_, .card = Card{}};
    message.card->name = self.name;
    message.card->ipv4 = self.ipv4;
    message.card->ipv6 = self.ipv6;
    message.card->mac = identity_.adapter_mac;
    message.card->adapter_mtu = card_mtu_;
    message.card->endpoints = card_endpoints_;
    message.card->features = kFeatureViews;
    if (identity_.adapter_mac == self.mac) message.card->features |= kFeatureKeyMac;
    message.card->digests = card_digests_;
    message.card->claims = card_claims_;
    return message;
}

void Coordinator::handle_card(TimePoint now, Peer& peer, const ControlMessage& message) {
    if (message.serial <= peer.card_serial) return;  // a straggler or a repetition
    peer.card_serial = message.serial;
    // Who claims a MAC that it did not have stands behind those who have one.
    if (!peer.said || peer.said->mac != message.card->mac) peer.said_order = ++cards_taken_;
    peer.said = *message.card;
    judge_cards(now);
    if (peer.contradicts) drops_.count(DropReason::control_refused_card);
    if (peer.card) owe_view(now, peer);
    touch_view(now);
    plan_dirty_ = true;
    update_topology(now);
}

// All anew: what holds of one depends on the others, on the configuration and on who answers.
void Coordinator::judge_cards(TimePoint now) {
    std::vector<Peer*> peers;
    for (auto& [id, peer] : peers_)
        if (peer.said) peers.push_back(&peer);
    std::sort(peers.begin(), peers.end(),
              [](const Peer* a, const Peer* b) { return a->said_order < b->said_order; });
    std::vector<CardClaim> claims;
    for (const Peer* peer : peers) claims.push_back({peer->id, &peer->node, &*peer->said});
    std::set<std::pair<PeerId, IpAddress>> proven;
    for (const routing::Route& route : tm_.routes()) {
        auto known = route_states_.find(route.id);
        if (known != route_states_.end() && known->second.state == BfdState::up)
            proven.emplace(route.peer, route.remote.address.with_scope(0));
    }
    auto verdicts =
        core::judge_cards({settings_, identity_.adapter_mac, im_.endpoints(), proven}, claims);
    for (std::size_t i = 0; i < peers.size(); ++i) apply(now, *peers[i], std::move(verdicts[i]));
}

void Coordinator::apply(TimePoint now, Peer& peer, CardVerdict verdict) {
    const std::string& name = peer.node.name;
    if (!verdict.refusal.empty() && verdict.refusal != peer.refusal)
        note(Notice::Severity::error, Notice::Fault::config, "card",
             name + ": refused: " + verdict.refusal);
    for (const std::string& doubt : verdict.warnings)
        if (std::find(peer.doubts.begin(), peer.doubts.end(), doubt) == peer.doubts.end())
            note(Notice::Severity::warning, Notice::Fault::config, "card", name + ": " + doubt);
    if (verdict.card && !peer.card)
        note(Notice::Severity::info, Notice::Fault::none, "card", name + ": known");
    if (peer.card && !verdict.card)  // the engine has its routes no more
        for (const routing::Route& route : tm_.routes())
            if (route.peer == peer.id) route_states_.erase(route.id);
    if (peer.card != verdict.card) plan_dirty_ = true;
    peer.refusal = std::move(verdict.refusal);
    peer.doubts = std::move(verdict.warnings);
    peer.contradicts = verdict.contradicts;
    peer.card = std::move(verdict.card);
    compare_digests(now, peer);
    handle_claims(peer);
}

void Coordinator::compare_digests(TimePoint now, Peer& peer) {
    std::string differs = differing_sections(digests_, peer.said->digests);
    if (differs == peer.differs) return;
    peer.differs = std::move(differs);
    peer.differs_since.reset();
    if (peer.differs.empty()) return;
    peer.differs_since = now;
    digests_due_ = std::min(digests_due_.value_or(now + kDigestGrace), now + kDigestGrace);
}

// Says once what differs for longer than a reload of all nodes takes.
void Coordinator::service_digests(TimePoint now) {
    if (!digests_due_ || *digests_due_ > now) return;
    digests_due_.reset();
    for (auto& [id, peer] : peers_) {
        if (!peer.differs_since) continue;
        TimePoint due = *peer.differs_since + kDigestGrace;
        if (due > now) {
            digests_due_ = std::min(digests_due_.value_or(due), due);
            continue;
        }
        peer.differs_since.reset();
        note(Notice::Severity::warning, Notice::Fault::config, "card",
             peer.node.name + " runs another configuration: " + peer.differs);
    }
}

std::vector<std::string> Coordinator::card_warnings(const Peer& peer) const {
    std::vector<std::string> out;
    if (!peer.refusal.empty()) out.push_back(peer.node.name + ": card refused: " + peer.refusal);
    for (const std::string& doubt : peer.doubts) out.push_back(peer.node.name + ": " + doubt);
    if (!peer.differs.empty())
        out.push_back(peer.node.name + " runs another configuration: " + peer.differs);
    return out;
}

// Where two name one address, it is whose route comes up.
void Coordinator::note_proof(TimePoint now, RouteId id) {
    const auto& routes = tm_.routes();
    auto route = std::find_if(routes.begin(), routes.end(),
                              [id](const routing::Route& r) { return r.id == id; });
    if (route == routes.end()) return;
    IpAddress address = route->remote.address.with_scope(0);
    auto names_it = [&address](const auto& entry) {
        const auto& said = entry.second.said;
        return said && std::any_of(said->endpoints.begin(), said->endpoints.end(),
                                   [&](const auto& e) { return e.endpoint.address == address; });
    };
    if (std::count_if(peers_.begin(), peers_.end(), names_it) < 2) return;
    judge_cards(now);
    update_topology(now);
}

std::vector<RememberedPeer> Coordinator::memory() const {
    std::vector<RememberedPeer> out;
    for (const auto& [id, peer] : peers_)
        if (peer.card) out.push_back({peer.node.public_key, *peer.said, peer.reachable});
    return out;
}

std::vector<PeerId> Coordinator::handle_memory(TimePoint now,
                                               std::span<const RememberedPeer> memory) {
    std::vector<const Peer*> reachable;
    for (const RememberedPeer& remembered : memory) {
        Peer* peer = find_peer(remembered.key);
        if (peer == nullptr || peer->said) continue;
        peer->said = remembered.card;
        peer->said_order = ++cards_taken_;
        if (remembered.reachable) reachable.push_back(peer);
    }
    judge_cards(now);
    plan_dirty_ = true;
    update_topology(now);
    std::vector<PeerId> out;
    for (const Peer* peer : reachable)
        if (peer->card) out.push_back(peer->id);
    return out;
}

// --- the adapter's MTU: the least over routes that are up or lately were; what somebody only says
// of an endpoint changes nothing.

void Coordinator::count_for_mtu(TimePoint now, RouteId route, bool is_up) {
    RouteWord& word = route_states_[route];
    word.left_up.reset();
    if (is_up)
        word.counts_for_mtu = true;
    else
        word.left_up = now;
    service_mtu(now);
}

void Coordinator::service_mtu(TimePoint now) {
    mtu_due_.reset();
    for (auto& [id, word] : route_states_) {
        if (!word.left_up || !word.counts_for_mtu) continue;
        TimePoint due = *word.left_up + kMtuRemembered;
        if (due <= now)
            word.counts_for_mtu = false;
        else
            mtu_due_ = std::min(mtu_due_.value_or(due), due);
    }
    if (std::uint16_t most = datagram_bytes_max(); most != planned_bytes_max_) {
        planned_bytes_max_ = most;
        plan_dirty_ = true;
        update_card(now);
    }
}

std::uint16_t Coordinator::datagram_bytes_max() const {
    std::uint16_t least = 0;
    auto take = [&least](std::uint16_t bytes) {
        least = least == 0 ? bytes : std::min(least, bytes);
    };
    for (const routing::Route& route : tm_.routes()) {
        auto known = route_states_.find(route.id);
        if (known != route_states_.end() && known->second.counts_for_mtu)
            take(datagram_bytes(route.mtu, route.remote.address.family()));
    }
    if (least == 0)
        for (const routing::LocalEndpoint& endpoint : im_.endpoints()) {
            auto mtu = static_cast<std::uint16_t>(std::min<std::uint32_t>(endpoint.mtu, 0xffff));
            if (mtu > 0) take(datagram_bytes(mtu, endpoint.endpoint.address.family()));
        }
    return least == 0 ? datagram_bytes(1500, Family::ipv4) : least;
}

}  // namespace netft::core
