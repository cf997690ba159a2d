// What the node knows of itself, gathered for people and tools; and its JSON.
//
// The daemon fills the structures from the coordinator and the worker's report; to_json() makes
// the documents that netft/docs/schema/*.json describe.
// Threads: control only.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "netft/base/time.hpp"
#include "netft/core/counters.hpp"
#include "netft/core/events.hpp"
#include "netft/core/settings.hpp"
#include "routing/topology/cluster_states.hpp"
#include "routing/topology/state_tracker.hpp"
#include "routing/topology/topology_manager.hpp"

namespace netft::control {

// Turns monotonic instants into wall time for people.
struct WallClock {
    TimePoint monotonic;
    WallTime wall;
    // RFC 3339 with microseconds, UTC: "2026-11-21T10:00:00.123456Z".
    std::string to_rfc3339(TimePoint t) const;
};

struct RouteStatus {
    routing::Route route;
    core::RouteReport report;  // of the engine; default-made (state down) before its first report
    bool has_session = false;
    std::string nic;       // below our interface, with which the route dies; "": the interface
    bool expected = true;  // false: a guess (across subnets, link-local) that never was a way
};

// "encrypt, no cluster key", "sign, two cluster keys (…)", "none".
std::string security_summary(const core::Settings& settings);
// What everybody must be told of a mode that keeps less than all private; "" for encrypt.
std::string security_warning(SecurityMode mode);

struct PeerStatus {
    std::string name;
    bool reachable = false;  // directly or by way of `relay`
    bool has_session = false;
    bool has_card = false;
    std::string note;  // "never heard of", "card refused: …", "" when all is well
    IpAddress ipv4;
    IpAddress ipv6;
    std::vector<RouteStatus> routes;
    std::optional<TimePoint> session_since;  // when the current session's keys were made
    std::uint64_t sessions_opened = 0;
    core::TrafficRule traffic;
    std::string relay;         // the node between us and it, while no direct route is up; else ""
    std::string session_note;  // what hinders the session; "" when all is well
    std::optional<RouteId> selected;   // the route that policy failover takes
    std::size_t networks_in_file = 0;  // how many independent ones its and our endpoints there make
    std::size_t networks_expected = 0;     // these, or what there was
    std::vector<IpAddress> floating = {};  // that it has now
    std::vector<std::string> doubts = {};  // what of its card is not used, and why
    // What sends packets for it elsewhere than by the adapter; "": they go by that.
    std::string stray = {};
};

struct PortStatus {
    Endpoint endpoint;
    std::string interface;
    std::string kind;    // "socket", "af_xdp", …
    std::string note;    // why it is not of the kind that is configured; "" where it is
    std::string device;  // "0000:03:00.0 (net_ixgbe)"; empty but for devices of [node.port]
};

struct WorkerStatus {
    std::optional<unsigned> core;  // nullopt: it floats
    std::string note;              // why it floats where a core is configured; "" when all is well
    core::WorkerCounters counters;
    DropCounters drops;
};

struct NodeStatus {
    std::string node;
    std::string cluster;
    SecurityMode security = SecurityMode::none;
    std::string crypto;  // the crypto device, "crypto_aesni_gcm"; empty in security mode none
    bool has_cluster_key = false;
    std::string netftd_version;
    std::string adapter_name;
    bool adapter_up = false;
    MacAddress adapter_mac;
    IpAddress adapter_ipv4;
    IpAddress adapter_ipv6;
    std::uint16_t adapter_mtu = 0;
    std::vector<PeerStatus> peers;
    std::vector<PortStatus> ports;
    std::vector<std::string> warnings;
    std::vector<std::string> faults;  // of the warnings, those that `check` is not green over
    unsigned health_score = 0;        // 0 is best; core/local_health
    unsigned patience = 4;            // quarters
    std::vector<WorkerStatus> workers;
    core::WorkerCounters counters;  // of all workers
    DropCounters drops;             // likewise, and control's own
    std::vector<core::TrafficClass> classes;
    routing::ClusterStates states;  // of networks and interfaces, as all nodes see them
};

// netft-route show --json (netft/docs/schema/show.json).
nlohmann::json to_json(const NodeStatus& status, const WallClock& clock);

// A transition as streams and `history` show it, with the route's names resolved.
struct TransitionRecord {
    core::RouteTransition transition;
    std::string peer;
    std::string network;
    Endpoint local;
    Endpoint remote;
};
nlohmann::json to_json(const TransitionRecord& record, const WallClock& clock);

struct HeartbeatTrace {
    core::HeartbeatRecord record;
    std::string peer;
    std::string network;
    Endpoint local;
    Endpoint remote;
};
nlohmann::json to_json(const HeartbeatTrace& trace, const WallClock& clock);

struct SelectionRecord {
    core::SelectionChange change;
    std::string peer;
    std::string relay;  // its name; "": none
};
nlohmann::json to_json(const SelectionRecord& record, const WallClock& clock);

}  // namespace netft::control
