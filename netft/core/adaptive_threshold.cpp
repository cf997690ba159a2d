#include "netft/core/adaptive_threshold.hpp"

#include <algorithm>

namespace netft::core {

std::uint8_t AdaptiveThreshold::wanted() const {
    unsigned eighths = longest() * 3u;  // of an interval: half as long again
    return static_cast<std::uint8_t>(std::min(255u, (eighths + 7) / 8));
}

std::uint8_t AdaptiveThreshold::threshold(std::uint8_t configured, const Timing& timing) const {
    if (!timing.is_adaptive()) return configured;
    return std::clamp(threshold_ == 0 ? configured : threshold_, timing.threshold_min,
                      timing.threshold_max);
}

Duration AdaptiveThreshold::longest_gap(Duration interval) const {
    return interval * longest() / 4;
}

bool AdaptiveThreshold::handle_gap(TimePoint now, Duration gap, Duration interval,
                                   const Timing& timing) {
    auto tick = static_cast<std::uint8_t>(now.time_since_epoch().count() >> kTickShift);
    if (threshold_ == 0) {
        threshold_ = timing.threshold;
        began_ = tick;
    }
    std::uint8_t before = threshold_;
    auto quarters = (gap * 4 + interval - 1ns) / interval;
    longest_ = std::max(longest_, static_cast<std::uint8_t>(std::min<std::int64_t>(quarters, 255)));
    threshold_ = std::max(threshold_, std::min(wanted(), timing.threshold_max));
    if (static_cast<std::uint8_t>(tick - began_) >= kWindowTicks) {
        if (threshold_ > std::max(wanted(), timing.threshold_min)) --threshold_;
        before_ = longest_;
        longest_ = 0;
        began_ = tick;
    }
    return threshold_ != before;
}

}  // namespace netft::core
