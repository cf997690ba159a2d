// The 16 bytes every datagram begins with; authenticated as associated data.
//
//   0               1               2               3
//  +-------+-------+---------------+-------------------------------+
//  |version| type  |     flags     |             space             |
//  +-------+-------+---------------+-------------------------------+
//  |                     receiver session index                    |
//  +---------------------------------------------------------------+
//  |                            counter                            |
//  |                           (64 bits)                           |
//  +---------------------------------------------------------------+
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "netft/base/bytes.hpp"
#include "netft/base/ids.hpp"
#include "netft/wire/drop_reason.hpp"

namespace netft {

constexpr std::uint8_t kWireVersion = 1;
constexpr std::size_t kHeaderSize = 16;
// Bytes that a sealed datagram carries behind its payload; 0 in security mode none.
constexpr std::size_t kTagSize = 16;

enum class MessageType : std::uint8_t {
    initiation = 1,
    response = 2,
    cookie = 3,
    heartbeat = 4,
    data = 5,
    control = 6,
};

struct Header {
    MessageType type = MessageType::heartbeat;
    std::uint8_t flags = 0;  // none defined in version 1: sent as 0, ignored by the receiver
    // The counter space: the sender's route id (heartbeat), the sending worker (data), else 0.
    std::uint16_t space = 0;
    SessionIndex receiver;
    std::uint64_t counter = 0;

    bool operator==(const Header&) const = default;
};

// Reads the header of `datagram`. On failure nullopt and the reason in `why`.
std::optional<Header> decode_header(Bytes datagram, DropReason& why);
// Writes exactly kHeaderSize bytes.
void encode(const Header& header, ByteWriter& out);

}  // namespace netft
