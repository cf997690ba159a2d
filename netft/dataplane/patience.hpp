// How long a port waits for a device that takes nothing.
//
// A slow device takes a packet now and then. One that takes none at all (its link or the process at
// its other end is gone) must not hold up the adapter, and so the routes on other ports: what waits
// is lost then, and so is what follows, until the device takes something again. Threads: the
// worker's.
#pragma once

#include <optional>

#include "netft/base/time.hpp"

namespace netft::dataplane {

class Patience {
 public:
    static constexpr Duration kMax = std::chrono::milliseconds(20);

    void handle_progress() {
        since_.reset();
        is_over_ = false;
    }
    void handle_refusal(TimePoint now) {
        if (!since_) since_ = now;
        if (now - *since_ >= kMax) is_over_ = true;
    }
    bool is_over() const { return is_over_; }

 private:
    std::optional<TimePoint> since_;
    bool is_over_ = false;
};

}  // namespace netft::dataplane
