// The only clock of the data path: CLOCK_MONOTONIC, read once per cycle by the worker. (Two more
// are looked at now and then to notice a suspend and a stepped wall clock: core/stall_meter.)
#pragma once

#include <time.h>

#include "netft/base/time.hpp"

namespace netft::dataplane {

inline TimePoint read_clock(clockid_t clock) {
    timespec t{};
    clock_gettime(clock, &t);
    return TimePoint(std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec));
}

inline TimePoint monotonic_now() { return read_clock(CLOCK_MONOTONIC); }

}  // namespace netft::dataplane
