// A node as it might be, for tests of what is shown: n2 reachable by one of two routes, n3 never
// heard of.
#pragma once

#include "netft/control/status.hpp"
#include "routing/topology/cluster_view.hpp"

namespace netft::control::samples {

inline Endpoint endpoint(const char* address, std::uint16_t port = kNetftPort) {
    return {*IpAddress::parse(address), port};
}

// 2026-11-21T10:00:00.123456Z at 1,000 s of the monotonic clock.
inline WallClock clock() {
    return {.monotonic = TimePoint(1000s),
            .wall = WallTime(std::chrono::nanoseconds(1'795'255'200'123'456'789))};
}

inline RouteStatus route_up() {
    RouteStatus status;
    status.has_session = true;
    status.route.id = RouteId(1);
    status.route.local = endpoint("10.0.0.1");
    status.route.remote = endpoint("10.0.0.2");
    status.route.interface = "eth0";
    status.route.network = "10.0.0.0/24";
    status.route.priority = 100;
    status.route.mtu = 1500;
    status.route.usable = true;
    core::RouteReport& report = status.report;
    report.id = RouteId(1);
    report.state = BfdState::up;
    report.in_use = true;
    report.use = core::RouteUse::main;
    report.since = TimePoint(990s);
    report.detection_time = 500ms;
    report.rtt_p50_us = 90;
    report.rtt_p99_us = 210;
    report.jitter_us = 12;
    report.loss_in = 0.0;
    report.loss_out = 0.012345;
    report.heartbeats_sent = 100;
    report.heartbeats_received = 99;
    return status;
}

inline RouteStatus route_down() {
    RouteStatus status = route_up();
    status.route.id = RouteId(2);
    status.route.local = endpoint("fe80::1");
    status.route.remote = endpoint("fe80::2");
    status.route.interface = "eth1";
    status.route.network = "storage";
    status.report = {};
    status.report.id = RouteId(2);
    status.report.reason = Diagnostic::detection_time_expired;
    status.report.since = TimePoint(999s);
    return status;
}

// In security mode encrypt.
inline NodeStatus node() {
    NodeStatus status;
    status.node = "n1";
    status.cluster = "demo";
    status.security = SecurityMode::encrypt;
    status.crypto = "crypto_aesni_gcm";
    status.has_cluster_key = true;
    status.netftd_version = "0.1.0";
    status.adapter_name = "netft0";
    status.adapter_up = true;
    status.adapter_mac = *MacAddress::parse("02:00:00:00:00:01");
    status.adapter_ipv4 = *IpAddress::parse("169.254.1.1");
    status.adapter_ipv6 = *IpAddress::parse("fe80::11");
    status.adapter_mtu = 1400;
    status.ports = {{endpoint("10.0.0.1"), "eth0", "socket", ""}};
    status.workers = {{.core = 2}, {.note = "worker 1 cannot have processor 9: …; it floats"}};
    status.workers[1].drops.count(DropReason::rx_no_session, 3);
    status.warnings = {"n2: only one network"};
    status.drops.count(DropReason::rx_no_session, 3);
    PeerStatus n2{.name = "n2", .reachable = true, .has_session = true, .has_card = true};
    n2.ipv4 = *IpAddress::parse("169.254.1.2");
    n2.ipv6 = *IpAddress::parse("fe80::12");
    n2.routes = {route_up(), route_down()};
    n2.session_since = TimePoint(940s);
    n2.sessions_opened = 3;
    PeerStatus n3{.name = "n3", .note = "never heard of"};
    n3.ipv4 = *IpAddress::parse("169.254.1.3");
    n3.session_note = "its initiation was refused";
    n2.selected = RouteId(1);
    status.peers = {n2, n3};
    status.states.networks = {{"10.0.0.0/24", routing::NetworkState::up, {}},
                              {"storage", routing::NetworkState::down, {"n1 – n2"}}};
    status.states.interfaces = {{"n1",
                                 "eth0",
                                 "10.0.0.1",
                                 "10.0.0.0/24",
                                 routing::InterfaceState::up,
                                 Diagnostic::none,
                                 {}},
                                {"n2",
                                 "eth1",
                                 "fe80::2",
                                 "storage",
                                 routing::InterfaceState::failed,
                                 Diagnostic::carrier_lost,
                                 {"n1"}}};
    return status;
}

inline TransitionRecord transition() {
    TransitionRecord record;
    record.peer = "n2";
    record.network = "10.0.0.0/24";
    record.local = endpoint("10.0.0.1");
    record.remote = endpoint("10.0.0.2");
    record.transition.at = TimePoint(1001s);
    record.transition.route = RouteId(1);
    record.transition.from = BfdState::up;
    record.transition.from_suspect = true;
    record.transition.to = BfdState::down;
    record.transition.reason = Diagnostic::detection_time_expired;
    record.transition.recent_count = 1;
    record.transition.recent[0] = {.at = TimePoint(1000s), .state = BfdState::up, .counter = 41};
    return record;
}

inline SelectionRecord selection() {
    return {{.at = TimePoint(1001s), .from = RouteId(1), .to = {}}, "n2", {}};
}

inline SelectionRecord relayed() {
    return {{.at = TimePoint(1001s), .from = RouteId(1), .relay = PeerId(2)}, "n2", "n3"};
}

inline routing::StateChange network_change() {
    return {.at = TimePoint(1001s),
            .network = "storage",
            .from = "up",
            .to = "partitioned",
            .detail = "n1 – n2 cannot talk"};
}

inline routing::StateChange interface_change() {
    return {.at = TimePoint(1001s),
            .network = "storage",
            .node = "n2",
            .interface = "eth1",
            .address = "10.0.1.2",
            .from = "unreachable",
            .to = "failed",
            .detail = "carrier lost"};
}

// Two nodes, of which the other has no carrier on the only network.
inline routing::ClusterView cluster() {
    routing::ClusterView view;
    for (const char* name : {"n1", "n2"}) {
        routing::SeenNode node{.name = name, .has_word = view.nodes.empty()};
        node.interfaces = {{*IpAddress::parse("10.0.0.1"), "eth0", "10.0.0.0/24"}};
        view.nodes.push_back(node);
    }
    view.nodes[0].standings = {Standing::known, Standing::known};
    view.nodes[0].routes = {{.peer = 1, .peer_said_so = true, .reason = Diagnostic::carrier_lost}};
    return view;
}

inline HeartbeatTrace heartbeat() {
    HeartbeatTrace trace;
    trace.peer = "n2";
    trace.network = "10.0.0.0/24";
    trace.local = endpoint("10.0.0.1");
    trace.remote = endpoint("10.0.0.2");
    trace.record.at = TimePoint(1000s);
    trace.record.route = RouteId(1);
    trace.record.counter = 42;
    trace.record.rtt_us = 88;
    Heartbeat& h = trace.record.heartbeat;
    h.state = BfdState::up;
    h.stalled = true;
    h.diagnostic = Diagnostic::peer_restarted;
    h.threshold = 5;
    h.sender_route = RouteId(7);
    h.receiver_route = RouteId(1);
    h.desired_tx = 100ms;
    h.required_rx = 100ms;
    h.transmit_time_ns = 0xfedcba9876543210;  // beyond what a double holds
    h.echo_time_ns = 5;
    h.echo_hold = 17us;
    h.heartbeats_received = 40;
    h.highest_counter = 41;
    h.data_received = 1234;
    return trace;
}

}  // namespace netft::control::samples
