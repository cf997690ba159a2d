// How often a route's heartbeats go out and how many may be missed.
#pragma once

#include <cstdint>

#include "netft/base/time.hpp"

namespace netft {

struct Timing {
    Duration delay = 100ms;      // 1 ms .. 60 s
    std::uint8_t threshold = 5;  // 1 .. 255

    bool operator==(const Timing&) const = default;
};

}  // namespace netft
