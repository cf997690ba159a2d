#include "netft/core/route.hpp"

#include <algorithm>
#include <utility>

#include "netft/base/assert.hpp"

namespace netft::core {

namespace {

std::chrono::microseconds to_micros(Duration d) {
    return std::chrono::duration_cast<std::chrono::microseconds>(d);
}

// An interval, a minute at most by the configuration and 2^32 − 1 µs by the wire.
std::chrono::duration<std::uint32_t, std::micro> packed(Duration d) {
    return std::chrono::duration_cast<std::chrono::duration<std::uint32_t, std::micro>>(d);
}

}  // namespace

Route::Route(const RoutePlan& plan, TimePoint now, std::uint64_t counter_base)
    : plan_(plan),
      state_(plan.admin_up ? BfdState::down : BfdState::admin_down),
      reason_(plan.admin_up ? plan.reason : Diagnostic::administratively_down),
      since_(now),
      healthy_since_(now),
      desired_tx_in_force_(packed(plan.timing.delay)),
      required_rx_in_force_(packed(plan.timing.delay)),
      last_heard_(now),
      counter_(counter_base) {}

// What the peer calls down since it missed us is our doing right after a stall.
bool Route::is_excused(Diagnostic reason) const {
    return stall_tellings_ > 0 && reason == Diagnostic::detection_time_expired;
}

RouteEvent Route::event_of(const Heartbeat& heartbeat) const {
    switch (heartbeat.state) {
        case BfdState::admin_down: return RouteEvent::received_admin_down;
        case BfdState::down:
            if (peer_restart_ == PeerRestart::back) return RouteEvent::restarted_down;
            return is_excused(heartbeat.diagnostic) ? RouteEvent::excused_down
                                                    : RouteEvent::received_down;
        case BfdState::init: return RouteEvent::received_init;
        case BfdState::up: return RouteEvent::received_up;
    }
    return RouteEvent::received_down;
}

bool Route::may_send() const { return has_session_ && plan_.usable; }

Duration Route::receive_interval() const {
    return Duration(std::max(required_rx_in_force_, remote_desired_tx_));
}

Duration Route::detection_time() const {
    if (remote_threshold_ == 0) return plan_.timing.delay * plan_.timing.threshold;
    return receive_interval() * adaptive_.threshold(remote_threshold_, plan_.timing) * patience_ /
           4;
}

Duration Route::transmit_interval() const {
    Duration interval(std::max(desired_tx_in_force_, remote_required_rx_));
    if (state_ == BfdState::up) return interval;
    return std::max(interval, kDownInterval);
}

void Route::configure(TimePoint now, const RoutePlan& plan) {
    bool was_usable = plan_.usable;
    bool was_admin_up = plan_.admin_up;
    bool new_timing = plan_.timing != plan.timing;
    if (plan_.timing.delay != plan.timing.delay) adaptive_.reset();
    plan_ = plan;
    if (new_timing) {
        Duration delay = plan.timing.delay;
        bool at_once = state_ != BfdState::up;
        if (at_once || delay < desired_tx_in_force_) desired_tx_in_force_ = packed(delay);
        if (at_once || delay > required_rx_in_force_) required_rx_in_force_ = packed(delay);
        polling_ = !at_once;
        transmit_due_ = may_send();
        if (detection_deadline_) arm_detection();
    }
    if (was_admin_up != plan.admin_up)
        apply(now, plan.admin_up ? RouteEvent::admin_enabled : RouteEvent::admin_disabled,
              Diagnostic::administratively_down, false);
    if (was_usable && !plan.usable) {
        bool was_up = state_ == BfdState::up;
        apply(now, RouteEvent::path_lost, plan.reason, false);
        reason_ = plan.reason;
        transmit_due_ = false;
        next_transmit_.reset();
        if (was_up) notices_left_ = kNotices;
    } else if (!was_usable && plan.usable) {
        notices_left_ = 0;
        last_heard_ = now;
        transmit_due_ = may_send();
        if (state_ == BfdState::down) reason_ = Diagnostic::none;
    } else if (!plan.usable && state_ == BfdState::down) {
        reason_ = plan.reason;
    }
}

void Route::handle_session(TimePoint now, bool up, Diagnostic reason) {
    if (up == has_session_) return;
    has_session_ = up;
    if (up) {
        last_heard_ = now;
        transmit_due_ = may_send();
        return;
    }
    apply(now, RouteEvent::path_lost, reason, false);
    forget_remote();
    transmit_due_ = false;
    next_transmit_.reset();
}

void Route::handle_peer_restart(TimePoint now) {
    bool is_awaited = peer_restart_ != PeerRestart::none;
    OptionalTime end_of_excuse = detection_deadline_;
    if (!is_awaited) {
        excuse_flap();  // the node died, not the path
        apply(now, RouteEvent::path_lost, Diagnostic::peer_restarted, false);
        ever_lost_ = false;
        adaptive_.reset();
    }
    forget_remote();
    if (is_awaited) {
        peer_restart_ = PeerRestart::back;
        detection_deadline_ = end_of_excuse;
    }
    transmit_due_ = may_send();
}

void Route::announce_restart(bool restarts) {
    announces_restart_ = restarts;
    transmit_due_ = may_send();
}

void Route::handle_restart_announced(TimePoint now) {
    if (state_ != BfdState::up || peer_restart_ != PeerRestart::none) return;
    peer_restart_ = PeerRestart::announced;
    is_suspecting_ = false;
    detection_deadline_ = now + kRestartTime;
    emit(now, state_, suspect_, Diagnostic::peer_restarting, true);
}

// Whether the peer's restart is over with this heartbeat: given up, or back with this route.
void Route::settle_restart(TimePoint now, const Heartbeat& heartbeat) {
    bool is_given_up = peer_restart_ == PeerRestart::announced && !heartbeat.graceful_restart;
    bool is_back = peer_restart_ == PeerRestart::back &&
                   (heartbeat.state == BfdState::init || heartbeat.state == BfdState::up);
    // Each of its heartbeats that still says down is answered by our init.
    if (peer_restart_ == PeerRestart::back || is_given_up) transmit_due_ = may_send();
    if (!is_given_up && !is_back) return;
    peer_restart_ = PeerRestart::none;
    emit(now, state_, suspect_, is_back ? Diagnostic::peer_restarted : Diagnostic::none, true);
}

void Route::handle_shutdown(TimePoint now) {
    plan_.admin_up = false;
    apply(now, RouteEvent::admin_disabled, Diagnostic::shutting_down, false);
    transmit_due_ = may_send();
}

void Route::forget_remote() {
    disarm_detection();
    remote_id_ = RouteId(0);
    remote_threshold_ = 0;
    remote_desired_tx_ = {};
    remote_required_rx_ = {};
    remote_suspect_ = local_silent_ = false;
    polling_ = final_due_ = false;
    desired_tx_in_force_ = required_rx_in_force_ = packed(plan_.timing.delay);
    forget_counts();
}

void Route::forget_counts() {
    highest_received_ = heartbeats_received_ = 0;
    echo_time_ns_ = 0;
    loss_in_.reset();
    loss_out_.reset();
    jitter_.reset();
    sickness_.reset();
    forget_path_mtu();
    remote_probes_ = 0;
    probes_received_ = 0;
}

// The only function that changes state_.
void Route::apply(TimePoint now, RouteEvent event, Diagnostic reason, bool remote_said_so) {
    BfdState from = state_;
    BfdState to = next_state(state_, event);
    if (from == to) return;
    bool from_suspect = suspect_;
    state_ = to;
    since_ = now;
    suspect_ = local_silent_ = remote_suspect_ = false;
    peer_restart_ = PeerRestart::none;
    bool excused = event == RouteEvent::excused_down;
    reason_ = to == BfdState::up || to == BfdState::init ? Diagnostic::none : reason;
    if (excused) reason_ = Diagnostic::local_stall;
    if (!excused && to == BfdState::up && remote_was_stalled_) reason_ = Diagnostic::peer_stalled;
    remote_said_so_ = remote_said_so && !excused && reason_ != Diagnostic::peer_stalled;
    if (to == BfdState::up) {
        healthy_since_ = now;
        notices_left_ = 0;
        sickness_.excuse();
        jitter_.reset();
        arm_detection();
        if (reason_ == Diagnostic::peer_stalled) excuse_flap();
        counted_ = Counted::nothing;
    }
    if (from == BfdState::up) {
        ever_lost_ = true;
        forget_path_mtu();
        if (to == BfdState::down) note_loss(reason_);
    }
    if (to == BfdState::down || to == BfdState::admin_down) disarm_detection();
    transmit_due_ = may_send();
    emit(now, from, from_suspect, reason_, remote_said_so_);
    broken_sources_ = 0;
    if (to == BfdState::up) reason_ = Diagnostic::none;
}

void Route::set_suspect(TimePoint now, bool suspect, Diagnostic reason, bool remote_said_so) {
    if (state_ != BfdState::up) return;
    // A better reason is news, too: heartbeats were missed, and now it is known of what.
    bool is_news = suspect && suspect_ && reason != reason_ && is_sickness(reason);
    if (suspect == suspect_ && !is_news) return;
    bool from_suspect = suspect_;
    suspect_ = suspect;
    reason_ = suspect ? reason : Diagnostic::none;
    remote_said_so_ = remote_said_so && suspect;
    Diagnostic told = reason_;
    if (!suspect && remote_was_stalled_) told = Diagnostic::peer_stalled;
    if (suspect)
        ever_lost_ = true;
    else
        healthy_since_ = now;
    if (!suspect && remote_was_stalled_) excuse_flap();
    if (!suspect) counted_ = Counted::nothing;
    if (suspect && !from_suspect) note_suspicion(reason);
    transmit_due_ = may_send();
    emit(now, state_, from_suspect, told, remote_said_so_);
}

void Route::emit(TimePoint now, BfdState from, bool from_suspect, Diagnostic reason, bool remote) {
    if (transitions_out_.is_full()) return;  // engine takes them after each call
    bool leaves_or_joins_up = (from == BfdState::up) != (state_ == BfdState::up);
    if (leaves_or_joins_up) ++transitions_;
    RouteTransition t;
    t.at = now;
    t.from = from;
    t.to = state_;
    t.from_suspect = from_suspect;
    t.to_suspect = suspect_;
    t.from_damped = told_damped_;
    t.to_damped = told_damped_ = damped_ && is_up();
    bool is_ours = reason == Diagnostic::none && t.to_damped;
    t.reason = is_ours ? Diagnostic::flapping : reason;
    t.remote_said_so = remote && !is_ours;
    transitions_out_.push(t);
}

std::optional<RouteTransition> Route::poll_transition() {
    std::optional<RouteTransition> first = transitions_out_.pop();
    if (!first) return {};
    first->route = plan_.id;
    first->peer = plan_.peer;
    if (first->reason == Diagnostic::path_member_broken) first->broken_sources = broken_sources_;
    recent_.copy_to(*first);
    return first;
}

// The far end of a route has one id as long as the peer lives. Another is believed only where there
// is nothing to lose; a notice never.
bool Route::is_far_end(const Heartbeat& heartbeat) const {
    if (remote_id_ == heartbeat.sender_route) return true;
    bool is_open = remote_id_.value == 0 || state_ == BfdState::down;
    return is_open && !heartbeat.notice;
}

std::uint32_t Route::handle_heartbeat(TimePoint now, std::uint64_t counter,
                                      const Heartbeat& heartbeat, bool is_probe) {
    if (remote_id_ != heartbeat.sender_route) forget_counts();
    remote_was_stalled_ = heartbeat.stalled;
    if (heartbeat.stalled) jitter_.reset();
    // One that was overtaken is counted, but what it says is out of date.
    bool is_overtaken = counter < highest_received_;
    if (is_overtaken) {
        count_received(counter, is_probe);
        sickness_.handle_late();
        return 0;
    }
    count_for_sickness(now, counter, heartbeat, is_probe);
    remote_probes_ = heartbeat.probes_sent;
    if (is_probe) transmit_due_ = may_send();  // who looks for the MTU is answered at once
    measure_gap(now, heartbeat);
    learn_remote(now, heartbeat);
    count_received(counter, is_probe);
    std::uint32_t rtt_us = measure(now, heartbeat);
    remember(now, Direction::received, counter, heartbeat);
    handle_poll_bits(heartbeat);
    if (!plan_.usable) return rtt_us;  // it came before we knew: it cannot revive the route
    settle_restart(now, heartbeat);
    apply(now, event_of(heartbeat),
          heartbeat.diagnostic == Diagnostic::none ? Diagnostic::neighbor_signaled_down
                                                   : heartbeat.diagnostic,
          true);
    if (state_ == BfdState::init || state_ == BfdState::up) arm_detection();
    remote_suspect_ = heartbeat.suspect;
    bool was_silent = local_silent_;
    local_silent_ = false;
    judge(now, heartbeat, was_silent);
    return rtt_us;
}

void Route::handle_notice(TimePoint now, std::uint64_t counter, const Heartbeat& heartbeat) {
    bool is_overtaken = counter < highest_received_;
    count_received(counter, false);
    if (is_overtaken) return;
    // It came on another route: it proves nothing of this one, and does not raise it.
    bool excused = state_ != BfdState::down && is_excused(heartbeat.diagnostic);
    apply(now, excused ? RouteEvent::excused_down : RouteEvent::noticed_down, heartbeat.diagnostic,
          true);
}

void Route::learn_remote(TimePoint now, const Heartbeat& heartbeat) {
    last_heard_ = now;
    remote_id_ = heartbeat.sender_route;
    // With a poll: another configuration; without: it goes up or down (RFC 5880 §6.8.3).
    if (heartbeat.poll && remote_desired_tx_ != packed(heartbeat.desired_tx)) adaptive_.reset();
    remote_threshold_ = heartbeat.threshold;
    remote_desired_tx_ = packed(heartbeat.desired_tx);
    remote_required_rx_ = packed(heartbeat.required_rx);
    // A peer that now allows a shorter interval is served at once, not after the old, longer one.
    if (next_transmit_) next_transmit_ = std::min(*next_transmit_, now + transmit_interval());
}

void Route::handle_poll_bits(const Heartbeat& heartbeat) {
    if (heartbeat.final && polling_) {
        polling_ = false;
        desired_tx_in_force_ = required_rx_in_force_ = packed(plan_.timing.delay);
    }
    if (heartbeat.poll) {
        final_due_ = true;
        transmit_due_ = may_send();
    }
}

void Route::arm_detection() {
    if (state_ != BfdState::up && state_ != BfdState::init) return;
    if (peer_restart_ != PeerRestart::none) return;
    detection_deadline_ = last_heard_ + detection_time();
    is_suspecting_ = state_ == BfdState::up && suspicion_time() < detection_time();
}

void Route::disarm_detection() {
    detection_deadline_.reset();
    is_suspecting_ = false;
}

Duration Route::suspicion_time() const {
    return receive_interval() * kSuspectQuarters / 4 * patience_ / 4;
}

OptionalTime Route::suspect_deadline() const {
    return is_suspecting_ ? OptionalTime(last_heard_ + suspicion_time()) : OptionalTime();
}

void Route::handle_timers(TimePoint now) {
    if (is_suspecting_ && *suspect_deadline() <= now) {
        is_suspecting_ = false;
        local_silent_ = true;
        set_suspect(now, true, Diagnostic::heartbeats_missed, false);
    }
    if (detection_deadline_ && *detection_deadline_ <= now) {
        bool was_up = state_ == BfdState::up;
        bool was_excused = peer_restart_ != PeerRestart::none;
        apply(now, RouteEvent::detection_expired,
              was_excused ? Diagnostic::restart_overdue : Diagnostic::detection_time_expired,
              false);
        // The peer's own detection may be a few intervals behind; until then it would answer our
        // traffic on the dead route.
        if (was_up) notices_left_ = kNotices;
    }
    if (next_transmit_ && *next_transmit_ <= now) {
        next_transmit_.reset();
        transmit_due_ = may_send();
    }
}

void Route::handle_stall(TimePoint now, Duration gap) {
    last_heard_ = std::min(now, last_heard_ + gap);
    stalled_until_ = now;
    stall_tellings_ = kStallTellings;
    jitter_.reset();
    sickness_.excuse();
    transmit_due_ = may_send();
    if (peer_restart_ != PeerRestart::none) detection_deadline_ = *detection_deadline_ + gap;
    if (detection_deadline_) arm_detection();
}

void Route::set_patience(unsigned quarters) {
    patience_ = static_cast<std::uint8_t>(quarters);
    if (detection_deadline_) arm_detection();
}

std::optional<TimePoint> Route::next_deadline() const {
    OptionalTime soonest = next_transmit_.or_sooner(detection_deadline_);
    soonest = soonest.or_sooner(suspect_deadline());
    return damped_ ? soonest.or_sooner(damping_.free_at()) : soonest;
}

Heartbeat Route::compose(TimePoint now) const {
    Heartbeat h;
    // The peer's new life is down and comes up by our init; to our own traffic the route is up.
    h.state = peer_restart_ == PeerRestart::back ? BfdState::init : state_;
    h.diagnostic = reason_ == Diagnostic::none && told_damped_ ? Diagnostic::flapping : reason_;
    h.graceful_restart = announces_restart_;
    h.suspect = local_silent_ || (is_up() && own_sickness() != Diagnostic::none);
    h.stalled = stall_tellings_ > 0;
    h.threshold = plan_.timing.threshold;
    h.sender_route = plan_.id;
    h.receiver_route = remote_id_;
    // §6.8.3: what is not up is sent more slowly, and must be expected so.
    Duration desired = plan_.timing.delay;
    if (state_ != BfdState::up) desired = std::max(desired, kDownInterval);
    h.desired_tx = to_micros(desired);
    h.required_rx = to_micros(plan_.timing.delay);
    h.transmit_time_ns = to_ns(now);
    h.echo_time_ns = echo_time_ns_;
    h.echo_hold =
        echo_time_ns_ == 0 ? std::chrono::microseconds(0) : to_micros(now - echo_received_);
    h.heartbeats_received = heartbeats_received_;
    h.probes_sent = probes_sent_;
    h.probes_received = probes_received_;
    h.highest_counter = highest_received_;
    h.data_received = data_received_ + data_copies_ - data_since_echo_;
    return h;
}

Heartbeat Route::make_heartbeat(TimePoint now, Random& random) {
    Heartbeat h = compose(now);
    h.poll = polling_ && !final_due_;
    h.final = final_due_;
    final_due_ = false;
    if (stall_tellings_ > 0) --stall_tellings_;
    transmit_due_ = false;
    Duration interval = transmit_interval();
    if (state_ == BfdState::down && now - last_heard_ > kQuietAfter)
        interval = std::max(interval, kQuietInterval);
    Duration least = interval * 3 / 4;
    Duration most = plan_.timing.threshold == 1 ? interval * 9 / 10 : interval;
    earliest_transmit_ = now + least;
    next_transmit_ = now + random.between(least, most);
    ++heartbeats_sent_;
    sickness_.balance().handle_sent(h.transmit_time_ns, data_sent_);
    remember(now, Direction::sent, counter_ + 1, h);
    return h;
}

Route::Probe Route::make_probe(TimePoint now) {
    ++probes_sent_;
    last_probe_ = static_cast<std::uint32_t>(counter_ + 1);
    Heartbeat h = compose(now);
    sickness_.balance().handle_sent(h.transmit_time_ns, data_sent_);
    return {h, std::exchange(probe_due_, std::uint16_t{0})};
}

Heartbeat Route::make_notice(TimePoint now) {
    NETFT_ASSERT(notices_left_ > 0);
    --notices_left_;
    Heartbeat h = compose(now);
    h.notice = true;
    h.state = BfdState::down;
    return h;
}

void Route::remember(TimePoint now, Direction direction, std::uint64_t counter,
                     const Heartbeat& h) {
    recent_.add({now, direction, h.state, h.suspect, h.diagnostic, counter});
}

}  // namespace netft::core
