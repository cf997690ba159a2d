#include "netft/control/status_requests.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "netft/control/status_flow.hpp"
#include "netft/control/status_records.hpp"

namespace netft::control {

namespace {

using nlohmann::json;

constexpr std::size_t kEthernetHeader = 14;

json error(const std::string& what) { return {{"error", what}}; }

std::string text(const json& request, const char* key) {
    auto value = request.find(key);
    return value != request.end() && value->is_string() ? value->get<std::string>() : "";
}

std::string peer_names(const NodeStatus& status) {
    std::string names;
    for (const PeerStatus& peer : status.peers) names += (names.empty() ? "" : ", ") + peer.name;
    return names.empty() ? "none" : names;
}

const PeerStatus* find_peer(const NodeStatus& status, const std::string& target) {
    std::optional<IpAddress> address = IpAddress::parse(target.substr(0, target.find('%')));
    if (address && address->is_unspecified()) return nullptr;
    for (const PeerStatus& peer : status.peers)
        if (peer.name == target || (address && (peer.ipv4 == *address || peer.ipv6 == *address)))
            return &peer;
    return nullptr;
}

json no_such_peer(const NodeStatus& status, const std::string& target) {
    if (target == status.node) return error(target + ": that is this node");
    return error(target +
                 ": no peer has this name or virtual address (peers: " + peer_names(status) + ")");
}

}  // namespace

json get_route(const NodeStatus& status, const std::string& target, const WallClock& clock,
               const json& request) {
    const PeerStatus* peer = find_peer(status, target);
    if (peer == nullptr) return no_such_peer(status, target);
    auto flow = flow_of_request(request, status.adapter_mtu + kEthernetHeader);
    if (!flow) return error(flow.error().what);
    core::Policy policy = peer->traffic.policy;
    json routes = json::array();
    if (*flow) {
        policy = core::policy_of(**flow, peer->traffic, status.classes);
        for (const RouteStatus& route : routes_for(*peer, policy))
            routes.push_back(route_to_json(route, clock));
    } else {
        for (const RouteStatus& route : peer->routes)
            if (route.report.use != core::RouteUse::none)
                routes.push_back(route_to_json(route, clock));
    }
    return {{"version", 1},
            {"target", target},
            {"peer", peer->name},
            {"state", peer->reachable ? "reachable" : "unreachable"},
            {"relay", peer->relay.empty() ? json() : json(peer->relay)},
            {"note", peer->note},
            {"flow", *flow ? flow_to_json(**flow) : json()},
            {"policy", core::to_string(policy)},
            {"routes", std::move(routes)}};
}

json get_history(const NodeStatus& status, const History& history, const std::string& peer,
                 const WallClock& clock) {
    bool known = std::any_of(status.peers.begin(), status.peers.end(),
                             [&](const PeerStatus& p) { return p.name == peer; });
    if (!known && history.size(peer) == 0) return no_such_peer(status, peer);
    return history.to_json(peer, clock);
}

json answer_request(const json& request, const NodeStatus& status, const History& history,
                    const WallClock& clock) {
    std::string name = text(request, "request");
    if (name == "show") return to_json(status, clock);
    if (name == "get") return get_route(status, text(request, "target"), clock, request);
    if (name == "history") return get_history(status, history, text(request, "peer"), clock);
    return error("request \"" + name + "\": not known");
}

}  // namespace netft::control
