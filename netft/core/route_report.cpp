// What a route tells of itself: to the selector, to reports, to traces.
#include <algorithm>

#include "netft/core/route.hpp"

namespace netft::core {

Candidate Route::candidate() const {
    Candidate c;
    c.id = plan_.id;
    c.is_up = is_up();
    c.is_suspect = suspect_;
    c.is_sick = suspect_ && is_sickness(reason_);
    c.is_damped = damped_;
    c.priority = plan_.priority;
    if (ever_lost_) c.healthy_since = healthy_since_;
    return c;
}

Quality Route::quality() const {
    Quality q;
    q.rtt_us = rtt_.percentile(50);
    q.loss = loss_in_.loss();
    if (auto out = loss_out_.loss()) q.loss = std::max(q.loss.value_or(0), *out);
    return q;
}

RouteReport Route::report() const {
    RouteReport r;
    r.id = plan_.id;
    r.peer = plan_.peer;
    r.state = state_;
    r.suspect = suspect_;
    r.damped = damped_ && is_up();
    r.reason = reason_;
    r.broken_sources = broken_sources_;
    r.remote_said_so = remote_said_so_;
    r.since = since_;
    r.timing = plan_.timing;
    r.detection_time = detection_time();
    r.patience = patience_;
    if (plan_.timing.is_adaptive()) {
        r.adapted_threshold = adaptive_.threshold(remote_threshold_, plan_.timing);
        r.longest_gap = adaptive_.longest_gap(receive_interval());
    }
    r.transmit_interval = transmit_interval();
    r.rtt_p50_us = rtt_.percentile(50);
    r.rtt_p99_us = rtt_.percentile(99);
    r.path_mtu = path_mtu_.mtu();
    r.jitter_us = jitter_.jitter_us();
    r.loss_in = loss_in_.loss();
    r.loss_out = loss_out_.loss();
    r.heartbeats_sent = heartbeats_sent_;
    r.heartbeats_received = heartbeats_received_;
    r.data_sent = data_sent_;
    r.data_received = data_received_;
    r.transitions = transitions_;
    return r;
}

HeartbeatRecord Route::record(TimePoint at, Direction direction, std::uint64_t counter,
                              const Heartbeat& heartbeat, std::uint32_t rtt_us) const {
    return {at, plan_.id, plan_.peer, direction, counter, heartbeat, rtt_us};
}

}  // namespace netft::core
