#include "netft/control/status.hpp"

#include <fmt/chrono.h>

#include <nlohmann/json.hpp>

#include "netft/control/config_values.hpp"
#include "netft/control/status_cluster.hpp"
#include "netft/control/status_records.hpp"
#include "netft/control/verdict.hpp"
#include "netft/wire/opening.hpp"

namespace netft::control {

namespace {

using nlohmann::json;

json address_or_null(const IpAddress& address) {
    return address.is_unspecified() ? json() : json(address.to_string());
}

json adapter_to_json(const NodeStatus& status) {
    return {{"name", status.adapter_name},
            {"state", status.adapter_up ? "up" : "down"},
            {"mac", status.adapter_mac.to_string()},
            {"ipv4", address_or_null(status.adapter_ipv4)},
            {"ipv6", address_or_null(status.adapter_ipv6)},
            {"mtu", status.adapter_mtu}};
}

json counters_to_json(const core::WorkerCounters& c) {
    return {{"frames_from_adapter", c.frames_from_adapter},
            {"frames_to_adapter", c.frames_to_adapter},
            {"bytes_from_adapter", c.bytes_from_adapter},
            {"bytes_to_adapter", c.bytes_to_adapter},
            {"trains_sent", c.trains_sent},
            {"datagrams_received", c.datagrams_received},
            {"datagrams_sent", c.datagrams_sent},
            {"heartbeats_sent", c.heartbeats_sent},
            {"answers_to_adapter", c.answers_to_adapter},
            {"trains_relayed", c.trains_relayed},
            {"datagrams_forwarded", c.datagrams_forwarded},
            {"datagrams_relayed_in", c.datagrams_relayed_in},
            {"control_to", c.control_to},
            {"adapter_pauses", c.adapter_pauses},
            {"cycles", c.cycles},
            {"sleeps", c.sleeps},
            {"longest_gap_us", to_us(c.longest_gap)},
            {"stalls", c.stalls},
            {"longest_stall_us", to_us(c.longest_stall)}};
}

json drops_to_json(const DropCounters& drops) {
    json out = json::object();
    for (std::size_t i = 0; i < kDropReasons; ++i) {
        DropReason reason = static_cast<DropReason>(i);
        if (drops.of(reason) > 0) out[std::string(to_string(reason))] = drops.of(reason);
    }
    return out;
}

// Null: nothing is sealed.
json crypto_to_json(const NodeStatus& status) {
    if (status.security == SecurityMode::none) return {};
    return {{"device", status.crypto.empty() ? json() : json(status.crypto)},
            {"cluster_key", status.has_cluster_key}};
}

json ports_to_json(const NodeStatus& status) {
    json out = json::array();
    for (const PortStatus& port : status.ports)
        out.push_back({{"endpoint", port.endpoint.to_string()},
                       {"interface", port.interface},
                       {"kind", port.kind},
                       {"note", port.note},
                       {"device", port.device}});
    return out;
}

json workers_to_json(const NodeStatus& status) {
    json out = json::array();
    for (const WorkerStatus& worker : status.workers)
        out.push_back({{"worker", out.size()},
                       {"core", worker.core ? json(*worker.core) : json()},
                       {"note", worker.note},
                       {"counters", counters_to_json(worker.counters)},
                       {"drops", drops_to_json(worker.drops)}});
    return out;
}

json node_to_json(const NodeStatus& status) {
    return {{"version", 1},
            {"node", status.node},
            {"cluster", status.cluster},
            {"security", to_text(status.security)},
            {"crypto", crypto_to_json(status)},
            {"netftd_version", status.netftd_version},
            {"adapter", adapter_to_json(status)},
            {"ports", ports_to_json(status)},
            {"networks", networks_to_json(status.states)},
            {"interfaces", interfaces_to_json(status.states)},
            {"workers", workers_to_json(status)},
            {"warnings", status.warnings},
            {"local_health", {{"score", status.health_score}, {"patience", status.patience / 4.0}}},
            {"counters", counters_to_json(status.counters)},
            {"drops", drops_to_json(status.drops)}};
}

json session_to_json(const PeerStatus& peer, const WallClock& clock) {
    return {{"state", peer.has_session ? "open" : "opening"},
            {"since", peer.session_since ? json(clock.to_rfc3339(*peer.session_since)) : json()},
            {"opened", peer.sessions_opened},
            {"note", peer.session_note}};
}

json texts_of(const std::vector<IpAddress>& addresses) {
    json out = json::array();
    for (const IpAddress& address : addresses) out.push_back(address.to_string());
    return out;
}

json peer_to_json(const PeerStatus& peer, const WallClock& clock) {
    return {{"name", peer.name},
            {"state", peer.reachable ? "reachable" : "unreachable"},
            {"relay", peer.relay.empty() ? json() : json(peer.relay)},
            {"note", peer.note},
            {"session", session_to_json(peer, clock)},
            {"card", peer.has_card},
            {"policy", core::to_string(peer.traffic.policy)},
            {"duplicate_small", peer.traffic.duplicate_small},
            {"ipv4", address_or_null(peer.ipv4)},
            {"ipv6", address_or_null(peer.ipv6)},
            {"floating", texts_of(peer.floating)}};
}

json record(json fields, const char* type) {
    fields["version"] = 1;
    fields["type"] = type;
    return fields;
}

}  // namespace

std::string WallClock::to_rfc3339(TimePoint t) const {
    WallTime then = wall + (t - monotonic);
    auto seconds = std::chrono::floor<std::chrono::seconds>(then);
    auto us = std::chrono::duration_cast<std::chrono::microseconds>(then - seconds);
    std::time_t time = std::chrono::system_clock::to_time_t(
        std::chrono::time_point_cast<std::chrono::system_clock::duration>(seconds));
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(time), us.count());
}

std::string security_summary(const core::Settings& settings) {
    std::string mode(to_text(settings.security));
    std::size_t keys = settings.cluster_keys.size();
    if (settings.security == SecurityMode::none) return mode;
    if (keys == 0) return mode + ", no cluster key";
    return mode + (keys == 1 ? ", one cluster key" : ", two cluster keys (a change is under way)");
}

std::string security_warning(SecurityMode mode) {
    switch (mode) {
        case SecurityMode::none:
            return "security mode none: anybody on these networks can read and change what netft "
                   "carries";
        case SecurityMode::sign:
            return "security mode sign: anybody on these networks can read what netft carries";
        case SecurityMode::encrypt: return "";
    }
    return "";
}

json to_json(const NodeStatus& status, const WallClock& clock) {
    json out = node_to_json(status);
    json peers = json::array();
    for (const PeerStatus& peer : status.peers) {
        json entry = peer_to_json(peer, clock);
        entry["routes"] = json::array();
        for (const RouteStatus& route : peer.routes)
            entry["routes"].push_back(route_to_json(route, clock));
        peers.push_back(std::move(entry));
    }
    out["peers"] = std::move(peers);
    out["verdict"] = to_json(judge(status));
    return out;
}

std::vector<json> snapshot_records(const NodeStatus& status, const WallClock& clock) {
    std::vector<json> records{record(node_to_json(status), "node")};
    for (const PeerStatus& peer : status.peers) {
        records.push_back(record(peer_to_json(peer, clock), "peer"));
        for (const RouteStatus& route : peer.routes) {
            records.push_back(record(route_to_json(route, clock), "route"));
            records.back()["peer"] = peer.name;
        }
    }
    return records;
}

}  // namespace netft::control
