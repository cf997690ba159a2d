// When the next initiation may go out, whichever peer it is for.
//
// PURE. A node that starts, or loses all its networks, has something to say to every peer at once:
// each initiation is a key agreement here and another one there, and goes out on all routes. Paced,
// 1,000 peers are asked within half a second, and nobody's socket overflows meanwhile.
// Threads: control only.
#pragma once

#include <algorithm>

#include "netft/base/time.hpp"

namespace netft::session {

class OpeningPacer {
 public:
    static constexpr Duration kInterval = 500us;
    // What may go at once after a pause: small clusters never wait.
    static constexpr int kBurst = 32;

    // False: not before next().
    bool take(TimePoint now) {
        if (next() > now) return false;
        paid_until_ = std::max(paid_until_, now - kBurst * kInterval) + kInterval;
        return true;
    }
    TimePoint next() const { return paid_until_ + kInterval; }

 private:
    TimePoint paid_until_{};  // never beyond the present
};

}  // namespace netft::session
