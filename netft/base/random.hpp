// Seeded randomness (SplitMix64, Steele et al. 2014), passed in wherever chance is wanted, so that
// a simulated run is one number. Not for keys.
#pragma once

#include <cstdint>

#include "netft/base/time.hpp"

namespace netft {

class Random {
 public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        state_ += 0x9e3779b97f4a7c15u;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }
    // 0 ≤ result < bound; bound > 0.
    std::uint64_t below(std::uint64_t bound) { return next() % bound; }
    // True with probability p (0..1).
    bool chance(double p) { return static_cast<double>(next() >> 11) * 0x1.0p-53 < p; }
    // Uniform in [low, high].
    Duration between(Duration low, Duration high) {
        return low + Duration(static_cast<Duration::rep>(
                         below(static_cast<std::uint64_t>((high - low).count()) + 1)));
    }

 private:
    std::uint64_t state_;
};

}  // namespace netft
