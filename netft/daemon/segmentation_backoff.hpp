// When a port that cannot send datagrams together (UDP_SEGMENT fails) tries it again: the cause may
// be gone. PURE.
#pragma once

#include <algorithm>
#include <optional>
#include <utility>

#include "netft/base/time.hpp"

namespace netft::daemon {

class SegmentationBackoff {
 public:
    static constexpr Duration kFirst = 60s;
    static constexpr Duration kLast = 1h;

    struct Step {
        bool is_news = false;  // the first failure
        bool tries = false;    // it is to be allowed now
    };
    // `failed`: as the port says now.
    Step handle(TimePoint now, bool failed) {
        if (!failed) return {};
        if (again_ && now < *again_) return {};
        if (again_) {
            again_.reset();
            return {.is_news = false, .tries = true};
        }
        again_ = now + pause_;
        pause_ = std::min<Duration>(2 * pause_, kLast);
        return {.is_news = !std::exchange(was_said_, true), .tries = false};
    }

 private:
    std::optional<TimePoint> again_;
    Duration pause_ = kFirst;
    bool was_said_ = false;
};

}  // namespace netft::daemon
