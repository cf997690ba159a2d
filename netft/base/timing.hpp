// How often a route's heartbeats go out and how many may be missed.
#pragma once

#include <cstdint>

#include "netft/base/time.hpp"

namespace netft {

struct Timing {
    Duration delay = 100ms;      // 1 ms .. 60 s
    std::uint8_t threshold = 5;  // 1 .. 255
    // Bounds of a threshold that follows what is measured; max 0: it does not.
    std::uint8_t threshold_min = 0;
    std::uint8_t threshold_max = 0;

    bool is_adaptive() const { return threshold_max != 0; }
    bool operator==(const Timing&) const = default;
};

}  // namespace netft
