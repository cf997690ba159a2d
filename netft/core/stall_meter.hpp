// How long the worker was away: stopped, starved, its virtual machine paused, or suspended; and
// whether somebody stepped the wall clock.
//
// PURE: it is told what the clocks say. Away is what it spent neither asleep by its own will nor at
// work for a moment: running on for kStallMin without looking up, or waking that much later than it
// had asked to. How much of a late sleep it was away for cannot be known, so the whole counts: that
// errs by one interval of the heartbeats, on the side of patience.
// Suspend stops CLOCK_MONOTONIC, and with it our deadlines, but not the peers' patience: seen by
// CLOCK_BOOTTIME running ahead.
// Threads: the worker's only.
#pragma once

#include <cstdint>
#include <optional>

#include "netft/base/time.hpp"

namespace netft::core {

enum class StallKind : std::uint8_t {
    stopped,        // or starved, or the virtual machine was paused
    suspended,      // the machine slept
    clock_stepped,  // the wall clock was set: told, nothing depends on it
};

struct Stall {
    StallKind kind = StallKind::stopped;
    Duration gap{};  // how long; of a step: how far, negative is backwards
};

class StallMeter {
 public:
    // Less than this is everyday life on a busy machine.
    static constexpr Duration kStallMin = 20ms;
    // Less than this is the wall clock being disciplined.
    static constexpr Duration kStepMin = 500ms;
    // How often the other clocks are worth a look.
    static constexpr Duration kClockPeriod = 100ms;

    explicit StallMeter(TimePoint now) : woke_(now), slept_(now) {}

    // Goes to sleep, to wake at `planned` at the latest; nullopt: when something comes.
    void handle_sleep(TimePoint now, std::optional<TimePoint> planned);
    std::optional<Stall> handle_wake(TimePoint now);

    bool wants_clocks(TimePoint now) const { return now >= next_clocks_; }
    // CLOCK_BOOTTIME and CLOCK_REALTIME at `now`.
    std::optional<Stall> handle_clocks(TimePoint now, Duration boottime, Duration realtime);

 private:
    TimePoint woke_;
    TimePoint slept_;
    std::optional<TimePoint> planned_;
    TimePoint next_clocks_;
    std::optional<Duration> boot_ahead_;  // of CLOCK_MONOTONIC
    Duration real_ahead_{};               // of CLOCK_BOOTTIME
};

}  // namespace netft::core
