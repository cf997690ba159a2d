// At most so many a second, in bursts of at most so many (a token bucket).
#pragma once

#include <algorithm>
#include <cstdint>

#include "netft/base/time.hpp"

namespace netft::dataplane {

class RateLimit {
 public:
    constexpr RateLimit(std::int64_t per_second, std::int64_t burst)
        : cost_(Duration(std::chrono::seconds(1)) / per_second), credit_max_(cost_ * burst) {}

    bool take(TimePoint now) {
        if (now > last_) {
            credit_ = std::min(credit_max_, credit_ + (now - last_));
            last_ = now;
        }
        if (credit_ < cost_) return false;
        credit_ -= cost_;
        return true;
    }

 private:
    Duration cost_;
    Duration credit_max_;
    Duration credit_{};
    TimePoint last_{};
};

}  // namespace netft::dataplane
