// The coordinator's part in inner addresses: floating ones, which move from node to node, and
// those that nobody may send from.
//
// A node claims what it has on its adapter beyond its own addresses, where the configuration lets
// it. Each claim is numbered: one above all that its node has heard of for that address, so the
// newest claim wins on every node, whatever the clocks say. No frame is believed for this.
#include <algorithm>

#include "netft/core/coordinator.hpp"

namespace netft::core {

namespace {

const AddressClaim* find(std::span<const AddressClaim> claims, const IpAddress& address) {
    auto found = std::find_if(claims.begin(), claims.end(),
                              [&](const AddressClaim& claim) { return claim.address == address; });
    return found == claims.end() ? nullptr : &*found;
}

std::string join(const std::vector<std::string>& parts) {
    std::string out;
    for (const std::string& part : parts) out += (out.empty() ? "" : ", ") + part;
    return out;
}

}  // namespace

// One that floats would take the way to its node into the tunnel. Not those of peers' cards: who
// names an address there could keep it from whom it belongs to.
std::set<IpAddress> Coordinator::endpoint_addresses() const {
    std::set<IpAddress> out;
    for (const NodeSettings& node : settings_.nodes)
        for (const routing::ConfiguredEndpoint& configured : node.endpoints)
            out.insert(configured.endpoint.address.with_scope(0));
    for (const routing::LocalEndpoint& endpoint : im_.endpoints())
        out.insert(endpoint.endpoint.address.with_scope(0));
    return out;
}

std::vector<IpAddress> Coordinator::claimed_by_peers() const {
    std::vector<IpAddress> out;
    for (const auto& [id, addresses] : claimed_)
        out.insert(out.end(), addresses.begin(), addresses.end());
    return out;
}

void Coordinator::handle_adapter_addresses(TimePoint now, std::span<const IpAddress> addresses) {
    if (!std::ranges::equal(addresses, adapter_addresses_))
        adapter_addresses_.assign(addresses.begin(), addresses.end());
    const std::set<IpAddress> endpoints = endpoint_addresses();
    std::vector<AddressClaim> next;
    std::vector<std::string> unclaimed;
    for (const IpAddress& address : adapter_addresses_) {
        const bool is_ours = inner_->is_allowed(address, settings_.self_node().allowed) &&
                             !endpoints.contains(address);
        if (!is_ours || next.size() == kAddressClaimsMax) {
            unclaimed.push_back(address.to_string());
            continue;
        }
        AddressClaim claim{address, 1};
        if (const AddressClaim* known = find(claims_, address)) {
            claim = *known;
        } else {
            for (const auto& [id, peer] : peers_) {
                const AddressClaim* other = peer.card ? find(peer.card->claims, address) : nullptr;
                if (other != nullptr && other->age >= claim.age) claim.age = other->age + 1;
            }
        }
        next.push_back(claim);
    }
    claims_ = std::move(next);
    std::string text = join(unclaimed);
    if (text != unclaimed_ && !text.empty())
        note(Notice::Severity::warning, Notice::Fault::config, "adapter",
             settings_.adapter_name + " has " + text +
                 ": no other node reaches that; allowed: addresses in [adapter] floating or in "
                 "this node's allowed, 16 at most");
    unclaimed_ = std::move(text);
    settle_claims();
    update_card(now);
}

// A card came: what it claims without a right to it is named; settle_claims() leaves it out.
void Coordinator::handle_claims(Peer& peer) {
    std::vector<std::string> refused;
    const std::vector<AddressClaim> none;
    for (const AddressClaim& claim : peer.card ? peer.card->claims : none) {
        if (inner_->is_allowed(claim.address, peer.node.allowed)) continue;
        refused.push_back(claim.address.to_string());
    }
    std::string text = join(refused);
    if (text != peer.refused_claims && !text.empty()) {
        drops_.count(DropReason::control_refused_claim, refused.size());
        note(Notice::Severity::warning, Notice::Fault::peer, "card",
             peer.node.name + ": claims " + text +
                 ", which is neither in [adapter] floating nor in its allowed");
    }
    peer.refused_claims = std::move(text);
    settle_claims();
}

// Who has each address now: the newest claim, of two alike that of the node with the lower key.
void Coordinator::settle_claims() {
    struct Best {
        std::uint32_t age = 0;
        const Peer* peer = nullptr;  // nullptr: we
    };
    std::map<IpAddress, Best> best;
    for (const AddressClaim& claim : claims_) best[claim.address] = {claim.age, nullptr};
    const PublicKey& own = settings_.self_node().public_key;
    auto key_of = [&own](const Best& b) -> const PublicKey& {
        return b.peer == nullptr ? own : b.peer->node.public_key;
    };
    std::set<IpAddress> endpoints;
    for (const auto& [id, peer] : peers_) {
        if (!peer.card || peer.card->claims.empty()) continue;
        if (endpoints.empty()) endpoints = endpoint_addresses();
        for (const AddressClaim& claim : peer.card->claims) {
            if (endpoints.contains(claim.address)) continue;
            if (!inner_->is_allowed(claim.address, peer.node.allowed)) continue;
            Best mine{claim.age, &peer};
            auto [entry, is_new] = best.emplace(claim.address, mine);
            const Best& other = entry->second;
            bool is_newer =
                claim.age > other.age || (claim.age == other.age && key_of(mine) < key_of(other));
            if (!is_new && is_newer) entry->second = mine;
        }
    }
    std::map<PeerId, std::vector<IpAddress>> next;
    for (const auto& [address, owner] : best)
        if (owner.peer != nullptr) next[owner.peer->id].push_back(address);
    if (next == claimed_) return;
    claimed_ = std::move(next);
    plan_dirty_ = true;
}

void Coordinator::handle_refused_source(TimePoint now, const SourceRefused& refused) {
    Peer* peer = find_peer(refused.peer);
    if (peer == nullptr) return;
    bool is_said = peer->refused_source && now - peer->refused_at < kRefusalShown;
    if (is_said) return;
    peer->refused_source = refused.source;
    peer->refused_at = now;
    note(Notice::Severity::warning, Notice::Fault::peer, "adapter",
         peer->node.name + ": frames from " + refused.source.to_string() +
             " refused: not in its allowed");
}

// Somebody may have written them into another program's configuration.
void Coordinator::note_moved_addresses(const Settings& next) {
    for (const NodeSettings& node : settings_.nodes)
        for (const NodeSettings& later : next.nodes) {
            if (later.name != node.name) continue;
            for (auto [from, to] : {std::pair(node.ipv4, later.ipv4), {node.ipv6, later.ipv6}})
                if (from != to)
                    note(Notice::Severity::warning, Notice::Fault::config, "config",
                         node.name + ": its address " + from.to_string() + " becomes " +
                             to.to_string() + "; address = [\"" + from.to_string() +
                             "\"] in its [[node]] keeps it");
        }
}

}  // namespace netft::core
