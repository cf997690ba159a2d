// How well this node keeps its own time, and what patience with others follows from that.
//
// PURE. After Lifeguard (Dadgar, Phillips, Currey 2018, "local health aware probe"): a node that is
// slow all the time is a bad judge of the others. Each stall adds a point, each second without one
// takes one away. A few are met by the stall rule alone (a deadline is widened by the time that the
// node was away); a node that goes on stalling waits longer, up to kPatienceMax.
#pragma once

#include <algorithm>
#include <cstdint>

#include "netft/base/time.hpp"

namespace netft::core {

class LocalHealth {
 public:
    static constexpr unsigned kScoreMax = 10;
    static constexpr unsigned kScoreFree = 2;  // up to here nothing is widened
    static constexpr Duration kForgetAfter = 1s;
    // Patience is in quarters: 4 is none, 12 makes suspicion and detection three times as long.
    static constexpr unsigned kPatienceMin = 4;
    static constexpr unsigned kPatienceMax = kPatienceMin + kScoreMax - kScoreFree;

    void handle_stall(TimePoint now) {
        score_ = std::min(score(now) + 1, kScoreMax);
        since_ = now;
    }
    unsigned score(TimePoint now) const {
        auto forgotten = static_cast<std::uint64_t>((now - since_) / kForgetAfter);
        return forgotten >= score_ ? 0 : score_ - static_cast<unsigned>(forgotten);
    }
    unsigned patience(TimePoint now) const {
        return kPatienceMin + std::max(score(now), kScoreFree) - kScoreFree;
    }

 private:
    unsigned score_ = 0;  // as it was at since_
    TimePoint since_;
};

}  // namespace netft::core
