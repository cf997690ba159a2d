// One route: its state, its heartbeats' timing, what they measure.
//
// PURE. BFD's asynchronous mode (RFC 5880 §6.8) with these differences, each on purpose:
//  - a route that is not up sends every kDownInterval (quiet ones every kQuietInterval), not once
//    a second at most: clusters start in a second or two;
//  - every change of state or suspicion is said at once, not with the next periodic heartbeat;
//  - `suspect`: up, but kSuspectQuarters have passed without a heartbeat, or it is sick
//    (core/sickness), or the peer says so. Traffic leaves a suspect route; only the detection time
//    makes it down;
//  - a peer that says that it restarts is excused: for kRestartTime at most its routes stay up,
//    whatever its next life says of them until it has found them again.
// Timing: the sending interval is max(own desired TX, remote required RX) less 0–25 % jitter
// (§6.8.7); detection time = remote threshold × max(own required RX, remote desired TX) (§6.8.4);
// core/adaptive_threshold may take that threshold's place. A
// slower desired TX or a faster required RX takes force only when the peer has answered a poll
// (§6.8.3), so that a reload cannot flap a route.
// Threads: the worker's only.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "netft/base/random.hpp"
#include "netft/base/time.hpp"
#include "netft/core/adaptive_threshold.hpp"
#include "netft/core/damping.hpp"
#include "netft/core/events.hpp"
#include "netft/core/optional_time.hpp"
#include "netft/core/path_mtu.hpp"
#include "netft/core/plan.hpp"
#include "netft/core/quality.hpp"
#include "netft/core/route_memory.hpp"
#include "netft/core/route_state.hpp"
#include "netft/core/selector.hpp"
#include "netft/core/sickness.hpp"
#include "netft/core/worker_board.hpp"
#include "netft/wire/heartbeat.hpp"

namespace netft::core {

class Route {
 public:
    static constexpr Duration kDownInterval = 200ms;
    static constexpr Duration kQuietInterval = 1s;
    static constexpr Duration kQuietAfter = 10s;  // without any heartbeat from the peer
    // Missed time, in intervals × 4, after which a route is suspect: two heartbeats and a quarter.
    static constexpr int kSuspectQuarters = 9;
    // How many times a loss is told to the peer over other routes.
    static constexpr std::uint8_t kNotices = 3;
    // Of a probe, beside four round trips: the peer answers at once. And where the peer has got a
    // later heartbeat.
    static constexpr Duration kProbeTimeout = 100ms;
    static constexpr Duration kOvertakenTimeout = 25ms;
    // How long after a stall delays are still ours.
    static constexpr Duration kWaking = 100ms;
    // How many heartbeats say that we were stalled.
    static constexpr std::uint8_t kStallTellings = 3;
    // How long a peer that announced its restart is excused, from its word on.
    static constexpr Duration kRestartTime = 2s;

    // `counter_base`: the first heartbeat carries counter_base + 1.
    Route(const RoutePlan& plan, TimePoint now, std::uint64_t counter_base);

    // --- what control decided
    void configure(TimePoint now, const RoutePlan& plan);
    // There is a session to send on now (`up` true), or there is none any more.
    void handle_session(TimePoint now, bool up, Diagnostic reason);
    // The peer is a new incarnation: nothing it said before counts.
    void handle_peer_restart(TimePoint now);
    void handle_shutdown(TimePoint now);
    // Our next heartbeats say that we restart, or (false) that we go on after all.
    void announce_restart(bool restarts);

    // --- what arrived
    // What was sent for another route must not be handed in: captured there, it may come here.
    bool is_far_end(const Heartbeat& heartbeat) const;
    // Returns the RTT sample in µs that the heartbeat gave, 0 when none. A probe is one with much
    // padding.
    std::uint32_t handle_heartbeat(TimePoint now, std::uint64_t counter, const Heartbeat& heartbeat,
                                   bool is_probe);
    void handle_notice(TimePoint now, std::uint64_t counter, const Heartbeat& heartbeat);
    // None of the data arrives that is sent by it (core/data_pulse).
    void blame_data(TimePoint now);
    // A heartbeat that had come already.
    void handle_duplicate(std::uint64_t counter);
    // A datagram of data came on this route; not fresh: over another it had come before.
    void handle_data(TimePoint now, std::uint64_t counter, bool is_fresh) {
        ++data_since_echo_;
        if (!is_fresh) {
            ++data_copies_;
            return;
        }
        ++data_received_;
        sickness_.order().handle_data(now, counter);
    }
    // The peer said, on this route or another, that it restarts. Once a restart.
    void handle_restart_announced(TimePoint now);
    // Likewise of relay datagrams, whose counters are not those of data.
    void handle_relayed(bool is_fresh) {
        ++data_since_echo_;
        if (is_fresh)
            ++data_received_;
        else
            ++data_copies_;
    }
    // Before the heartbeat that tells of them: the source ports that nothing comes through from.
    void set_broken_sources(std::uint16_t broken) { broken_sources_ = broken; }
    std::uint16_t broken_sources() const { return broken_sources_; }
    void count_data_sent(std::uint32_t datagrams) { data_sent_ += datagrams; }
    // What other workers have counted of it, or of whose order nothing can be said.
    void join_data(const RouteCounts& counts) {
        data_sent_ += static_cast<std::uint32_t>(counts.sent);
        data_received_ += counts.received;
        data_copies_ += static_cast<std::uint32_t>(counts.copies);
        data_since_echo_ += static_cast<std::uint32_t>(counts.received + counts.copies);
    }

