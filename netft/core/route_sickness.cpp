// How a route finds out that it is sick (core/sickness, core/path_mtu).
#include <algorithm>

#include "netft/core/route.hpp"

namespace netft::core {

// Before anything of the heartbeat is taken over.
void Route::count_for_sickness(TimePoint now, std::uint64_t counter, const Heartbeat& heartbeat,
                               bool is_probe) {
    bool is_restart = peer_restart_ != PeerRestart::none;
    if (heartbeat.stalled || stall_tellings_ > 0 || state_ != BfdState::up || is_restart)
        sickness_.excuse();
    std::uint64_t lost = highest_received_ == 0 ? 0 : counter - highest_received_ - 1;
    // Probes may be lost, and that is no loss.
    std::uint32_t probes = heartbeat.probes_sent - remote_probes_ - (is_probe ? 1 : 0);
    lost -= std::min<std::uint64_t>(lost, probes);
    std::uint64_t lost_out = sent_until(heartbeat.highest_counter) - heartbeat.heartbeats_received;
    sickness_.handle_heartbeat(static_cast<unsigned>(std::min<std::uint64_t>(lost, 32)),
                               static_cast<std::uint32_t>(lost_out));
    if (heartbeat.echo_time_ns != 0)
        sickness_.balance().handle_echo(now, heartbeat.echo_time_ns, heartbeat.data_received);
}

std::optional<Route::DataReport> Route::data_report(const Heartbeat& heartbeat) const {
    if (heartbeat.echo_time_ns == 0 || state_ != BfdState::up) return {};
    auto sent = sickness_.balance().sent_with(heartbeat.echo_time_ns);
    if (!sent) return {};
    std::uint64_t lost = sent_until(heartbeat.highest_counter) - heartbeat.heartbeats_received;
    return DataReport{*sent, static_cast<std::uint32_t>(heartbeat.data_received),
                      static_cast<std::uint32_t>(lost)};
}

// Heartbeats that are no probes, up to that counter; off by a constant. A probe is out at a time.
std::uint64_t Route::sent_until(std::uint64_t counter) const {
    bool is_behind =
        static_cast<std::int32_t>(static_cast<std::uint32_t>(counter) - last_probe_) < 0;
    return counter - probes_sent_ + (is_behind && probes_sent_ > 0 ? 1 : 0);
}

Diagnostic Route::own_sickness() const {
    if (broken_sources_ != 0) return Diagnostic::path_member_broken;
    Diagnostic sick = sickness_.verdict();
    bool may_be_hole = sick == Diagnostic::none || sick == Diagnostic::data_lost;
    bool is_hole = may_be_hole && path_mtu_.is_black_hole();
    return is_hole ? Diagnostic::mtu_black_hole : sick;
}

void Route::look_for_mtu(TimePoint now, const Heartbeat& heartbeat) {
    if (state_ != BfdState::up) return;
    std::uint16_t before = path_mtu_.limit();
    Duration rtt = std::chrono::microseconds(rtt_.least(1).value_or(0));
    // What was sent after the probe has come: the probe is late only if the path disorders.
    bool is_overtaken =
        static_cast<std::int32_t>(static_cast<std::uint32_t>(heartbeat.highest_counter) -
                                  last_probe_) > 0;
    Duration timeout = is_overtaken ? kOvertakenTimeout : kProbeTimeout;
    auto due = path_mtu_.handle_heartbeat(now, {.ceiling = plan_.mtu,
                                                .probes_received = heartbeat.probes_received,
                                                .timeout = timeout + 4 * rtt,
                                                .stagger = plan_.id.value % 16 * 64ms,
                                                .is_active = sickness_.balance().lately() > 0,
                                                .loss = loss_out_.loss().value_or(0)});
    if (due) probe_due_ = *due;
    mtu_changed_ |= before != path_mtu_.limit();
}

// The path may be another when the route comes back; and probes that went down with it say nothing
// of their size.
void Route::forget_path_mtu() {
    path_mtu_.reset();
    probe_due_ = 0;
    mtu_changed_ = true;
}

// What we found ourselves comes before what the peer says.
void Route::judge(TimePoint now, const Heartbeat& heartbeat, bool was_silent) {
    if (state_ != BfdState::up) return;
    look_for_mtu(now, heartbeat);
    sickness_.judge(now, {.rtt = rtt_,
                          .jitter_us = jitter_.jitter_us(),
                          .interval = receive_interval(),
                          .was_silent = was_silent,
                          .is_judge_weak = patience_ > 4});
    Diagnostic sick = own_sickness();
    if (sick != Diagnostic::none) return set_suspect(now, true, sick, false);
    set_suspect(now, remote_suspect_, heartbeat.diagnostic, true);
}

void Route::blame_data(TimePoint now) {
    if (state_ != BfdState::up) return;
    sickness_.blame_data(now);
    set_suspect(now, true, own_sickness(), false);
}

void Route::handle_duplicate(std::uint64_t counter) {
    // An old one is no fault of the path: somebody plays back what he has heard.
    constexpr std::uint64_t kNew = 4;
    if (counter + kNew > highest_received_) sickness_.handle_duplicate();
}

}  // namespace netft::core
