// How much may be sent twice while a route is suspect.
//
// PURE. Suspicion may come of overload, and copies without a limit would feed it: small frames and
// bursts are duplicated, bulk, whose protocol repeats what is lost, soon is not.
#pragma once

#include <cstdint>

#include "netft/base/token_bucket.hpp"

namespace netft::core {

class CopyBudget {
 public:
    // 240 Mbit/s of full datagrams, and as much at once as a second allows.
    static constexpr std::int64_t kDatagramsPerSecond = 20'000;

    bool take(TimePoint now, std::uint16_t datagrams) {
        return bucket_.take(now, Rate::of(kDatagramsPerSecond, kDatagramsPerSecond), datagrams);
    }

 private:
    TokenBucket bucket_;
};

}  // namespace netft::core