    // --- time
    void handle_timers(TimePoint now);
    // We were away for `gap` of the time since the last call of anything: nobody is judged by it.
    void handle_stall(TimePoint now, Duration gap);
    // How much longer than by the rule we wait, in quarters (LocalHealth); from 4 on.
    void set_patience(unsigned quarters);
    std::optional<TimePoint> next_deadline() const;

    // --- damping (route_damping.cpp)
    // What the route did since the last call counts, by `rule`; before its transitions are polled.
    void settle_damping(TimePoint now, const DampingRule& rule) {
        if (owed_flaps_ != 0 || damped_ || told_damped_) count_flaps(now, rule);
    }
    void change_damping(TimePoint now, const DampingRule& from, const DampingRule& to) {
        damping_.change_rule(now, from, to);
    }
    // What was counted is forgotten.
    void undamp() { damping_.reset(); }
    void report_damping(TimePoint now, const DampingRule& rule, RouteReport& out) const;

    // --- output
    bool wants_transmit() const { return transmit_due_ || wants_probe(); }
    // A probe of so many bytes of IP packet; 0: none. After the heartbeat that is due.
    bool wants_probe() const { return probe_due_ != 0 && !transmit_due_ && may_send(); }
    void request_transmit() { transmit_due_ = may_send(); }
    // The next heartbeat may go already: its interval less the largest jitter has passed.
    bool may_transmit_early(TimePoint now) const {
        return next_transmit_.has_value() && earliest_transmit_ <= now;
    }
    // The heartbeat to send now; plans the next one.
    Heartbeat make_heartbeat(TimePoint now, Random& random);
    struct Probe {
        Heartbeat heartbeat;
        std::uint16_t mtu = 0;  // bytes of IP packet to fill
    };
    // Takes its counter by next_counter() right after.
    Probe make_probe(TimePoint now);
    // True kNotices times after a loss that the peer may not have seen; taken by make_notice().
    bool wants_notice() const { return notices_left_ > 0; }
    Heartbeat make_notice(TimePoint now);
    std::uint64_t next_counter() { return ++counter_; }
    std::optional<RouteTransition> poll_transition();

    // --- state
    const RoutePlan& plan() const { return plan_; }
    BfdState state() const { return state_; }
    bool is_up() const { return state_ == BfdState::up; }
    bool is_suspect() const { return suspect_; }
    RouteId remote_id() const { return remote_id_; }
    // Bytes of IP packet that data should not exceed; 0: nothing is known against the plan's MTU.
    std::uint16_t mtu_limit() const { return path_mtu_.limit(); }
    // Once after each change of mtu_limit().
    bool poll_mtu_change() {
        bool changed = mtu_changed_;
        mtu_changed_ = false;
        return changed;
    }
    // Datagrams of data are to go one by one: sent together they are lost, or that is being tried.
    bool is_single() const { return is_single_; }
    // The engine's, by a SegmentationTrial; or the first worker's.
    void set_single(bool single) { is_single_ = single; }
    // Where its SegmentationTrial is, by the engine's count; 0: it has none.
    std::uint8_t trial() const { return trial_; }
    void set_trial(std::uint8_t trial) { trial_ = trial & 0x3f; }
    // What the peer's answer says of our data; nullopt: nothing, or the route is not up.
    struct DataReport {
        std::uint32_t sent = 0;      // modulo 2^32, as all of these
        std::uint32_t received = 0;  // of them
        std::uint32_t heartbeats_lost = 0;
    };
    std::optional<DataReport> data_report(const Heartbeat& heartbeat) const;
    bool has_data_lately() const { return sickness_.balance().lately() > 0; }
    // Its loss of data may have a remedy that is being tried.
    void forgive_data_loss() { sickness_.balance().forgive(); }
    Candidate candidate() const;
    Quality quality() const;
    Duration detection_time() const;
    Duration transmit_interval() const;
    RouteReport report() const;
    HeartbeatRecord record(TimePoint at, Direction direction, std::uint64_t counter,
                           const Heartbeat& heartbeat, std::uint32_t rtt_us) const;

 private:
    // As what the suspicion or loss that goes on is in the penalty.
    enum class Counted : std::uint8_t { nothing, suspicion, loss };

