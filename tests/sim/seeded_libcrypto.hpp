// Real cryptography with seeded randomness: a run is one number.
#pragma once

#include "netft/base/random.hpp"
#include "netft/control/libcrypto.hpp"

namespace netft::sim {

inline void fill(Random& random, MutableBytes out) {
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(random.next());
}

class SeededLibcrypto : public control::Libcrypto {
 public:
    explicit SeededLibcrypto(std::uint64_t seed) : random_(seed ^ 0x5ea1) {}
    void random(MutableBytes out) override { fill(random_, out); }

 private:
    Random random_;
};

}  // namespace netft::sim
