// The payload of a heartbeat (type 4): BFD's words (RFC 5880 §4.1) plus what is needed to measure
// a route: echoed time stamps and receive counts.
//
//   0               1               2               3
//  +---+-+-+-+-+-+-+---------------+---------------+---------------+
//  |Sta|P|F|R|S|Q|N|  diagnostic   |   threshold   |probes received|
//  +---+-+-+-+-+-+-+---------------+---------------+---------------+
//  |      sender's route id        |     receiver's route id       |
//  +-------------------------------+-------------------------------+
//  |                  desired TX interval (µs)                     |
//  +---------------------------------------------------------------+
//  |                  required RX interval (µs)                    |
//  +---------------------------------------------------------------+
//  |                 transmit time (ns, sender's clock, 64 bits)   |
//  +---------------------------------------------------------------+
//  |   echo: transmit time of the last heartbeat received (64)     |
//  +---------------------------------------------------------------+
//  |      echo holding time: how long ago it came (µs, 32)         |
//  +---------------------------------------------------------------+
//  |   probes sent on this route so far (32)                       |
//  +---------------------------------------------------------------+
//  |   heartbeats received on this route since the session (64)    |
//  +---------------------------------------------------------------+
//  |   highest heartbeat counter received on this route (64)       |
//  +---------------------------------------------------------------+
//  |   data datagrams received on this route (64)                  |
//  +---------------------------------------------------------------+
//  |   padding (zeros, any length: MTU probes)                     |
//
// P poll, F final (RFC 5880 §6.5) · R graceful restart · S I was stalled · Q suspect: I miss your
// heartbeats, or find the route sick · N notice: sent over another route, says the state of the
// route it names and proves nothing about the route it came by. A probe is a padded heartbeat: too
// long for the path, it is lost, and that is no loss of the route. So it is counted apart, at both
// ends.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "netft/base/bytes.hpp"
#include "netft/base/ids.hpp"

namespace netft {

constexpr std::size_t kHeartbeatSize = 72;
constexpr std::size_t kHeartbeatSizeMin = 64;  // of the first version, without data_taken
// A heartbeat of so many bytes or more, padding included, is a probe of the path's MTU. Less is
// what a later version says more.
constexpr std::size_t kProbeSizeMin = 512;

// RFC 5880 §4.1 "State".
enum class BfdState : std::uint8_t { admin_down = 0, down = 1, init = 2, up = 3 };

// Why a route is in its state: RFC 5880 §4.1 "Diagnostic" 0–8, ours from 16 on.
enum class Diagnostic : std::uint8_t {
    none = 0,
    detection_time_expired = 1,
    echo_failed = 2,
    neighbor_signaled_down = 3,
    forwarding_plane_reset = 4,
    path_down = 5,
    concatenated_path_down = 6,
    administratively_down = 7,
    reverse_concatenated_path_down = 8,
    carrier_lost = 16,
    interface_gone = 17,
    address_gone = 18,
    remote_endpoint_unavailable = 19,
    peer_restarted = 20,
    session_lost = 21,
    port_failed = 22,
    shutting_down = 23,
    interface_admin_down = 24,
    heartbeats_missed = 25,
    local_stall = 26,  // the one that says so was stopped, starved or suspended
    peer_stalled = 27,
    // Of a suspect route that is sick; the path, not an end of it.
    packets_lost = 28,
    data_lost = 29,  // heartbeats come through, data does not
    delay_rose = 30,
    delay_varies = 31,
    mtu_black_hole = 32,
    packets_duplicated = 33,
    packets_reordered = 34,
    flapping = 35,         // kept out of use (damped)
    rate_limited = 36,     // heartbeats queue behind our data
    peer_restarting = 37,  // it said so: the route is excused for a while
    restart_overdue = 38,  // and did not come back in that time
    // As packets_lost, but all of some source ports and none of the others.
    path_member_broken = 39,
    // Why a route is not up, as far as somebody says so; anybody can (core/path_error.hpp).
    rejected_by_peer = 40,    // ICMP port unreachable
    prohibited_on_path = 41,  // ICMP administratively prohibited
    refused_by_host = 42,     // by the firewall of the one that says so
    source_rewritten = 43,    // the peer's heartbeats come from an endpoint that is not its own
};
// "detection time expired", …; unknown values read "unknown diagnostic".
std::string_view to_string(Diagnostic diagnostic);
std::string_view to_string(BfdState state);
// That nothing was heard, for a reason that is not known.
constexpr bool is_silence(Diagnostic diagnostic) {
    return diagnostic == Diagnostic::none || diagnostic == Diagnostic::detection_time_expired ||
           diagnostic == Diagnostic::neighbor_signaled_down ||
           diagnostic == Diagnostic::session_lost;
}
// What a route has that is suspect although its heartbeats come.
constexpr bool is_sickness(Diagnostic diagnostic) {
    return (diagnostic >= Diagnostic::packets_lost && diagnostic <= Diagnostic::rate_limited) ||
           diagnostic == Diagnostic::path_member_broken;
}

struct Heartbeat {
    BfdState state = BfdState::down;
    bool poll = false;
    bool final = false;
    bool graceful_restart = false;
    bool stalled = false;
    bool suspect = false;
    bool notice = false;
    Diagnostic diagnostic = Diagnostic::none;
    std::uint8_t threshold = 0;  // heartbeats that may be missed; 0 is malformed
    RouteId sender_route;
    RouteId receiver_route;  // 0: not known yet
    std::chrono::microseconds desired_tx{};
    std::chrono::microseconds required_rx{};
    std::uint64_t transmit_time_ns = 0;
    std::uint64_t echo_time_ns = 0;  // 0: nothing to echo
    std::chrono::microseconds echo_hold{};
    std::uint64_t heartbeats_received = 0;
    std::uint64_t highest_counter = 0;
    std::uint64_t data_received = 0;   // until the echoed heartbeat came; copies count
    std::uint32_t probes_sent = 0;     // this one included; since start
    std::uint8_t probes_received = 0;  // modulo 256
    // Data datagrams that were new and authentic, from this peer, by whatever way; nullopt: it does
    // not say.
    std::optional<std::uint64_t> data_taken;

    bool operator==(const Heartbeat&) const = default;
};

// nullopt: truncated, threshold 0, sender's route id 0 or an interval of 0.
std::optional<Heartbeat> decode_heartbeat(Bytes payload);
// Writes kHeartbeatSize bytes. Intervals and holding time above 2^32 − 1 µs are cut to that.
void encode(const Heartbeat& heartbeat, ByteWriter& out);

}  // namespace netft
