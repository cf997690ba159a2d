// A threshold that follows what was measured: how many heartbeat intervals of silence take a route
// down, within the bounds of Timing.
//
// PURE, four bytes, per route. The receiver measures the gaps between heartbeats that arrive while
// the route is up, and applies the threshold itself in place of the one the peer says; nothing of
// it is on the wire. Wanted is one and a half times the longest gap of the last minute. It rises to
// that at once, and falls by one every half minute: so it cannot swing faster than what it follows.
// Threads: the worker's only.
#pragma once

#include <cstdint>

#include "netft/base/time.hpp"
#include "netft/base/timing.hpp"

namespace netft::core {

class AdaptiveThreshold {
 public:
    // The longest gap is that of one to two windows: of the last minute at most.
    static constexpr unsigned kTickShift = 32;  // 4.3 s
    static constexpr std::uint8_t kWindowTicks = 7;

    // A heartbeat came `gap` after the one before. True: the threshold changed.
    bool handle_gap(TimePoint now, Duration gap, Duration interval, const Timing& timing);
    // What is in force where the peer says `configured`.
    std::uint8_t threshold(std::uint8_t configured, const Timing& timing) const;
    // Rounded up to a quarter of an interval; 0: not measured.
    Duration longest_gap(Duration interval) const;
    // The peer is another, or the interval: the gaps were measured in intervals.
    void reset() { *this = AdaptiveThreshold(); }

 private:
    std::uint8_t longest() const { return longest_ > before_ ? longest_ : before_; }
    std::uint8_t wanted() const;

    std::uint8_t threshold_ = 0;  // 0: nothing was measured yet
    std::uint8_t longest_ = 0;    // in this window, in quarters of an interval
    std::uint8_t before_ = 0;     // in the one before
    std::uint8_t began_ = 0;      // ticks, modulo 256
};

}  // namespace netft::core
