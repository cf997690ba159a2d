// What the engine tells control: transitions, heartbeats for traces, sessions shown; and reports.
//
// PURE, fixed size, no allocation: they cross a ring between threads.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "netft/base/address.hpp"
#include "netft/base/ids.hpp"
#include "netft/base/time.hpp"
#include "netft/base/timing.hpp"
#include "netft/core/stall_meter.hpp"
#include "netft/wire/drop_reason.hpp"
#include "netft/wire/heartbeat.hpp"

namespace netft::core {

enum class Direction : std::uint8_t { received, sent };

// One heartbeat as a trace shows it.
struct HeartbeatRecord {
    TimePoint at;
    RouteId route;
    PeerId peer;
    Direction direction = Direction::received;
    std::uint64_t counter = 0;
    Heartbeat heartbeat;
    std::uint32_t rtt_us = 0;  // 0: no sample (received ones only)
};

// The short form that a transition keeps of the heartbeats just before it.
struct RecentHeartbeat {
    TimePoint at;
    Direction direction = Direction::received;
    BfdState state = BfdState::down;
    bool suspect = false;
    Diagnostic diagnostic = Diagnostic::none;
    std::uint64_t counter = 0;
};
constexpr std::size_t kRecentHeartbeats = 8;

struct RouteTransition {
    TimePoint at;
    RouteId route;
    PeerId peer;
    BfdState from = BfdState::down;
    BfdState to = BfdState::down;
    bool from_suspect = false;
    bool to_suspect = false;
    bool from_damped = false;  // of a route that is up
    bool to_damped = false;
    Diagnostic reason = Diagnostic::none;  // ours, or the peer's where it signalled
    bool remote_said_so = false;           // the peer told us; else we found out
    std::uint16_t broken_sources = 0;      // source ports nothing gets through from (SourceWatch)
    std::uint8_t recent_count = 0;         // oldest first
    std::array<RecentHeartbeat, kRecentHeartbeats> recent{};
};

// Traffic to a peer moved. `to` and `relay` nullopt: unreachable.
struct SelectionChange {
    TimePoint at;
    PeerId peer;
    std::optional<RouteId> from;
    std::optional<RouteId> to;
    std::optional<PeerId> relay;  // brings it there, no direct route being up
};

// A datagram came on a session the peer had not shown before: it has our index.
struct SessionShown {
    PeerId peer;
    SessionIndex local;
};

// So many datagrams were sealed with a session's key that it is to be renewed.
struct SessionWorn {
    PeerId peer;
    SessionIndex local;
    bool is_spent = false;  // it was not renewed, and must not be sent on any longer
};

// Nothing of the data sent to a peer arrives, though routes to it are up, and higher counters did
// not help: another session is wanted.
struct DataLost {
    PeerId peer;
};

// Data goes to a peer by way of a relay: whether it arrives is to be asked, by a card.
struct RelaySilent {
    PeerId peer;
};

// A packet of the peer was dropped: it may not send from this address. Now and then, not each time.
struct SourceRefused {
    PeerId peer;
    IpAddress source;
};

// We were away, long enough to be worth a word: the reader of the log would blame the network.
struct StallRecord {
    TimePoint at;
    Stall stall;
};

// Datagrams sent together by a route are lost, single ones arrive; or (not avoided) it is to be
// seen again whether they are.
struct SegmentationRecord {
    TimePoint at;
    RouteId route;
    PeerId peer;
    bool is_avoided = false;
};

// A heartbeat of the peer came, but from an endpoint of no route: what should have been `route`'s.
struct SourceRewritten {
    TimePoint at;
    RouteId route;
    Endpoint seen;
};

using Event =
    std::variant<RouteTransition, SelectionChange, SessionShown, SessionWorn, DataLost, RelaySilent,
                 StallRecord, SegmentationRecord, SourceRewritten, SourceRefused>;

// What a route carries of its peer's traffic now.
enum class RouteUse : std::uint8_t {
    none,
    main,   // policy failover: all of it; duplicate: the first copy
    share,  // policy spread: some flows
    copy,   // duplicates of what goes over another route
};

struct RouteReport {
    RouteId id;
    PeerId peer;
    BfdState state = BfdState::down;
    bool suspect = false;
    bool damped = false;  // up, and kept out of use
    RouteUse use = RouteUse::none;
    bool in_use = false;  // by the peer's policy; a route may carry copies for a time without it
    Diagnostic reason = Diagnostic::none;
    bool remote_said_so = false;
    std::uint16_t broken_sources = 0;  // source ports nothing gets through from (SourceWatch)
    TimePoint since;
    Timing timing;                       // ours, in force
    Duration detection_time{};           // RFC 5880 §6.8.4, as it is now, patience included
    std::uint8_t patience = 4;           // quarters, LocalHealth
    Duration transmit_interval{};        // as it is now, before jitter
    std::uint8_t adapted_threshold = 0;  // in force in place of the peer's; 0: none is
    Duration longest_gap{};              // between heartbeats, where it is adapted
    std::optional<std::uint32_t> rtt_p50_us;
    std::optional<std::uint32_t> rtt_p99_us;
    std::uint32_t jitter_us = 0;
    std::uint16_t path_mtu = 0;     // bytes of IP packet known to get through; 0: not known
    std::optional<double> loss_in;  // 0..1 of the last ~100 heartbeats
    std::optional<double> loss_out;
    std::uint64_t heartbeats_sent = 0;
    std::uint64_t heartbeats_received = 0;
    std::uint64_t data_sent = 0;      // datagrams
    std::uint64_t data_received = 0;  // datagrams
    std::uint32_t transitions = 0;    // ups and downs since start
    std::uint32_t penalty = 0;        // core/damping, up to now
    Duration reuse_in{};              // until the penalty has fallen so far; 0: it has
};

struct PeerReport {
    PeerId peer;
    bool reachable = false;
    TimePoint since;
    std::optional<RouteId> in_use;
    std::optional<PeerId> relay;
};

struct Report {
    TimePoint at;
    std::vector<RouteReport> routes;  // capacity is the caller's: filled up to it
    std::vector<PeerReport> peers;
    DropCounters drops;
    std::uint8_t health_score = 0;  // LocalHealth, 0 is best
    std::uint8_t patience = 4;      // quarters
};

}  // namespace netft::core
