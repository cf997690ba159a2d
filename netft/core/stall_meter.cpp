#include "netft/core/stall_meter.hpp"

#include <utility>

namespace netft::core {

void StallMeter::handle_sleep(TimePoint now, std::optional<TimePoint> planned) {
    slept_ = now;
    planned_ = planned;
}

std::optional<Stall> StallMeter::handle_wake(TimePoint now) {
    Duration ran = slept_ - woke_;
    bool overslept = planned_ && now - *planned_ > kStallMin;
    woke_ = now;
    Duration gap{};
    if (ran > kStallMin) gap += ran;
    if (overslept) gap += now - slept_;
    if (gap == Duration{}) return {};
    return Stall{StallKind::stopped, gap};
}

std::optional<Stall> StallMeter::handle_clocks(TimePoint now, Duration boottime,
                                               Duration realtime) {
    next_clocks_ = now + kClockPeriod;
    Duration boot_ahead = boottime - now.time_since_epoch();
    Duration real_ahead = realtime - boottime;
    bool is_first = !boot_ahead_;
    Duration slept = boot_ahead - boot_ahead_.value_or(boot_ahead);
    Duration stepped = real_ahead - std::exchange(real_ahead_, real_ahead);
    boot_ahead_ = boot_ahead;
    if (is_first) return {};
    if (slept > kStallMin) return Stall{StallKind::suspended, slept};
    if (stepped > kStepMin || stepped < -kStepMin) return Stall{StallKind::clock_stepped, stepped};
    return {};
}

}  // namespace netft::core
