// The only clock of the data path: CLOCK_MONOTONIC, read once per cycle by the worker.
#pragma once

#include <time.h>

#include "netft/base/time.hpp"

namespace netft::dataplane {

inline TimePoint monotonic_now() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return TimePoint(std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec));
}

}  // namespace netft::dataplane
