// What a route measures by the heartbeats that come: loss, round trip, jitter, gaps.
#include <algorithm>

#include "netft/core/route.hpp"

namespace netft::core {

void Route::count_received(std::uint64_t counter, bool is_probe) {
    highest_received_ = std::max(highest_received_, counter);
    if (is_probe)
        ++probes_received_;
    else
        ++heartbeats_received_;
    loss_in_.update(highest_received_ - remote_probes_, heartbeats_received_);
}

std::uint32_t Route::measure(TimePoint now, const Heartbeat& heartbeat) {
    if (heartbeat.highest_counter != 0)
        loss_out_.update(sent_until(heartbeat.highest_counter), heartbeat.heartbeats_received);
    // What has waited while we were away comes all at once.
    if (now < stalled_until_ + kWaking) jitter_.reset();
    jitter_.add(heartbeat.transmit_time_ns, now);
    echo_time_ns_ = heartbeat.transmit_time_ns;
    echo_received_ = now;
    data_since_echo_ = 0;
    if (heartbeat.echo_time_ns == 0 || heartbeat.echo_time_ns < to_ns(stalled_until_)) return 0;
    constexpr std::uint64_t kNonsense = 60'000'000'000;  // or clocks of a dead session
    std::uint64_t elapsed = to_ns(now) - heartbeat.echo_time_ns;
    Duration rtt = Duration(elapsed % kNonsense) - heartbeat.echo_hold;
    if (elapsed >= kNonsense || rtt <= Duration::zero()) return 0;
    auto rtt_us = static_cast<std::uint32_t>(std::max<std::int64_t>(1, to_us(rtt)));
    rtt_.add(rtt_us);
    sickness_.handle_rtt(rtt_us);
    return rtt_us;
}

// What a stall or a restart delayed says nothing of the path.
void Route::measure_gap(TimePoint now, const Heartbeat& heartbeat) {
    if (!plan_.timing.is_adaptive() || state_ != BfdState::up) return;
    if (heartbeat.stalled || stall_tellings_ > 0 || patience_ > 4) return;
    if (peer_restart_ != PeerRestart::none) return;
    adaptive_.handle_gap(now, now - last_heard_, receive_interval(), plan_.timing);
}

}  // namespace netft::core
