// The cluster as the coordinator sees it: its own routes, what the peers say of theirs, and what TM
// makes of both.
#include <algorithm>
#include <map>

#include "netft/core/coordinator.hpp"
#include "routing/topology/cluster_states.hpp"
#include "routing/topology/metric.hpp"

namespace netft::core {

namespace {

// Every link has the link-local subnet, and which of them are one nobody knows: they count as one.
std::string network_of(const CardEndpoint& endpoint,
                       const std::vector<routing::NetworkOverride>& overrides) {
    std::string name = routing::remote_end(endpoint, true, overrides).network;
    return name.substr(0, name.find('%'));
}

// The interface with this tag; nullopt: none has.
std::optional<std::size_t> find_tag(const std::vector<routing::SeenInterface>& interfaces,
                                    std::uint32_t tag) {
    for (std::size_t i = 0; i < interfaces.size(); ++i)
        if (tag_of(interfaces[i].address) == tag) return i;
    return {};
}

routing::SeenRoute seen(const ViewRoute& route, std::size_t interface, std::size_t peer,
                        std::size_t remote) {
    return {.interface = interface,
            .peer = peer,
            .remote_interface = remote,
            .state = route.state,
            .suspect = route.suspect,
            .peer_said_so = route.peer_said_so,
            .damped = route.damped,
            .reason = route.reason};
}

}  // namespace

// Of a peer, or ours (null).
std::vector<routing::SeenInterface> Coordinator::seen_interfaces(const Peer* peer) const {
    std::vector<routing::SeenInterface> out;
    const auto& overrides = settings_.topology.networks;
    if (peer == nullptr || peer->card) {
        const auto& endpoints = peer == nullptr ? card_endpoints_ : peer->card->endpoints;
        for (const CardEndpoint& e : endpoints)
            out.push_back({e.endpoint.address, e.interface, network_of(e, overrides), e.mtu});
    } else {
        // Known by the configuration only: what joins it to us tells the network.
        for (const routing::Route& route : tm_.routes()) {
            IpAddress address = route.remote.address.with_scope(0);
            bool is_its = route.peer == peer->id && !find_tag(out, tag_of(address));
            if (is_its)
                out.push_back({address, "", route.network.substr(0, route.network.find('%')), 0});
        }
    }
    const NodeView* view = nullptr;
    if (peer != nullptr && is_in_reach(*peer) && peer->views.view()) view = &*peer->views.view();
    if (peer == nullptr) view = &view_;
    if (view == nullptr) return out;
    for (const ViewInterface& interface : view->interfaces)
        if (auto i = find_tag(out, interface.tag)) out[*i].reason = interface.reason;
    return out;
}

void Coordinator::add_own_routes(routing::ClusterView& view) const {
    std::map<PeerId, std::size_t> places;
    std::size_t next = 1;
    for (const auto& [id, peer] : peers_) places[id] = next++;
    for (const routing::Route& route : tm_.routes()) {
        auto place = places.find(route.peer);
        if (place == places.end()) continue;
        auto near = find_tag(view.nodes[0].interfaces, tag_of(route.local.address));
        auto far = find_tag(view.nodes[place->second].interfaces, tag_of(route.remote.address));
        if (near && far)
            view.nodes[0].routes.push_back(seen(view_of(route, 0), *near, place->second, *far));
    }
}

void Coordinator::add_routes_of(routing::ClusterView& view, std::size_t node, const NodeView& said,
                                const std::map<IpAddress, std::size_t>& nodes) const {
    routing::SeenNode& out = view.nodes[node];
    std::vector<std::optional<std::size_t>> interfaces;
    for (const ViewInterface& interface : said.interfaces)
        interfaces.push_back(find_tag(out.interfaces, interface.tag));
    for (const ViewPeer& peer : said.peers) {
        auto place = nodes.find(peer.ipv4);
        if (place == nodes.end()) continue;
        out.standings[place->second] = peer.standing;
        for (const ViewRoute& route : peer.routes) {
            auto near = interfaces[route.interface];
            auto far = find_tag(view.nodes[place->second].interfaces, route.remote);
            if (near && far) out.routes.push_back(seen(route, *near, place->second, *far));
        }
    }
}

routing::ClusterView Coordinator::cluster_view(TimePoint now) const {
    const NodeSettings& self = settings_.self_node();
    routing::ClusterView out;
    std::map<IpAddress, std::size_t> nodes{{self.ipv4, 0}};
    bool is_stalled = stalled_ && now - *stalled_ < kStallRemembered;
    out.nodes.push_back({self.name, true, is_stalled, seen_interfaces(nullptr)});
    for (const auto& [id, peer] : peers_) {
        nodes[peer.node.ipv4] = out.nodes.size();
        out.nodes.push_back({.name = peer.node.name, .interfaces = seen_interfaces(&peer)});
    }
    std::vector<Standing>& standings = out.nodes[0].standings;
    standings.push_back(Standing::known);
    for (const auto& [id, peer] : peers_) standings.push_back(standing_of(peer));
    add_own_routes(out);
    std::size_t place = 0;
    for (const auto& [id, peer] : peers_) {
        ++place;
        if (!is_in_reach(peer) || !peer.views.view()) continue;
        routing::SeenNode& node = out.nodes[place];
        node.has_word = true;
        node.is_stalled = peer.views.view()->is_stalled;
        node.standings.assign(out.nodes.size(), Standing::known);
        add_routes_of(out, place, *peer.views.view(), nodes);
    }
    return out;
}

void Coordinator::touch_states(TimePoint now) {
    if (states_due_) return;
    Duration interval = std::max<Duration>(kStatesInterval, states_routes_ * kStatesRouteInterval);
    states_due_ = std::max(now + kViewGathering, states_made_ + interval);
}

void Coordinator::service_states(TimePoint now) {
    tracker_.handle_timers(now);
    if (!states_due_ || *states_due_ > now) return;
    states_due_.reset();
    states_made_ = now;
    routing::ClusterView view = cluster_view(now);
    states_routes_ = 0;
    for (const routing::SeenNode& node : view.nodes) states_routes_ += node.routes.size();
    tracker_.handle_states(now, routing::states_of(view));
}

}  // namespace netft::core
