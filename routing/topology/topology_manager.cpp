#include "routing/topology/topology_manager.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "routing/topology/metric.hpp"
#include "routing/topology/plumbing.hpp"
#include "routing/topology/warnings.hpp"

namespace netft::routing {

namespace {

// The less the more.
auto worth(const End& end) {
    return std::tuple(!end.configured, !end.usable, !end.nic.empty(),
                      end.endpoint.address.is_link_local());
}

// The local ends in use, in order of id; at most as many as the card holds, those kept that are
// configured, then those that are usable, then real NICs, then those with a global address.
std::vector<End> choose_local(std::span<const End> all) {
    std::vector<End> ends;
    std::copy_if(all.begin(), all.end(), std::back_inserter(ends),
                 [](const End& end) { return end.role != NetworkRole::none; });
    if (ends.size() > kCardEndpointsMax) {
        std::stable_sort(ends.begin(), ends.end(),
                         [](const End& a, const End& b) { return worth(a) < worth(b); });
        ends.resize(kCardEndpointsMax);
    }
    std::sort(ends.begin(), ends.end(), [](const End& a, const End& b) { return a.id < b.id; });
    return ends;
}

std::vector<CardEndpoint> make_card(std::span<const End> ends) {
    std::vector<CardEndpoint> card;
    for (const End& end : ends) {
        card.push_back({.endpoint = end.endpoint,
                        .prefix_length = end.prefix_length,
                        .role = end.role,
                        .available = end.usable,
                        .configured = end.configured,
                        .metric = end.metric,
                        .mtu = end.mtu,
                        .interface = end.interface});
    }
    std::stable_sort(card.begin(), card.end(), [](const CardEndpoint& a, const CardEndpoint& b) {
        return a.configured > b.configured;
    });
    return card;
}

std::vector<Network> make_networks(std::span<const End> ends) {
    std::map<std::pair<Prefix, std::string>, Network> found;
    for (const End& end : ends) {
        if (end.prefix_length == 0) continue;
        Prefix subnet = subnet_of(end.endpoint, end.prefix_length);
        bool every_link_has_it = subnet.address.is_v6() && subnet.address.is_link_local();
        auto [place, fresh] = found.try_emplace({subnet, every_link_has_it ? end.interface : ""},
                                                Network{end.network, subnet, end.role, end.metric});
        place->second.role = std::max(place->second.role, end.role);
        place->second.metric = std::min(place->second.metric, end.metric);
    }
    std::vector<Network> networks;
    for (auto& [key, network] : found) networks.push_back(std::move(network));
    return networks;
}

// The end as the kernel wants it: link-local IPv6 with the index of our interface.
Endpoint scoped(const Endpoint& endpoint, std::uint32_t scope) {
    const IpAddress& address = endpoint.address;
    if (!address.is_v6() || !address.is_link_local()) return endpoint;
    return {address.with_scope(scope), endpoint.port};
}

std::uint16_t smaller_known(std::uint16_t a, std::uint16_t b) {
    if (a == 0 || b == 0) return std::max(a, b);
    return std::min(a, b);
}

Route make_route(const Pair& pair, const TopologySettings& settings) {
    const End& local = *pair.local;
    const End& remote = *pair.remote;
    return {.local_id = local.id,
            .local = scoped(local.endpoint, local.interface_index),
            .remote = scoped(remote.endpoint, local.interface_index),
            .interface = local.interface,
            .network = network_name(pair),
            .cross_subnet = pair.cross_subnet,
            .priority = std::max(local.metric, remote.metric) +
                        (pair.cross_subnet ? kCrossSubnetPenalty : 0),
            .mtu = smaller_known(local.mtu, remote.mtu),
            .timing = pair.cross_subnet ? settings.cross_subnet : settings.same_subnet,
            .usable = local.usable && remote.usable,
            .reason = local.usable ? remote.reason : local.reason};
}

std::vector<End> remote_ends(const PeerEndpoints& peer, const TopologySettings& settings) {
    std::vector<End> ends;
    for (const CardEndpoint& endpoint : peer.endpoints) {
        End end = remote_end(endpoint, peer.from_card, settings.networks);
        bool is_repeated = std::any_of(ends.begin(), ends.end(), [&](const End& other) {
            return other.endpoint == end.endpoint;
        });
        if (end.role != NetworkRole::none && !is_repeated) ends.push_back(std::move(end));
    }
    return ends;
}

}  // namespace

struct TopologyManager::View {
    std::vector<End> local;
    std::vector<Route> routes;
    std::vector<Network> networks;
    std::vector<CardEndpoint> card;
    std::vector<std::string> warnings;
    std::vector<std::string> faults;
};

TopologyManager::TopologyManager(TopologySettings settings) : settings_(std::move(settings)) {}

void TopologyManager::handle_settings(TopologySettings settings) {
    settings_ = std::move(settings);
}

void TopologyManager::add_routes(View& view, const PeerEndpoints& peer) {
    std::vector<End> remote = remote_ends(peer, settings_);
    std::vector<Pair> pairs = plumb(view.local, remote, settings_.plumb_all_cross_subnet_routes);
    for (const Pair& pair : pairs) {
        Route route = make_route(pair, settings_);
        route.peer = peer.peer;
        // An interface's index may change while the route is still the same: our endpoint's id
        // stands for it.
        auto id = table_.id_of(peer.peer, scoped(pair.local->endpoint, pair.local->id.value),
                               pair.remote->endpoint);
        if (!id) {
            view.warnings.push_back(peer.name + ": a route has no id: all 65535 are in use");
            break;
        }
        route.id = *id;
        view.routes.push_back(std::move(route));
    }
    if (auto warning = find_warning(peer.name, peer.from_card, view.local, remote, pairs))
        view.warnings.push_back(*std::move(warning));
    for (std::string& warning : find_mtu_warnings(peer.name, pairs))
        view.warnings.push_back(std::move(warning));
    for (std::string& fault : find_ambiguity_warnings(peer.name, view.local, remote))
        view.faults.push_back(std::move(fault));
}

bool TopologyManager::update(std::span<const LocalEndpoint> local,
                             std::span<const PeerEndpoints> peers) {
    std::vector<End> all;
    for (const LocalEndpoint& endpoint : local)
        all.push_back(local_end(endpoint, settings_.networks));
    table_.begin_round();
    View view{.local = choose_local(all)};
    view.networks = make_networks(all);
    view.card = make_card(view.local);
    if (!peers.empty()) view.faults = find_filter_warnings(view.local);
    for (const PeerEndpoints& peer : peers) add_routes(view, peer);
    view.warnings.insert(view.warnings.end(), view.faults.begin(), view.faults.end());
    std::sort(view.routes.begin(), view.routes.end(), [](const Route& a, const Route& b) {
        return std::pair(a.peer, a.id) < std::pair(b.peer, b.id);
    });
    bool changed = view.routes != routes_ || view.networks != networks_ ||
                   view.card != card_endpoints_ || view.warnings != warnings_;
    routes_ = std::move(view.routes);
    networks_ = std::move(view.networks);
    card_endpoints_ = std::move(view.card);
    warnings_ = std::move(view.warnings);
    faults_ = std::move(view.faults);
    return changed;
}

}  // namespace netft::routing
