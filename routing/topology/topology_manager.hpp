// TM, the topology manager: which networks and routes exist.
//
// PURE. Inputs: local endpoints (from IM), the peers' endpoints (from their cards or, until a card
// has come, from the configuration), the settings. Outputs: networks, routes, this node's card
// endpoints, warnings.
//
// Parts: metric (role and metric of an endpoint), plumbing (which ends are paired), warnings, this
// file (ids, routes, the card).
//
// Rules. All are symmetric: from each other's cards both ends find mirror-image routes of equal
// priority.
//  - A network is a subnet; `[[network]]` entries override its name, role and metric. Role found:
//    cluster-and-client where the interface carries a default route, else cluster. Role `none`, at
//    either end, takes the endpoint out of use.
//  - Metric found: 100 for cluster, 200 for cluster-and-client, minus the speed bonus
//    (log2(Mbit/s), 0 where not known); lower is preferred.
//  - Two endpoints are on one subnet when each lies in the other's prefix. Where one prefix is not
//    known (length 0: a peer's configured address before its card has come, or an own one never
//    seen), the other's decides; where neither is, they are not.
//  - Routes: every (local, remote) pair on one subnet, same family. Where a peer shares no subnet
//    with us, or when plumb_all_cross_subnet_routes is set, all other pairs of equal family
//    (link-local excluded) are plumbed too, as cross-subnet routes.
//  - Whether two link-local (fe80::/10, 169.254.0.0/16) endpoints share a link cannot be known from
//    their addresses: they are paired, as if on one subnet, when both are configured, or when no
//    other pair of endpoints joins the two nodes.
//  - An address that both nodes have (a container bridge, say) joins nothing.
//  - Priority = max(local metric, remote metric), plus 1000 for a cross-subnet route. Lower is
//    preferred.
//  - MTU = min of both interfaces' MTU; where they differ on one subnet, a warning names both.
//  - A route whose local endpoint is unusable, or whose remote one the card calls unavailable,
//    exists but is not usable, with the reason.
//  - A local endpoint that does not fit into the card has no routes: the peer would not know it.
// Threads: control only.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "netft/base/address.hpp"
#include "netft/base/ids.hpp"
#include "netft/base/time.hpp"
#include "netft/base/timing.hpp"
#include "netft/wire/control.hpp"
#include "netft/wire/heartbeat.hpp"
#include "routing/interfaces/interface_manager.hpp"
#include "routing/table/route_table.hpp"

namespace netft::routing {

// What a [[network]] entry says; nullopt where it is silent.
struct NetworkOverride {
    Prefix subnet;
    std::optional<std::string> name;
    std::optional<NetworkRole> role;
    std::optional<std::uint32_t> metric;

    bool operator==(const NetworkOverride&) const = default;
};

struct TopologySettings {
    std::vector<NetworkOverride> networks;
    bool plumb_all_cross_subnet_routes = false;
    Timing same_subnet{100ms, 5};
    Timing cross_subnet{250ms, 5};

    bool operator==(const TopologySettings&) const = default;
};

// What is known of a peer's endpoints. Before its card has come: the configured addresses, with
// prefix_length 0 (not known), and the subnet is taken from the local endpoint that contains them;
// role, metric, availability and `configured` are not read then.
struct PeerEndpoints {
    PeerId peer;
    std::string name;
    bool from_card = false;
    std::vector<CardEndpoint> endpoints;

    bool operator==(const PeerEndpoints&) const = default;
};

struct Route {
    RouteId id;
    PeerId peer;
    EndpointId local_id;
    Endpoint local;
    Endpoint remote;  // scope = our interface's index where link-local
    std::string interface;
    std::string network;  // name; "10.0.0.0/24" unless overridden; "A to B" across subnets
    bool cross_subnet = false;
    std::uint32_t priority = 0;  // lower is preferred
    std::uint16_t mtu = 0;       // bytes of IP packet; 0: neither end's is known
    Timing timing;
    bool usable = false;
    Diagnostic reason = Diagnostic::none;  // why not usable

    bool operator==(const Route&) const = default;
};

struct Network {
    std::string name;  // the override's name, else the subnet's text
    Prefix subnet;
    NetworkRole role = NetworkRole::cluster;
    std::uint32_t metric = 0;  // lowest of the local interfaces on it

    bool operator==(const Network&) const = default;
};

class TopologyManager {
 public:
    explicit TopologyManager(TopologySettings settings);

    void handle_settings(TopologySettings settings);
    // Works everything out anew. True when routes(), networks(), card_endpoints() or warnings()
    // changed.
    bool update(std::span<const LocalEndpoint> local, std::span<const PeerEndpoints> peers);

    const std::vector<Route>& routes() const { return routes_; }  // by peer, then id
    // By subnet; those of role none too. Link-local ones once an interface ("fe80::/64%eth0").
    const std::vector<Network>& networks() const { return networks_; }
    // What this node's card says of its endpoints (role and metric filled in; role none left out;
    // at most kCardEndpointsMax, configured ones first).
    const std::vector<CardEndpoint>& card_endpoints() const { return card_endpoints_; }
    // For people, one sentence each: "n2: only one network (10.0.0.0/24) joins us: one cut
    // separates us", "no route to n3: …". The former only when the peer's card is known.
    const std::vector<std::string>& warnings() const { return warnings_; }
    // Of the warnings, those that are mistakes: a route is lost to each.
    const std::vector<std::string>& faults() const { return faults_; }

 private:
    struct View;  // what update() works out
    void add_routes(View& view, const PeerEndpoints& peer);

    TopologySettings settings_;
    RouteTable table_;
    std::vector<Route> routes_;
    std::vector<Network> networks_;
    std::vector<CardEndpoint> card_endpoints_;
    std::vector<std::string> warnings_;
    std::vector<std::string> faults_;
};

}  // namespace netft::routing
