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
    relay = 7,
};

constexpr std::uint8_t kMessageTypeMin = 1;
constexpr std::uint8_t kMessageTypeMax = 7;

struct Header {
    MessageType type = MessageType::heartbeat;
    // Of a heartbeat: kFlagRelays (wire/relay.hpp). All else: sent as 0, ignored by the receiver.
    std::uint8_t flags = 0;
    // The counter space: the sender's route id (heartbeat), the sending worker (data), else 0.
    std::uint16_t space = 0;
    SessionIndex receiver;
    std::uint64_t counter = 0;

    bool operator==(const Header&) const = default;
};

// Reads the header of `datagram`. On failure nullopt and the reason in `why`. Inline, and one check
// of the length for all fields: both ends do it for every datagram.
inline std::optional<Header> decode_header(Bytes datagram, DropReason& why) {
    if (datagram.size() < kHeaderSize) {
        why = DropReason::rx_truncated;
        return {};
    }
    const std::uint8_t* at = datagram.data();
    if (at[0] >> 4 != kWireVersion) {
        why = DropReason::rx_bad_version;
        return {};
    }
    std::uint8_t type = at[0] & 0x0f;
    if (type < kMessageTypeMin || type > kMessageTypeMax) {
        why = DropReason::rx_bad_type;
        return {};
    }
    return Header{.type = static_cast<MessageType>(type),
                  .flags = at[1],
                  .space = load_big_endian<std::uint16_t>(at + 2),
                  .receiver = SessionIndex(load_big_endian<std::uint32_t>(at + 4)),
                  .counter = load_big_endian<std::uint64_t>(at + 8)};
}

// To exactly kHeaderSize bytes.
inline void write_header(const Header& header, std::uint8_t* to) {
    to[0] = static_cast<std::uint8_t>(kWireVersion << 4 | static_cast<std::uint8_t>(header.type));
    to[1] = header.flags;
    store_big_endian(to + 2, header.space);
    store_big_endian(to + 4, header.receiver.value);
    store_big_endian(to + 8, header.counter);
}
// Writes exactly kHeaderSize bytes.
void encode(const Header& header, ByteWriter& out);

}  // namespace netft
