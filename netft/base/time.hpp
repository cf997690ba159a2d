// Time as the pure folders see it: an argument, never a call.
//
// TimePoint counts nanoseconds of a monotonic clock that only netft/daemon and netft/dataplane
// read (CLOCK_MONOTONIC); the simulator invents it. WallTime exists for people (RFC 3339) and
// decides nothing, so a stepped clock harms nothing.
#pragma once

#include <chrono>
#include <cstdint>

namespace netft {

using namespace std::chrono_literals;

struct MonotonicClock {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<MonotonicClock>;
    static constexpr bool is_steady = true;
};

using Duration = MonotonicClock::duration;
using TimePoint = MonotonicClock::time_point;
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::nanoseconds>;

constexpr std::uint64_t to_ns(TimePoint t) {
    return static_cast<std::uint64_t>(t.time_since_epoch().count());
}
constexpr TimePoint from_ns(std::uint64_t ns) {
    return TimePoint(Duration(static_cast<Duration::rep>(ns)));
}
constexpr std::int64_t to_us(Duration d) {
    return std::chrono::duration_cast<std::chrono::microseconds>(d).count();
}
constexpr std::int64_t to_ms(Duration d) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(d).count();
}

}  // namespace netft
