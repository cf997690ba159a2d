// Bytes that are overwritten when they are no longer needed: keys.
//
// PURE. Copies are allowed (a key lies where it is used); every copy wipes itself.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "netft/base/bytes.hpp"

namespace netft {

// Overwrites with zeros in a way that the compiler keeps.
inline void wipe(MutableBytes bytes) {
    volatile std::uint8_t* p = bytes.data();
    for (std::size_t i = 0; i < bytes.size(); ++i) p[i] = 0;
}

template <std::size_t N>
class Secret {
 public:
    Secret() = default;
    // `bytes` must have N bytes.
    explicit Secret(Bytes bytes) { std::copy_n(bytes.begin(), N, bytes_.begin()); }
    Secret(const Secret&) = default;
    Secret& operator=(const Secret&) = default;
    Secret(Secret&& other) noexcept : bytes_(other.bytes_) { other.clear(); }
    Secret& operator=(Secret&& other) noexcept {
        if (this == &other) return *this;
        bytes_ = other.bytes_;
        other.clear();
        return *this;
    }
    ~Secret() { clear(); }

    Bytes bytes() const { return bytes_; }
    MutableBytes room() { return bytes_; }
    void clear() { wipe(bytes_); }
    bool is_zero() const {
        std::uint8_t any = 0;
        for (std::uint8_t byte : bytes_) any |= byte;
        return any == 0;
    }
    // In constant time.
    bool operator==(const Secret& other) const {
        std::uint8_t difference = 0;
        for (std::size_t i = 0; i < N; ++i)
            difference |= static_cast<std::uint8_t>(bytes_[i] ^ other.bytes_[i]);
        return difference == 0;
    }

 private:
    std::array<std::uint8_t, N> bytes_{};
};

using Secret32 = Secret<32>;

}  // namespace netft
