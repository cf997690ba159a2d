#include "routing/table/route_table.hpp"

namespace netft::routing {

std::optional<RouteId> RouteTable::id_of(PeerId peer, const Endpoint& local,
                                         const Endpoint& remote) {
    Routes& routes = peers_[peer];
    auto known = routes.find(Ends{local, remote});
    if (known != routes.end()) {
        known->second.round = round_;
        return known->second.id;
    }
    std::optional<RouteId> id;
    if (routes.size() >= kRoutesPerPeerMax)
        id = take_oldest(routes);
    else
        id = next_ != 0 ? RouteId(next_++) : take_any();
    if (id) routes.emplace(Ends{local, remote}, Entry{*id, round_});
    return id;
}

std::optional<RouteId> RouteTable::take_oldest(Routes& routes) {
    auto oldest = routes.end();
    for (auto entry = routes.begin(); entry != routes.end(); ++entry)
        if (is_gone(entry->second) &&
            (oldest == routes.end() || entry->second.round < oldest->second.round))
            oldest = entry;
    if (oldest == routes.end()) return {};
    RouteId id = oldest->second.id;
    routes.erase(oldest);
    return id;
}

// All were given away once: of the peer that has the one gone longest.
std::optional<RouteId> RouteTable::take_any() {
    Routes* from = nullptr;
    std::uint64_t oldest = round_;
    for (auto& [peer, routes] : peers_)
        for (const auto& [ends, entry] : routes)
            if (is_gone(entry) && entry.round < oldest) {
                oldest = entry.round;
                from = &routes;
            }
    return from == nullptr ? std::nullopt : take_oldest(*from);
}

}  // namespace netft::routing
