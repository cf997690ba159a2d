// Handshakes in the simulator are real, with seeded randomness; datagrams carry a cheap tag in
// place of AES-GCM's, which a wrong key or a changed byte spoils just as surely.
#pragma once

#include <optional>
#include <vector>

#include "netft/base/random.hpp"
#include "netft/control/libcrypto.hpp"
#include "netft/wire/header.hpp"

namespace netft::sim {

class SimPrimitives : public control::Libcrypto {
 public:
    explicit SimPrimitives(std::uint64_t seed) : random_(seed ^ 0x5ea1) {}
    void random(MutableBytes out) override {
        for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(random_.next());
    }

 private:
    Random random_;
};

// plain ‖ tag.
std::vector<std::uint8_t> seal(const Secret32& key, Bytes plain);
// The plain part; nullopt: another key or a changed byte.
std::optional<Bytes> open(const Secret32& key, Bytes sealed);

}  // namespace netft::sim
