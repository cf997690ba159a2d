#include "netft/core/card_judge.hpp"

#include <algorithm>
#include <map>

namespace netft::core {

namespace {

bool is_compared(const IpAddress& address) { return !address.is_link_local(); }

bool is_configured_for(const NodeSettings& node, const IpAddress& address) {
    return std::any_of(node.endpoints.begin(), node.endpoints.end(), [&](const auto& configured) {
        return configured.endpoint.address == address;
    });
}

// All bits behind the prefix set, or none: no node's address in a subnet of more than two.
bool is_edge_of(const Prefix& prefix, const IpAddress& address) {
    if (address.is_v4() && address.v4_value() == 0xffffffff) return true;
    if (!address.is_v4() || !prefix.address.is_v4() || prefix.length == 0 || prefix.length > 30)
        return false;
    std::uint32_t mask = 0xffffffffu >> prefix.length;
    std::uint32_t host = address.v4_value() & mask;
    return prefix.contains(address) && (host == 0 || host == mask);
}

class Judge {
 public:
    Judge(const CardContext& context, std::span<const CardClaim> claims)
        : context_(context), claims_(claims) {
        for (const NodeSettings& node : context.settings.nodes) {
            for (const auto& configured : node.endpoints)
                owners_.emplace(configured.endpoint.address.with_scope(0), &node);
            for (const IpAddress& address : {node.ipv4, node.ipv6})
                if (!address.is_unspecified()) virtual_.emplace(address, &node);
            for (const auto& extra : {node.extra_ipv4, node.extra_ipv6})
                if (extra) virtual_.emplace(extra->address, &node);
            if (!node.mac.is_zero()) derived_.emplace(node.mac, &node);
        }
        for (std::size_t i = 0; i < claims.size(); ++i)
            for (const CardEndpoint& endpoint : claims[i].card->endpoints)
                if (is_compared(endpoint.endpoint.address))
                    claimants_[endpoint.endpoint.address].push_back(i);
    }

    std::vector<CardVerdict> all() {
        std::vector<CardVerdict> out;
        for (std::size_t i = 0; i < claims_.size(); ++i) out.push_back(judge(i));
        return out;
    }

 private:
    CardVerdict judge(std::size_t place) {
        const CardClaim& claim = claims_[place];
        const NodeSettings& node = *claim.node;
        CardVerdict out;
        MacAddress mac = mac_of(claim, out);
        if (!out.refusal.empty()) {
            out.contradicts = true;
            return out;
        }
        macs_.emplace(mac, &node);
        out.card = *claim.card;
        out.card->mac = mac;
        out.card->endpoints.clear();
        for (const CardEndpoint& endpoint : claim.card->endpoints)
            if (is_usable(place, endpoint, out)) out.card->endpoints.push_back(endpoint);
        if (claim.card->name != node.name)
            out.warnings.push_back("calls itself " + claim.card->name +
                                   "; are the configuration files the same?");
        if (claim.card->ipv4 != node.ipv4 || claim.card->ipv6 != node.ipv6) {
            out.contradicts = true;
            out.warnings.push_back("its virtual addresses are " + claim.card->ipv4.to_string() +
                                   " and " + claim.card->ipv6.to_string() + ", we expect " +
                                   node.ipv4.to_string() + " and " + node.ipv6.to_string() +
                                   "; are the configuration files the same?");
        }
        return out;
    }

    MacAddress mac_of(const CardClaim& claim, CardVerdict& out) const {
        const MacAddress& mac = claim.card->mac;
        const MacAddress& derived = claim.node->mac;
        std::string text = "its adapter MAC " + mac.to_string() + " ";
        if ((claim.card->features & kFeatureKeyMac) != 0 && !derived.is_zero()) {
            if (mac != derived)
                out.warnings.push_back(text + "is not used: its key says " + derived.to_string());
            return derived;
        }
        if (mac.is_zero() || mac.is_multicast()) out.refusal = text + "is no unicast address";
        for (const auto* owners : {&macs_, &derived_})
            if (auto other = owners->find(mac);
                other != owners->end() && other->second != claim.node)
                out.refusal = text + "is that of " + other->second->name + ": a cloned machine?";
        if (mac == context_.own_mac) out.refusal = text + "is that of this node: a cloned machine?";
        return mac;
    }

    bool is_usable(std::size_t place, const CardEndpoint& endpoint, CardVerdict& out) {
        const IpAddress& address = endpoint.endpoint.address;
        std::string text = "its endpoint " + endpoint.endpoint.to_string() + " ";
        auto ignored = [&out, &text](const std::string& why) {
            out.warnings.push_back(text + "is ignored: " + why);
            return false;
        };
        if (address.is_unspecified() || address.is_loopback() || address.is_multicast() ||
            is_edge(endpoint))
            return ignored("no node can have this address");
        if (auto found = virtual_.find(address); found != virtual_.end())
            return ignored("a virtual address of " + found->second->name);
        if (endpoint.mtu != 0 && endpoint.mtu < kEndpointMtuMin)
            return ignored("MTU " + std::to_string(endpoint.mtu) + ", at least 1280 is needed");
        const NodeSettings& node = *claims_[place].node;
        if (!is_compared(address) || is_configured_for(node, address)) return true;
        if (auto owner = owners_.find(address); owner != owners_.end())
            return ignored("the configuration gives it to " + owner->second->name);
        return !is_taken(place, endpoint, out);
    }

    bool is_edge(const CardEndpoint& endpoint) const {
        const IpAddress& address = endpoint.endpoint.address;
        if (is_edge_of({address, endpoint.prefix_length}, address)) return true;
        return std::any_of(
            context_.own_endpoints.begin(), context_.own_endpoints.end(),
            [&](const routing::LocalEndpoint& own) {
                return is_edge_of({own.endpoint.address, own.prefix_length}, address);
            });
    }

    // By another card.
    bool is_taken(std::size_t place, const CardEndpoint& endpoint, CardVerdict& out) const {
        const IpAddress& address = endpoint.endpoint.address;
        auto is_proven = [&](std::size_t i) {
            return context_.proven.contains({claims_[i].peer, address});
        };
        const std::vector<std::size_t>& claimants = claimants_.at(address);
        for (std::size_t other : claimants) {
            if (claims_[other].node == claims_[place].node) continue;
            if (is_proven(other) && !is_proven(place)) {
                out.warnings.push_back("its endpoint " + endpoint.endpoint.to_string() +
                                       " is ignored: it is an address of " +
                                       claims_[other].node->name);
                return true;
            }
        }
        std::size_t first = claimants.front();
        if (claims_[first].node != claims_[place].node && !is_proven(place))
            out.warnings.push_back("its address " + address.to_string() + " is also one of " +
                                   claims_[first].node->name +
                                   ": only one of them can be reached there");
        return false;
    }

    const CardContext& context_;
    std::span<const CardClaim> claims_;
    std::map<IpAddress, const NodeSettings*> owners_;   // of configured endpoints
    std::map<IpAddress, const NodeSettings*> virtual_;  // of virtual addresses
    std::map<MacAddress, const NodeSettings*> derived_;
    std::map<MacAddress, const NodeSettings*> macs_;  // of the cards so far
    std::map<IpAddress, std::vector<std::size_t>> claimants_;
};

}  // namespace

std::vector<CardVerdict> judge_cards(const CardContext& context,
                                     std::span<const CardClaim> claims) {
    return Judge(context, claims).all();
}

}  // namespace netft::core
