#include "routing/topology/cluster_view.hpp"

#include <algorithm>

namespace netft::routing {

namespace {

std::uint64_t half_key(Place place) {
    return (static_cast<std::uint64_t>(place.node) & 0xffff) << 16 | (place.interface & 0xffff);
}
std::uint64_t key_of(Place from, Place to) { return half_key(from) << 32 | half_key(to); }
Place far_end(std::uint64_t key) { return {key >> 16 & 0xffff, key & 0xffff}; }

}  // namespace

bool is_of_interface(Diagnostic reason) {
    return reason == Diagnostic::carrier_lost || reason == Diagnostic::interface_gone ||
           reason == Diagnostic::address_gone || reason == Diagnostic::port_failed ||
           reason == Diagnostic::interface_admin_down;
}

Sight::Sight(const ClusterView& view) : view_(view), alive_(view.nodes.size()) {
    for (std::size_t n = 0; n < view.nodes.size(); ++n) {
        const SeenNode& node = view.nodes[n];
        alive_[n] = alive_[n] || node.has_word;
        for (std::size_t i = 0; i < node.interfaces.size(); ++i)
            networks_[node.interfaces[i].network].push_back({n, i});
        for (const SeenRoute& route : node.routes) {
            Place remote{route.peer, route.remote_interface};
            Place near{n, route.interface};
            entries_.push_back({key_of(near, remote), &route});
            entries_.push_back({key_of(remote, near), nullptr});
            if (route.state == BfdState::up) alive_[route.peer] = true;
            if (route.peer_said_so && is_of_interface(route.reason)) told_[remote] = route.reason;
        }
    }
    std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
        return std::pair(a.key, a.route == nullptr) < std::pair(b.key, b.route == nullptr);
    });
    auto same = [](const Entry& a, const Entry& b) { return a.key == b.key; };
    entries_.erase(std::unique(entries_.begin(), entries_.end(), same), entries_.end());
}

const SeenRoute* Sight::word(Place from, Place to) const {
    std::uint64_t key = key_of(from, to);
    auto found = std::lower_bound(entries_.begin(), entries_.end(), key,
                                  [](const Entry& e, std::uint64_t k) { return e.key < k; });
    return found == entries_.end() || found->key != key ? nullptr : found->route;
}

std::vector<Place> Sight::links(Place place) const {
    std::uint64_t first = half_key(place) << 32;
    auto entry = std::lower_bound(entries_.begin(), entries_.end(), first,
                                  [](const Entry& e, std::uint64_t k) { return e.key < k; });
    std::vector<Place> out;
    for (; entry != entries_.end() && entry->key >> 32 == first >> 32; ++entry)
        out.push_back(far_end(entry->key));
    return out;
}

std::optional<bool> Sight::talk(Place a, Place b) const {
    const SeenRoute* there = word(a, b);
    const SeenRoute* back = word(b, a);
    if (there == nullptr && back == nullptr) return {};
    bool good = (there == nullptr || there->state == BfdState::up) &&
                (back == nullptr || back->state == BfdState::up);
    return good;
}

Diagnostic Sight::reason(Place place) const {
    Diagnostic own = at(place).reason;
    if (own != Diagnostic::none || node(place.node).has_word) return own;
    auto told = told_.find(place);
    return told == told_.end() ? Diagnostic::none : told->second;
}

std::vector<Place> Sight::living(const std::string& network) const {
    std::vector<Place> out;
    auto found = networks_.find(network);
    if (found == networks_.end()) return out;
    for (Place place : found->second)
        if (is_alive(place.node)) out.push_back(place);
    return out;
}

}  // namespace netft::routing
