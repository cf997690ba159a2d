// How a session opens in security mode none (types 1 and 2).
//
// Both messages have the same payload; the header's receiver index is 0 in an initiation and the
// initiator's index in a response.
//
//   0               1               2               3
//  +---------------------------------------------------------------+
//  |  cluster id (16 bytes): SHA-256("netft1" ‖ cluster name), cut |
//  +---------------------------------------------------------------+
//  |  sender's public key (32 bytes)                               |
//  +---------------------------------------------------------------+
//  |  receiver's public key (32 bytes)                             |
//  +---------------------------------------------------------------+
//  |  sender's session index                                       |
//  +---------------------------------------------------------------+
//  |  sender's incarnation (64 bits): new at every start           |
//  +---------------+-----------------------------------------------+
//  |  mode         |  reserved (24 bits)                           |
//  +---------------+-----------------------------------------------+
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "netft/base/bytes.hpp"
#include "netft/base/ids.hpp"

namespace netft {

using PublicKey = std::array<std::uint8_t, 32>;
using ClusterId = std::array<std::uint8_t, 16>;

constexpr std::size_t kOpeningSize = 96;

enum class SecurityMode : std::uint8_t { none = 0, sign = 1, encrypt = 2 };

struct Opening {
    ClusterId cluster{};
    PublicKey sender{};
    PublicKey receiver{};
    SessionIndex sender_index;
    std::uint64_t incarnation = 0;
    SecurityMode mode = SecurityMode::none;

    bool operator==(const Opening&) const = default;
};

// nullopt: truncated, unknown mode, or a session index of 0.
std::optional<Opening> decode_opening(Bytes payload);
void encode(const Opening& opening, ByteWriter& out);

}  // namespace netft