    bool may_send() const;
    Duration receive_interval() const;
    void apply(TimePoint now, RouteEvent event, Diagnostic reason, bool remote_said_so);
    void set_suspect(TimePoint now, bool suspect, Diagnostic reason, bool remote_said_so);
    void judge(TimePoint now, const Heartbeat& heartbeat, bool was_silent);
    void count_for_sickness(TimePoint now, std::uint64_t counter, const Heartbeat& heartbeat,
                            bool is_probe);
    std::uint64_t sent_until(std::uint64_t counter) const;
    void look_for_mtu(TimePoint now, const Heartbeat& heartbeat);
    Diagnostic own_sickness() const;
    RouteEvent event_of(const Heartbeat& heartbeat) const;
    bool is_excused(Diagnostic reason) const;
    void count_flaps(TimePoint now, const DampingRule& rule);
    void note_suspicion(Diagnostic reason);
    void note_loss(Diagnostic reason);
    void count_as(Counted as);
    void excuse_flap();
    void settle_restart(TimePoint now, const Heartbeat& heartbeat);
    void emit(TimePoint now, BfdState from, bool from_suspect, Diagnostic reason, bool remote);
    void learn_remote(TimePoint now, const Heartbeat& heartbeat);
    void handle_poll_bits(const Heartbeat& heartbeat);
    void count_received(std::uint64_t counter, bool is_probe);
    std::uint32_t measure(TimePoint now, const Heartbeat& heartbeat);
    void measure_gap(TimePoint now, const Heartbeat& heartbeat);
    void arm_detection();
    void disarm_detection();
    Duration suspicion_time() const;
    OptionalTime suspect_deadline() const;
    void forget_remote();
    void forget_counts();
    void forget_path_mtu();
    void remember(TimePoint now, Direction direction, std::uint64_t counter, const Heartbeat& h);
    Heartbeat compose(TimePoint now) const;

    // Of a route that is up: announced, then in its next life but without this route yet.
    enum class PeerRestart : std::uint8_t { none, announced, back };

    RoutePlan plan_;
    BfdState state_ = BfdState::down;
    Diagnostic reason_ = Diagnostic::none;
    bool remote_said_so_ : 1 = false;
    bool suspect_ : 1 = false;
    bool local_silent_ : 1 = false;    // we miss theirs
    bool remote_suspect_ : 1 = false;  // they miss ours, or find the route sick
    bool has_session_ : 1 = false;
    bool ever_lost_ : 1 = false;
    bool transmit_due_ : 1 = false;
    bool final_due_ : 1 = false;
    bool polling_ : 1 = false;
    bool announces_restart_ : 1 = false;
    bool remote_was_stalled_ : 1 = false;  // says the heartbeat being handled
    bool is_suspecting_ : 1 = false;       // armed, from last_heard_ on
    bool damped_ : 1 = false;              // whatever its state
    bool told_damped_ : 1 = false;         // by the last transition
    Counted counted_ : 2 = Counted::nothing;
    PeerRestart peer_restart_ = PeerRestart::none;
    std::uint8_t notices_left_ = 0;
    std::uint8_t stall_tellings_ = 0;
    std::uint8_t patience_ = 4;  // quarters
    std::uint8_t remote_threshold_ = 0;
    std::int8_t owed_flaps_ = 0;  // in Damping::kSuspicion, to be counted
    RouteId remote_id_;
    std::uint32_t transitions_ = 0;
    TimePoint since_;
    TimePoint healthy_since_;

    // In force; plan_.timing.delay is what we advertise (§6.8.3).
    using Micros = std::chrono::duration<std::uint32_t, std::micro>;
    Micros desired_tx_in_force_;
    Micros required_rx_in_force_;
    Micros remote_desired_tx_{};
    Micros remote_required_rx_{};

    OptionalTime next_transmit_;
    TimePoint earliest_transmit_;
    OptionalTime detection_deadline_;  // while the peer restarts: the end of its excuse
    TimePoint last_heard_;

    std::uint64_t counter_ = 0;
    std::uint64_t highest_received_ = 0;     // counter; 0: none yet
    std::uint64_t heartbeats_received_ = 0;  // in this incarnation of the peer; no probes
    std::uint64_t heartbeats_sent_ = 0;
    std::uint64_t data_received_ = 0;
    std::uint64_t data_sent_ = 0;
    std::uint32_t data_copies_ = 0;      // received, not fresh
    std::uint32_t data_since_echo_ = 0;  // of both, what came after the echoed heartbeat
    std::uint64_t echo_time_ns_ = 0;
    TimePoint stalled_until_;  // an echo of what was sent before measures our stall
    TimePoint echo_received_;
    RttWindow rtt_;
    std::uint16_t broken_sources_ = 0;  // SourceWatch; here it fills a hole
    JitterMeter jitter_;
    LossMeter loss_in_;
    LossMeter loss_out_;
    Sickness sickness_;
    PathMtu path_mtu_;
    std::uint32_t probes_sent_ = 0;
    std::uint32_t last_probe_ = 0;     // low half of its counter
    std::uint32_t remote_probes_ = 0;  // that the peer has sent
    std::uint16_t probe_due_ = 0;
    std::uint8_t probes_received_ = 0;
    bool mtu_changed_ : 1 = false;
    bool is_single_ : 1 = false;
    std::uint8_t trial_ : 6 = 0;
    AdaptiveThreshold adaptive_;
    Damping damping_;

    RecentHeartbeats recent_;
    PendingTransitions transitions_out_;
};

}  // namespace netft::core
