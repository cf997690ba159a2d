// The worker's loop: what happens when.
#include <sched.h>

#include <algorithm>

#include "netft/dataplane/clock.hpp"
#include "netft/dataplane/worker_impl.hpp"

namespace netft::dataplane {
namespace {

bool is_due(const std::optional<TimePoint>& deadline, TimePoint now) {
    return deadline && *deadline <= now;
}

}  // namespace

void Worker::run() {
    Impl& worker = *impl_;
    worker.now = monotonic_now();
    worker.stalls = core::StallMeter(worker.now);
    worker.hold_until = worker.now + kHoldMax;
    while (!worker.link->stop.load(std::memory_order_acquire)) worker.cycle();
    worker.shut_down();
}

void Worker::Impl::cycle() {
    sleep();
    bool was_away = measure_stall();
    std::uint64_t delivered = counters.frames_to_adapter;
    receive_from_ports();
    if (was_away) catch_up();
    if (ready.commands) {
        link->on_woken();
        handle_snapshot();
        handle_commands();
    }
    handle_timers();
    send_heartbeats();
    bool is_held = holds_adapter() || was_away;
    retry_ports();
    // What was just delivered is often answered at once: no need to be told. Right after a stall
    // the peers may still have to hear of it: frames wait for their answer.
    bool is_answered = counters.frames_to_adapter != delivered;
    if ((ready.adapter || is_answered) && !is_held) read_adapter();
    transmitter.flush(drops);
    report_to_control();
    link->cycles.store(++counters.cycles, std::memory_order_relaxed);
}

// True when we were away: the engine is told, and what has waited is to be read first.
bool Worker::Impl::measure_stall() {
    std::optional<core::Stall> stall = stalls.handle_wake(now);
    if (stall) {
        ++counters.stalls;
        counters.longest_stall = std::max(counters.longest_stall, stall->gap);
        engine.handle_stall(now, *stall);
    }
    if (!stalls.wants_clocks(now)) return stall.has_value();
    // Not the worker's clock: nothing but our absence is read from them.
    std::optional<core::Stall> other =
        stalls.handle_clocks(now, read_clock(CLOCK_BOOTTIME).time_since_epoch(),
                             read_clock(CLOCK_REALTIME).time_since_epoch());
    if (other) engine.handle_stall(now, *other);
    return stall.has_value() || (other && other->kind == core::StallKind::suspended);
}

// One burst a port is not all that a long stall leaves waiting: what has arrived is read before
// anybody is judged by it.
void Worker::Impl::catch_up() {
    for (int i = 0; i < kCatchUpBursts; ++i) {
        Poller::Ready before = ready;
        ready = poller.wait(Duration{});
        bool more = ready.ports;
        ready.commands |= before.commands;
        ready.adapter |= before.adapter;
        if (!more) return;
        receive_from_ports();
    }
}

// Back-pressure: while a port keeps what it has no room for, frames wait in the adapter, where the
// kernel's queue holds them and TCP sees a longer round trip instead of a loss.
void Worker::Impl::retry_ports() {
    if (transmitter.is_blocked()) transmitter.retry(now, drops);
    bool pauses = transmitter.is_blocked();
    bool is_new = poller.watch_adapter(!pauses && awaited.empty());
    if (is_new && pauses) ++counters.adapter_pauses;
}

// What the adapter gives before the peers know us again would be refused to our programs.
bool Worker::Impl::holds_adapter() {
    if (awaited.empty()) return false;
    std::erase_if(awaited, [this](PeerId peer) { return engine.is_reachable(peer); });
    if (now >= hold_until) awaited.clear();
    return !awaited.empty();
}

void Worker::Impl::shut_down() {
    now = monotonic_now();
    handle_snapshot();
    handle_commands();
    if (link->leaves.load(std::memory_order_relaxed)) {
        for (int i = 0; i < kRestartTellings; ++i) {
            engine.announce_restart(now, true);
            send_heartbeats();
        }
    } else {
        engine.handle_shutdown(now);
        send_heartbeats();
    }
    transmitter.flush(drops);
    report_to_control();
    frame_out.clear();
    replica.clear();
    relay_out.clear();
    snapshots.release_all();
}

void Worker::Impl::handle_timers() {
    if (is_due(engine.next_deadline(), now)) {
        counters.longest_gap = std::max(counters.longest_gap, now - *engine.next_deadline());
        engine.handle_timers(now);
    }
    if (is_due(assembler.next_deadline(), now)) assembler.handle_timers(now, drops);
}

std::optional<TimePoint> Worker::Impl::next_deadline(TimePoint at) const {
    std::optional<TimePoint> deadline = engine.next_deadline();
    if (!awaited.empty()) {
        // Of several workers only the first is woken by what the peers say.
        TimePoint look = settings.role.is_first() ? hold_until : at + kHoldLook;
        if (!deadline || look < *deadline) deadline = look;
    }
    std::optional<TimePoint> train = assembler.next_deadline();
    if (train && (!deadline || *train < *deadline)) deadline = train;
    if (transmitter.is_blocked() && (!deadline || at + kRetryInterval < *deadline))
        deadline = at + kRetryInterval;
    if (polls_ports && (!deadline || at + poll_interval < *deadline)) deadline = at + poll_interval;
    return deadline;
}

// The clock is read once more before sleeping, or a long cycle would make the next deadline late.
void Worker::Impl::sleep() {
    now = monotonic_now();
    std::optional<TimePoint> planned = next_deadline(now);
    if (planned) planned = std::max(*planned, now);
    stalls.handle_sleep(now, planned);
    spin.handle_idle(now);
    if (look_around()) return;
    if (!planned || *planned > now) ++counters.sleeps;
    ready =
        poller.wait(planned ? std::optional(std::max(Duration{}, *planned - now)) : std::nullopt);
    now = monotonic_now();
}

// Spins as long as that is likely to pay. Whoever waits for this processor gets it between two
// looks. True: there is something to do.
bool Worker::Impl::look_around() {
    while (auto end = spin.deadline(now)) {
        TimePoint before = now;
        ready = poller.wait(Duration{});
        bool is_idle = !ready.ports && !ready.adapter && !ready.commands;
        if (is_idle) sched_yield();
        now = monotonic_now();
        if (!is_idle || polls_ports || is_due(next_deadline(now), now)) return true;
        spin.handle_look(now, now - before);
    }
    return false;
}

}  // namespace netft::dataplane
