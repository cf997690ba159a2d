// A cheap hash that takes a run of bytes whole: four lanes, eight bytes a step each. A changed,
// missing or moved byte changes it; it is no cryptography.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "netft/base/bytes.hpp"

namespace netft::sim {

class Mixer {
 public:
    // `key`: 32 bytes.
    explicit Mixer(Bytes key) { std::memcpy(lanes_.data(), key.data(), sizeof lanes_); }

    void add(Bytes bytes) {
        std::uint64_t size = bytes.size();
        while (bytes.size() >= sizeof lanes_) {
            take(bytes.data());
            bytes = bytes.subspan(sizeof lanes_);
        }
        std::array<std::uint8_t, sizeof lanes_> rest{};
        if (!bytes.empty()) std::memcpy(rest.data(), bytes.data(), bytes.size());
        take(rest.data());
        lanes_[0] ^= size;
    }
    std::array<std::uint64_t, 4> finish() {
        for (int round = 0; round < 3; ++round)
            for (std::size_t i = 0; i < lanes_.size(); ++i)
                lanes_[i] = stir(lanes_[i] ^ std::rotl(lanes_[(i + 1) % 4], 17) ^ i);
        return lanes_;
    }

 private:
    static std::uint64_t stir(std::uint64_t x) {
        x *= 0x9e3779b97f4a7c15u;
        return x ^ x >> 29;
    }
    void take(const std::uint8_t* bytes) {
        std::array<std::uint64_t, 4> words{};
        std::memcpy(words.data(), bytes, sizeof words);
        for (std::size_t i = 0; i < lanes_.size(); ++i) lanes_[i] = stir(lanes_[i] ^ words[i]);
    }

    std::array<std::uint64_t, 4> lanes_{};
};

}  // namespace netft::sim
