#include "netft/wire/heartbeat.hpp"

#include <algorithm>

namespace netft {

namespace {

std::uint32_t cut_to_u32(std::chrono::microseconds us) {
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(us.count(), 0, 0xffffffff));
}

std::uint8_t flags_of(const Heartbeat& h) {
    return static_cast<std::uint8_t>(static_cast<unsigned>(h.state) << 6 | h.poll << 5 |
                                     h.final << 4 | h.graceful_restart << 3 | h.stalled << 2 |
                                     h.suspect << 1 | h.notice << 0);
}

}  // namespace

std::optional<Heartbeat> decode_heartbeat(Bytes payload) {
    ByteReader in(payload);
    Heartbeat h;
    std::uint8_t flags = in.u8();
    h.state = static_cast<BfdState>(flags >> 6);
    h.poll = flags & 0x20;
    h.final = flags & 0x10;
    h.graceful_restart = flags & 0x08;
    h.stalled = flags & 0x04;
    h.suspect = flags & 0x02;
    h.notice = flags & 0x01;
    h.diagnostic = static_cast<Diagnostic>(in.u8());
    h.threshold = in.u8();
    h.probes_received = in.u8();
    h.sender_route = RouteId(in.u16());
    h.receiver_route = RouteId(in.u16());
    h.desired_tx = std::chrono::microseconds(in.u32());
    h.required_rx = std::chrono::microseconds(in.u32());
    h.transmit_time_ns = in.u64();
    h.echo_time_ns = in.u64();
    h.echo_hold = std::chrono::microseconds(in.u32());
    h.probes_sent = in.u32();
    h.heartbeats_received = in.u64();
    h.highest_counter = in.u64();
    h.data_received = in.u64();
    bool is_short = !in.ok();
    if (in.remaining() >= 8) {
        std::uint64_t taken = in.u64();
        if (taken != 0) h.data_taken = taken - 1;
    }
    bool sensible = h.threshold > 0 && h.sender_route.value > 0 && h.desired_tx.count() > 0 &&
                    h.required_rx.count() > 0;
    if (is_short || !sensible) return {};
    return h;
}

void encode(const Heartbeat& h, ByteWriter& out) {
    out.u8(flags_of(h));
    out.u8(static_cast<std::uint8_t>(h.diagnostic));
    out.u8(h.threshold);
    out.u8(h.probes_received);
    out.u16(h.sender_route.value);
    out.u16(h.receiver_route.value);
    out.u32(cut_to_u32(h.desired_tx));
    out.u32(cut_to_u32(h.required_rx));
    out.u64(h.transmit_time_ns);
    out.u64(h.echo_time_ns);
    out.u32(cut_to_u32(h.echo_hold));
    out.u32(h.probes_sent);
    out.u64(h.heartbeats_received);
    out.u64(h.highest_counter);
    out.u64(h.data_received);
    out.u64(h.data_taken ? *h.data_taken + 1 : 0);
}

std::string_view to_string(BfdState state) {
    switch (state) {
        case BfdState::admin_down: return "admin-down";
        case BfdState::down: return "down";
        case BfdState::init: return "init";
        case BfdState::up: return "up";
    }
    return "unknown";
}

std::string_view to_string(Diagnostic diagnostic) {
    switch (diagnostic) {
        case Diagnostic::none: return "none";
        case Diagnostic::detection_time_expired: return "detection time expired";
        case Diagnostic::echo_failed: return "echo failed";
        case Diagnostic::neighbor_signaled_down: return "neighbor signaled down";
        case Diagnostic::forwarding_plane_reset: return "forwarding plane reset";
        case Diagnostic::path_down: return "path down";
        case Diagnostic::concatenated_path_down: return "concatenated path down";
        case Diagnostic::administratively_down: return "administratively down";
        case Diagnostic::reverse_concatenated_path_down: return "reverse concatenated path down";
        case Diagnostic::carrier_lost: return "carrier lost";
        case Diagnostic::interface_gone: return "interface gone";
        case Diagnostic::address_gone: return "address gone";
        case Diagnostic::remote_endpoint_unavailable: return "remote endpoint unavailable";
        case Diagnostic::peer_restarted: return "peer restarted";
        case Diagnostic::session_lost: return "session lost";
        case Diagnostic::port_failed: return "port failed";
        case Diagnostic::shutting_down: return "shutting down";
        case Diagnostic::interface_admin_down: return "interface set down";
        case Diagnostic::heartbeats_missed: return "heartbeats missed";
        case Diagnostic::local_stall: return "this node was stalled";
        case Diagnostic::peer_stalled: return "peer was stalled";
        case Diagnostic::packets_lost: return "packets lost";
        case Diagnostic::path_member_broken: return "one of several paths is broken";
        case Diagnostic::data_lost: return "data lost";
        case Diagnostic::delay_rose: return "delay rose";
        case Diagnostic::delay_varies: return "delay varies";
        case Diagnostic::rejected_by_peer: return "the peer, or a firewall, rejects (ICMP)";
        case Diagnostic::prohibited_on_path: return "a firewall on the way prohibits it (ICMP)";
        case Diagnostic::refused_by_host: return "this host's firewall refuses to send";
        case Diagnostic::source_rewritten:
            return "its heartbeats come from another address or port (NAT?)";
        case Diagnostic::mtu_black_hole: return "MTU black hole";
        case Diagnostic::packets_duplicated: return "packets duplicated";
        case Diagnostic::packets_reordered: return "packets reordered";
        case Diagnostic::flapping: return "flapping";
        case Diagnostic::rate_limited: return "rate limited";
        case Diagnostic::peer_restarting: return "peer restarts";
        case Diagnostic::restart_overdue: return "peer did not come back from its restart";
    }
    return "unknown diagnostic";
}

}  // namespace netft
