#include "netft/control/status_records.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>

#include "netft/wire/data.hpp"

namespace netft::control {

namespace {

using nlohmann::json;

// Whole numbers stay whole: 100, 2.5.
json milliseconds(Duration d) {
    if (d % 1ms == 0ns) return to_ms(d);
    return static_cast<double>(to_us(d)) / 1000.0;
}

std::string text_of(Duration d) { return milliseconds(d).dump() + " ms"; }

// A report is default-made until the engine knows the route.
bool is_reported(const RouteStatus& route) { return route.report.id.value != 0; }

Timing timing_of(const RouteStatus& route) {
    return is_reported(route) ? route.report.timing : route.route.timing;
}

Duration detection_time(const RouteStatus& route) {
    Timing timing = timing_of(route);
    if (is_reported(route) && route.report.detection_time > 0ns) return route.report.detection_time;
    return timing.threshold * timing.delay;
}

template <class T>
json or_null(const std::optional<T>& value) {
    return value ? json(*value) : json();
}

// Four digits are more than a hundred heartbeats can tell.
json loss(const std::optional<double>& fraction) {
    return fraction ? json(std::round(*fraction * 10000.0) / 10000.0) : json();
}

json counters_of(const core::RouteReport& report) {
    return {{"heartbeats_sent", report.heartbeats_sent},
            {"heartbeats_received", report.heartbeats_received},
            {"data_sent", report.data_sent},
            {"data_received", report.data_received},
            {"transitions", report.transitions}};
}

std::string direction_name(core::Direction direction) {
    switch (direction) {
        case core::Direction::received: return "received";
        case core::Direction::sent: return "sent";
    }
    return "unknown";
}

std::string_view use_name(core::RouteUse use) {
    switch (use) {
        case core::RouteUse::none: return "none";
        case core::RouteUse::main: return "main";
        case core::RouteUse::share: return "share";
        case core::RouteUse::copy: return "copy";
    }
    return "none";
}

json recent_to_json(const core::RecentHeartbeat& recent, const WallClock& clock) {
    return {{"at", clock.to_rfc3339(recent.at)},
            {"direction", direction_name(recent.direction)},
            {"state", to_string(recent.state)},
            {"suspect", recent.suspect},
            {"diagnostic", to_string(recent.diagnostic)},
            {"counter", recent.counter}};
}

// All that is on the wire, so that a reader can make the datagram again.
json heartbeat_to_json(const Heartbeat& h) {
    return {{"state", to_string(h.state)},
            {"poll", h.poll},
            {"final", h.final},
            {"graceful_restart", h.graceful_restart},
            {"stalled", h.stalled},
            {"suspect", h.suspect},
            {"notice", h.notice},
            {"diagnostic", to_string(h.diagnostic)},
            {"diagnostic_code", static_cast<unsigned>(h.diagnostic)},
            {"threshold", h.threshold},
            {"sender_route", h.sender_route.value},
            {"receiver_route", h.receiver_route.value},
            {"desired_tx_us", h.desired_tx.count()},
            {"required_rx_us", h.required_rx.count()},
            {"transmit_time_ns", h.transmit_time_ns},
            {"echo_time_ns", h.echo_time_ns},
            {"echo_hold_us", h.echo_hold.count()},
            {"heartbeats_received", h.heartbeats_received},
            {"highest_counter", h.highest_counter},
            {"data_received", h.data_received}};
}

std::string said(bool by_remote, const std::string& reason) {
    return reason.empty() ? "" : (by_remote ? "peer says: " : "") + reason;
}

std::string state_of(const RouteStatus& route) {
    return route_state(route.report.state, route.report.suspect, route.report.damped);
}

// 2310 -> "2,310"
std::string grouped(std::uint32_t n) {
    std::string out = std::to_string(n);
    for (std::size_t i = out.size(); i > 3; i -= 3) out.insert(i - 3, ",");
    return out;
}

// "41 s", "4 min 10 s"; a second at least.
std::string rest_of(Duration d) {
    std::int64_t s = std::max<std::int64_t>(1, to_ms(d) / 1000);
    return s < 60 ? fmt::format("{} s", s) : fmt::format("{} min {} s", s / 60, s % 60);
}

// `reason`: of its suspicion, if it is suspect.
std::string up_reason_of(const core::RouteReport& report, const std::string& reason) {
    std::string why = report.suspect ? reason : "";
    if (report.suspect && why.empty()) why = "heartbeats missed";
    if (!report.damped) return why;
    return fmt::format("flapping: penalty {}, reuse in {}{}{}", grouped(report.penalty),
                       rest_of(report.reuse_in), why.empty() ? "" : "; ", why);
}

bool is_adapted(const RouteStatus& route) {
    return is_reported(route) && route.report.adapted_threshold != 0;
}

// Why it is not the configured one.
std::string adapted_text(const core::RouteReport& report) {
    unsigned now = report.adapted_threshold;
    unsigned configured = report.timing.threshold;
    if (now == 0 || now == configured) return "";
    std::string gap = text_of(report.longest_gap);
    if (now > configured)
        return fmt::format(" (threshold raised from {}: gaps of up to {} in the last minute)",
                           configured, gap);
    return fmt::format(" (threshold lowered from {}: no gap above {} in the last minute)",
                       configured, gap);
}

// Null: the threshold is the configured one, always.
json adaptive_of(const RouteStatus& route) {
    if (!is_adapted(route)) return {};
    const core::RouteReport& report = route.report;
    return {{"threshold", report.adapted_threshold},
            {"min", report.timing.threshold_min},
            {"max", report.timing.threshold_max},
            {"longest_gap_ms", milliseconds(report.longest_gap)}};
}

json damping_of(const core::RouteReport& report) {
    return {{"penalty", report.penalty}, {"reuse_in_ms", to_ms(report.reuse_in)}};
}

json quality_to_json(const core::RouteReport& report) {
    return {{"rtt_us", {{"p50", or_null(report.rtt_p50_us)}, {"p99", or_null(report.rtt_p99_us)}}},
            {"jitter_us", report.rtt_p50_us ? json(report.jitter_us) : json()},
            {"loss", {{"in", loss(report.loss_in)}, {"out", loss(report.loss_out)}}}};
}

}  // namespace

json stamp(json fields, const char* type, TimePoint at, const WallClock& clock) {
    fields["version"] = 1;
    fields["type"] = type;
    fields["at"] = clock.to_rfc3339(at);
    fields["unix_ns"] = (clock.wall + (at - clock.monotonic)).time_since_epoch().count();
    return fields;
}

std::string route_state(BfdState state, bool suspect, bool damped) {
    if (state == BfdState::up && damped) return "damped";
    if (state == BfdState::up && suspect) return "suspect";
    return std::string(to_string(state));
}

std::string reason_text(Diagnostic reason, std::uint16_t broken_sources, const Endpoint& local) {
    if (reason == Diagnostic::none) return "";
    std::string ports;
    for (unsigned i = 0; i < kSourcePortsMax; ++i)
        if ((broken_sources >> i & 1) != 0)
            ports += (ports.empty() ? "" : ", ") + std::to_string(local.port + i);
    std::string text(to_string(reason));
    if (reason != Diagnostic::path_member_broken || ports.empty()) return text;
    return text + (std::has_single_bit(broken_sources) ? " (source port " : " (source ports ") +
           ports + ")";
}

std::string reason_of(const RouteStatus& route) {
    const core::RouteReport& report = route.report;
    if (!route.route.usable) return reason_text(route.route.reason, 0, {});
    std::string reason = said(report.remote_said_so,
                              reason_text(report.reason, report.broken_sources, route.route.local));
    if (report.state == BfdState::up) return up_reason_of(report, reason);
    if (!reason.empty()) return reason;
    if (!route.has_session) return "no session with the peer";
    return report.heartbeats_received == 0 ? "no heartbeat received yet" : "";
}

std::string detects_text(const RouteStatus& route) {
    Timing timing = timing_of(route);
    Duration detection = detection_time(route);
    unsigned threshold =
        is_adapted(route) ? route.report.adapted_threshold : unsigned{timing.threshold};
    std::string own = fmt::format("{} × {}", threshold, text_of(timing.delay));
    std::string adapted = adapted_text(route.report);
    if (unsigned patience = route.report.patience; patience != 4)
        return fmt::format("{} = {} × {} (this node is slow){}", text_of(detection),
                           text_of(detection * 4 / patience), patience / 4.0, adapted);
    // The peer's threshold and interval count (RFC 5880 §6.8.4), and only their product is known.
    if (detection != threshold * timing.delay)
        return text_of(detection) + " (negotiated with the peer; ours " + own + ")" + adapted;
    return text_of(detection) + " = " + own + adapted;
}

// What is known to get through, else what the interfaces say.
std::uint16_t mtu_of(const routing::Route& route, const core::RouteReport& report) {
    return report.path_mtu != 0 ? std::min(report.path_mtu, route.mtu) : route.mtu;
}

json route_to_json(const RouteStatus& status, const WallClock& clock) {
    const routing::Route& route = status.route;
    const core::RouteReport& report = status.report;
    Timing timing = timing_of(status);
    json out{{"id", route.id.value},
             {"network", route.network},
             {"interface", route.interface},
             {"cross_subnet", route.cross_subnet},
             {"local", route.local.to_string()},
             {"remote", route.remote.to_string()},
             {"state", state_of(status)},
             {"reason", reason_of(status)},
             {"since", is_reported(status) ? json(clock.to_rfc3339(report.since)) : json()},
             {"session", status.has_session},
             {"delay_ms", milliseconds(timing.delay)},
             {"threshold", timing.threshold},
             {"detection_time_ms", milliseconds(detection_time(status))},
             {"detects", detects_text(status)},
             {"adaptive", adaptive_of(status)},
             {"priority", route.priority},
             {"in_use", report.in_use},
             {"use", use_name(report.use)},
             {"expected", status.expected},
             {"mtu", mtu_of(route, report)},
             {"damping", damping_of(report)},
             {"counters", counters_of(report)}};
    out.update(quality_to_json(report));
    return out;
}

json to_json(const TransitionRecord& record, const WallClock& clock) {
    const core::RouteTransition& t = record.transition;
    json recent = json::array();
    for (std::size_t i = 0; i < t.recent_count && i < t.recent.size(); ++i)
        recent.push_back(recent_to_json(t.recent[i], clock));
    json fields{
        {"peer", record.peer},
        {"route", t.route.value},
        {"network", record.network},
        {"local", record.local.to_string()},
        {"remote", record.remote.to_string()},
        {"from", route_state(t.from, t.from_suspect, t.from_damped)},
        {"to", route_state(t.to, t.to_suspect, t.to_damped)},
        {"reason", said(t.remote_said_so, reason_text(t.reason, t.broken_sources, record.local))},
        {"remote_said_so", t.remote_said_so},
        {"heartbeats", std::move(recent)}};
    return stamp(std::move(fields), "transition", t.at, clock);
}

json to_json(const HeartbeatTrace& trace, const WallClock& clock) {
    const core::HeartbeatRecord& r = trace.record;
    json fields{{"peer", trace.peer},
                {"route", r.route.value},
                {"network", trace.network},
                {"local", trace.local.to_string()},
                {"remote", trace.remote.to_string()},
                {"direction", direction_name(r.direction)},
                {"counter", r.counter},
                {"rtt_us", r.rtt_us > 0 ? json(r.rtt_us) : json()},
                {"heartbeat", heartbeat_to_json(r.heartbeat)}};
    return stamp(std::move(fields), "heartbeat", r.at, clock);
}

json to_json(const SelectionRecord& record, const WallClock& clock) {
    const core::SelectionChange& change = record.change;
    json fields{{"peer", record.peer},
                {"from", change.from ? json(change.from->value) : json()},
                {"to", change.to ? json(change.to->value) : json()},
                {"relay", record.relay.empty() ? json() : json(record.relay)}};
    return stamp(std::move(fields), "selection", change.at, clock);
}

}  // namespace netft::control
