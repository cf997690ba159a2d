// When the next initiation may go out, whichever peer it is for.
//
// PURE. A node that starts, or loses all its networks, has something to say to every peer at once:
// each initiation is a key agreement here and another one there, and goes out on all routes. Paced,
// 1,000 peers are asked within half a second, and nobody's socket overflows meanwhile.
// Threads: control only.
#pragma once

#include "netft/base/token_bucket.hpp"

namespace netft::session {

class OpeningPacer {
 public:
    static constexpr Duration kInterval = 500us;
    // What may go at once after a pause: small clusters never wait.
    static constexpr int kBurst = 32;

    // False: not before next().
    bool take(TimePoint now) { return bucket_.take(now, kRate); }
    TimePoint next() const { return bucket_.next(kRate); }

 private:
    static constexpr Rate kRate{kInterval, kInterval* kBurst};
    TokenBucket bucket_;
};

}  // namespace netft::session
