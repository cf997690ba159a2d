// The worker's loop: what happens when.
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
    while (!worker.link->stop.load(std::memory_order_acquire)) worker.cycle();
    worker.shut_down();
}

void Worker::Impl::cycle() {
    sleep();
    receive_from_ports();
    if (was_stalled()) catch_up();
    if (ready.commands) {
        link->on_woken();
        handle_snapshot();
        handle_commands();
    }
    handle_timers();
    send_heartbeats();
    if (ready.adapter) read_adapter();
    transmitter.flush(drops);
    report_to_control();
    ++counters.cycles;
}

// Timers this late mean that we were stopped or starved.
bool Worker::Impl::was_stalled() const {
    std::optional<TimePoint> deadline = engine.next_deadline();
    return deadline && now - *deadline > kStall;
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

void Worker::Impl::shut_down() {
    now = monotonic_now();
    handle_snapshot();
    handle_commands();
    engine.handle_shutdown(now);
    send_heartbeats();
    transmitter.flush(drops);
    report_to_control();
    frame_out.clear();
    replica.clear();
    snapshots.release_all();
}

void Worker::Impl::handle_timers() {
    if (is_due(engine.next_deadline(), now)) {
        counters.longest_gap = std::max(counters.longest_gap, now - *engine.next_deadline());
        engine.handle_timers(now);
    }
    if (is_due(assembler.next_deadline(), now)) assembler.handle_timers(now, drops);
}

std::optional<Duration> Worker::Impl::sleep_time(TimePoint at) const {
    if (settings.spin > Duration{} && at - last_traffic < settings.spin) return Duration{};
    std::optional<TimePoint> deadline = engine.next_deadline();
    std::optional<TimePoint> train = assembler.next_deadline();
    if (train && (!deadline || *train < *deadline)) deadline = train;
    if (polls_ports && (!deadline || at + poll_interval < *deadline)) deadline = at + poll_interval;
    if (!deadline) return std::nullopt;
    return std::max(Duration{}, *deadline - at);
}

// The clock is read once more before sleeping, or a long cycle would make the next deadline late.
void Worker::Impl::sleep() {
    std::optional<Duration> time = sleep_time(monotonic_now());
    if (!time || *time > Duration{}) ++counters.sleeps;
    ready = poller.wait(time);
    now = monotonic_now();
}

}  // namespace netft::dataplane
