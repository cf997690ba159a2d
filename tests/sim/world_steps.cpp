// Time in the world: clocks, and who is woken when by what.
#include <algorithm>
#include <utility>

#include "tests/sim/world.hpp"

namespace netft::sim {

TimePoint World::local_time(std::size_t i, TimePoint at) const {
    const NodeTraits& traits = traits_[i];
    // Whole milliseconds and the rest apart: nanoseconds times ppm may be more than 64 bits hold.
    Duration elapsed = at.time_since_epoch();
    Duration ahead =
        elapsed / 1'000'000 * traits.clock_ppm + elapsed % 1'000'000 * traits.clock_ppm / 1'000'000;
    return at + ahead + traits.clock_offset;
}

TimePoint World::local_now(std::size_t i) const { return local_time(i, now_); }

TimePoint World::when(std::size_t i, TimePoint local) const {
    const NodeTraits& traits = traits_[i];
    if (traits.clock_ppm == 0) return local - traits.clock_offset;
    double elapsed = static_cast<double>((local - traits.clock_offset).time_since_epoch().count());
    double rate = 1 + static_cast<double>(traits.clock_ppm) / 1e6;
    TimePoint at(Duration(static_cast<Duration::rep>(elapsed / rate)));
    while (local_time(i, at) < local) at += std::max(local - local_time(i, at), Duration(1));
    return at;
}

void World::push(TimePoint at, Kind kind, std::size_t node, std::uint64_t what) {
    queue_.push({at, ++order_, what, static_cast<std::uint32_t>(node), kind});
}

void World::run_until(TimePoint end) {
    while (!queue_.empty() && queue_.top().at <= end && !has_livelock(queue_.top().at)) {
        Step step = queue_.top();
        queue_.pop();
        now_ = step.at;
        take(step);
    }
    now_ = end;
}

// Time that does not pass: the world ends here, or the run would not.
bool World::has_livelock(TimePoint next) {
    constexpr std::uint64_t kStepsMax = 100'000;
    steps_here_ = next == now_ ? steps_here_ + 1 : 0;
    if (steps_here_ == kStepsMax) {
        observer_.on_violation("livelock: time does not pass");
        is_stuck_ = true;
    }
    return is_stuck_;
}

void World::take(const Step& step) {
    SimNode& node = nodes_[step.node];
    switch (step.kind) {
        case Kind::packet: return take_packet(node, step);
        case Kind::wake: return wake(node, step);
        case Kind::resume: return resume(node, step);
    }
}

void World::take_packet(SimNode& node, const Step& step) {
    bool may_wait = node.stalled_until && !node.asleep_at && node.waiting.size() < 4096;
    if (node.running && may_wait) {
        node.waiting.push_back(step.what);
        return;
    }
    if (node.running && !node.stalled_until) {
        receive(step.node, packets_[step.what]);
        pump(step.node);
    }
    free_packets_.push_back(step.what);
}

// Each part at its own deadline.
void World::wake(SimNode& node, const Step& step) {
    if (step.what != node.wake_version || !node.running) return;
    node.wakes_at.reset();
    if (node.stalled_until) return;
    ++activity_.wakes;
    TimePoint local = local_now(step.node);
    auto is_due = [local](std::optional<TimePoint> deadline) {
        return deadline && *deadline <= local;
    };
    if (is_due(node.engine->next_deadline())) node.engine->handle_timers(local);
    if (is_due(node.assembler->next_deadline()))
        node.assembler->handle_timers(local, node.assembler_drops);
    if (is_due(node.coordinator_deadline)) touch(node).handle_timers(local);
    pump(step.node);
}

void World::resume(SimNode& node, const Step& step) {
    if (!node.running || !node.stalled_until || *node.stalled_until > now_) return;
    node.stalled_until.reset();
    core::StallKind kind = core::StallKind::stopped;
    if (auto asleep = std::exchange(node.asleep_at, {})) {
        traits_[step.node].clock_offset += *asleep - local_now(step.node);
        kind = core::StallKind::suspended;
    }
    TimePoint local = local_now(step.node);
    node.engine->handle_stall(local, {kind, now_ - node.stalled_since});
    // What is already waiting is read before anybody is declared dead.
    for (std::size_t packet : node.waiting) {
        receive(step.node, packets_[packet]);
        free_packets_.push_back(packet);
    }
    node.waiting.clear();
    node.engine->handle_timers(local);
    if (node.missed_interfaces) tell_interfaces(step.node);
    if (node.missed_settings) reload(step.node);
    touch(node).handle_timers(local);
    pump(step.node);
}

std::optional<TimePoint> World::next_deadline(SimNode& node) {
    if (std::exchange(node.is_touched, false))
        node.coordinator_deadline = node.coordinator->next_deadline();
    std::optional<TimePoint> soonest;
    for (auto deadline :
         {node.engine->next_deadline(), node.coordinator_deadline, node.assembler->next_deadline()})
        if (deadline && (!soonest || *deadline < *soonest)) soonest = deadline;
    return soonest;
}

// A wake that is queued for a time before it stays: it will look again.
void World::wake_later(std::size_t i) {
    SimNode& node = nodes_[i];
    auto soonest = next_deadline(node);
    if (!soonest) return;
    TimePoint at = std::max(when(i, *soonest), now_);
    if (node.wakes_at && *node.wakes_at <= at) return;
    node.wakes_at = at;
    push(at, Kind::wake, i, ++node.wake_version);
}

}  // namespace netft::sim
