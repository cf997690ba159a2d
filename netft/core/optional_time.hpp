// std::optional<TimePoint> in 8 bytes: a route has several, and a worker has thousands of routes.
//
// PURE. The end of time (292 years after the clock's start) stands for "never" inside, nowhere
// else.
#pragma once

#include <algorithm>
#include <optional>

#include "netft/base/time.hpp"

namespace netft::core {

class OptionalTime {
 public:
    constexpr OptionalTime() = default;
    constexpr OptionalTime(TimePoint at) : at_(at) {}
    constexpr OptionalTime(std::optional<TimePoint> at) : at_(at.value_or(kNever)) {}

    constexpr bool has_value() const { return at_ != kNever; }
    constexpr explicit operator bool() const { return has_value(); }
    constexpr TimePoint operator*() const { return at_; }
    constexpr void reset() { at_ = kNever; }
    constexpr operator std::optional<TimePoint>() const {
        return has_value() ? std::optional(at_) : std::nullopt;
    }
    // The sooner of the two; never is later than all.
    constexpr OptionalTime or_sooner(OptionalTime other) const {
        return OptionalTime(std::min(at_, other.at_));
    }

 private:
    static constexpr TimePoint kNever = TimePoint::max();
    TimePoint at_ = kNever;
};

}  // namespace netft::core
