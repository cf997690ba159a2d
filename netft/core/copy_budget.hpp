// How much may be sent twice while a route is suspect.
//
// PURE. Suspicion may come of overload, and copies without a limit would feed it: small frames and
// bursts are duplicated, bulk, whose protocol repeats what is lost, soon is not.
#pragma once

#include <algorithm>
#include <cstdint>

#include "netft/base/time.hpp"

namespace netft::core {

class CopyBudget {
 public:
    // 240 Mbit/s of full datagrams, and as much at once as a second allows.
    static constexpr std::int64_t kDatagramsPerSecond = 20'000;
    static constexpr Duration kBurst = 1s;

    bool take(TimePoint now, std::uint16_t datagrams) {
        TimePoint spent =
            std::max(spent_until_, now - kBurst) + datagrams * (Duration(1s) / kDatagramsPerSecond);
        if (spent > now) return false;
        spent_until_ = spent;
        return true;
    }

 private:
    TimePoint spent_until_{};
};

}  // namespace netft::core
