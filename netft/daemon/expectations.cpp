#include "netft/daemon/expectations.hpp"

#include <algorithm>

#include "netft/control/verdict.hpp"

namespace netft::daemon {

namespace {

const routing::LocalEndpoint* find_local(std::span<const routing::LocalEndpoint> local,
                                         const IpAddress& address) {
    for (const routing::LocalEndpoint& endpoint : local)
        if (endpoint.endpoint.address.with_scope(0) == address.with_scope(0)) return &endpoint;
    return nullptr;
}

using Listed = std::vector<IpAddress>;

// What the file lists for the node, of one family.
Listed addresses_of(const core::Settings& settings, const core::NodeSettings& node, bool v4) {
    Listed out;
    for (const routing::ConfiguredEndpoint& listed : node.endpoints) {
        const IpAddress& address = listed.endpoint.address;
        bool is_out = std::any_of(settings.topology.networks.begin(),
                                  settings.topology.networks.end(), [&](const auto& network) {
                                      return network.role == NetworkRole::none &&
                                             network.subnet.contains(address);
                                  });
        if (address.is_v4() == v4 && !is_out) out.push_back(address);
    }
    return out;
}

// Ours of one family: NICs or subnets, what is less.
std::size_t count_own(const Listed& listed, std::span<const routing::LocalEndpoint> local) {
    std::set<std::string> nics, subnets;
    for (const IpAddress& address : listed) {
        const routing::LocalEndpoint* known = find_local(local, address);
        std::string own_text = address.to_string();
        bool has_place = known != nullptr && !known->interface.empty();
        std::string place = !has_place ? own_text
                            : known->nic.empty() ? known->interface
                                                 : known->nic;
        nics.insert(place);
        bool has_subnet = known != nullptr && known->prefix_length != 0;
        bool is_link_local = address.is_v6() && address.is_link_local();
        subnets.insert(has_subnet && !is_link_local
                           ? Prefix{address, known->prefix_length}.network().to_string()
                           : place);
    }
    return std::min(nics.size(), subnets.size());
}

// The peer's of one family; those in one subnet of ours are one.
std::size_t count_theirs(const Listed& listed, std::span<const routing::LocalEndpoint> local) {
    std::set<std::string> places;
    for (const IpAddress& address : listed) {
        std::string place = address.to_string();
        for (const routing::LocalEndpoint& ours : local) {
            Prefix subnet = Prefix{ours.endpoint.address, ours.prefix_length}.network();
            bool is_known = ours.prefix_length != 0 && !address.is_link_local();
            if (is_known && subnet.contains(address)) place = subnet.to_string();
        }
        places.insert(place);
    }
    return places.size();
}

bool is_up(const control::RouteStatus& status) {
    return status.route.usable && status.report.state == BfdState::up;
}

}  // namespace

std::string nic_of(std::span<const routing::LocalEndpoint> local, const routing::Route& route) {
    for (const routing::LocalEndpoint& endpoint : local)
        if (endpoint.id == route.local_id) return endpoint.nic;
    return {};
}

std::size_t networks_in_file(const core::Settings& settings, const core::NodeSettings& peer,
                             std::span<const routing::LocalEndpoint> local) {
    std::size_t most = 0;
    for (bool v4 : {true, false}) {
        Listed own = addresses_of(settings, settings.self_node(), v4);
        Listed theirs = addresses_of(settings, peer, v4);
        most = std::max(most, std::min(count_own(own, local), count_theirs(theirs, local)));
    }
    return most;
}

void Expectations::note(TimePoint now, const routing::Route& route, bool is_up) {
    if (!is_up) {
        up_since_.erase(route.id);
        return;
    }
    up_since_.emplace(route.id, now);
    ways_.insert(route.id);
    local_ends_.insert(route.local.address.with_scope(0));
    far_ends_.insert({route.peer, route.remote.address.with_scope(0)});
}

// Across subnets every pair of endpoints is tried, on link-local networks likewise: nobody can know
// which of them are joined. A pair that never was a way while each of its ends has another, or that
// has an end which the file does not list and nobody ever reached, was none.
bool Expectations::is_guess(PeerId id, const control::RouteStatus& status,
                            const control::PeerStatus& peer,
                            const std::set<IpAddress>& configured) const {
    const routing::Route& route = status.route;
    bool is_tried = route.cross_subnet || route.local.address.is_link_local();
    if (!is_tried || is_up(status) || ways_.contains(route.id)) return false;
    auto has_way = [&](auto end) {
        return std::any_of(peer.routes.begin(), peer.routes.end(), [&](const auto& other) {
            return (ways_.contains(other.route.id) || is_up(other)) && end(other.route);
        });
    };
    // A remote link-local address has the scope of our interface.
    IpAddress far = route.remote.address.with_scope(0);
    bool both_have = has_way([&](const auto& r) { return r.local == route.local; }) &&
                     has_way([&](const auto& r) { return r.remote.address.with_scope(0) == far; });
    if (both_have || !route.cross_subnet) return both_have;
    bool local_known =
        configured.contains(route.local.address) || local_ends_.contains(route.local.address);
    bool far_known =
        configured.contains(route.remote.address) || far_ends_.contains({id, route.remote.address});
    return !local_known || !far_known;
}

void Expectations::note_networks(TimePoint now, std::span<const routing::Route> routes,
                                 std::span<const routing::LocalEndpoint> local) {
    std::map<PeerId, control::PeerStatus> settled;
    for (const routing::Route& route : routes) {
        auto since = up_since_.find(route.id);
        if (since == up_since_.end() || now - since->second < kSettled) continue;
        control::RouteStatus status{.route = route, .nic = nic_of(local, route)};
        settled[route.peer].routes.push_back(std::move(status));
    }
    for (const auto& [id, peer] : settled) {
        std::size_t& had = had_[id];
        had = std::max(had, control::independent_networks(peer, false));
    }
}

void Expectations::apply(PeerId id, control::PeerStatus& peer,
                         const std::set<IpAddress>& configured) const {
    std::vector<bool> guesses;
    for (const control::RouteStatus& status : peer.routes)
        guesses.push_back(is_guess(id, status, peer, configured));
    for (std::size_t i = 0; i < guesses.size(); ++i) peer.routes[i].expected = !guesses[i];
    auto had = had_.find(id);
    peer.networks_expected =
        std::max(peer.networks_in_file, had == had_.end() ? std::size_t{0} : had->second);
}

}  // namespace netft::daemon
