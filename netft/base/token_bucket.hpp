// At most so many a second, in bursts of at most so many.
//
// PURE. A bucket is one instant: up to when what was taken has been paid for (the generic cell rate
// algorithm, ITU-T I.371). So there is nothing to refill, nothing to round, and a bucket takes 8
// bytes beside its rate, which many may share. Full at first. A clock that goes back gives nothing.
#pragma once

#include <algorithm>
#include <cstdint>

#include "netft/base/time.hpp"

namespace netft {

struct Rate {
    Duration cost;   // of one
    Duration depth;  // of the whole burst

    static constexpr Rate of(std::int64_t per_second, std::int64_t burst) {
        Duration cost = Duration(1s) / per_second;
        return {cost, cost * burst};
    }
};

class TokenBucket {
 public:
    // None is taken when not all `count` are there.
    constexpr bool take(TimePoint now, const Rate& rate, std::int64_t count = 1) {
        TimePoint paid = paid_when_taken(now, rate, count);
        if (paid > now) return false;
        paid_until_ = paid;
        return true;
    }
    // Takes what is there, up to `count`.
    constexpr void drain(TimePoint now, const Rate& rate, std::int64_t count) {
        paid_until_ = std::max(paid_until_, std::min(now, paid_when_taken(now, rate, count)));
    }
    constexpr bool is_full(TimePoint now, const Rate& rate) const {
        return paid_until_ <= now - rate.depth;
    }
    constexpr bool has(TimePoint now, const Rate& rate, std::int64_t count = 1) const {
        return paid_when_taken(now, rate, count) <= now;
    }
    // When there is one to take.
    constexpr TimePoint next(const Rate& rate) const { return paid_until_ + rate.cost; }

 private:
    constexpr TimePoint paid_when_taken(TimePoint now, const Rate& rate, std::int64_t count) const {
        return std::max(paid_until_, now - rate.depth) + rate.cost * count;
    }

    TimePoint paid_until_{Duration::min() / 2};
};

// A bucket with a rate of its own.
class RateLimit {
 public:
    constexpr explicit RateLimit(const Rate& rate) : rate_(rate) {}
    constexpr RateLimit(std::int64_t per_second, std::int64_t burst)
        : rate_(Rate::of(per_second, burst)) {}

    constexpr bool take(TimePoint now, std::int64_t count = 1) {
        return bucket_.take(now, rate_, count);
    }
    constexpr bool has(TimePoint now, std::int64_t count = 1) const {
        return bucket_.has(now, rate_, count);
    }
    constexpr void drain(TimePoint now, std::int64_t count) { bucket_.drain(now, rate_, count); }
    constexpr bool is_full(TimePoint now) const { return bucket_.is_full(now, rate_); }

 private:
    Rate rate_;
    TokenBucket bucket_;
};

}  // namespace netft
