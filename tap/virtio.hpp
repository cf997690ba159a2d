// virtio_net_hdr_v1 (VIRTIO 1.1 §5.1.6), which stands before every frame of the adapter.
//
//   0       1       2       4       6       8       10      12
//  +-------+-------+-------+-------+-------+-------+-------+
//  | flags |  gso  |hdr_len| gso_  | csum_ | csum_ | num_  |   16-bit fields little-endian
//  |       |  type |       | size  | start | offset|buffers|
//  +-------+-------+-------+-------+-------+-------+-------+
#pragma once

#include <cstdint>
#include <optional>

#include "netft/base/bytes.hpp"
#include "netft/wire/data.hpp"

namespace netft::tap {

// flags
constexpr std::uint8_t kVirtioNeedsChecksum = 1;  // sum from csum_start is still to be computed
constexpr std::uint8_t kVirtioDataValid = 2;      // checksums were verified

// gso_type. 3 (UFO) is not offered by any kernel to a TAP any more, and not taken.
constexpr std::uint8_t kGsoNone = 0;
constexpr std::uint8_t kGsoTcpV4 = 1;
constexpr std::uint8_t kGsoTcpV6 = 4;
constexpr std::uint8_t kGsoUdpL4 = 5;
constexpr std::uint8_t kGsoEcn = 0x80;  // or'ed to a TCP type: the first segment carries CWR

// Offsets count from the beginning of the Ethernet frame.
struct VirtioHeader {
    std::uint8_t flags = 0;
    std::uint8_t gso_type = kGsoNone;
    std::uint16_t header_length = 0;  // a hint: how much of the frame to have in one piece
    std::uint16_t gso_size = 0;       // payload bytes of a segment
    std::uint16_t checksum_start = 0;
    std::uint16_t checksum_offset = 0;  // behind checksum_start
    std::uint16_t buffers = 0;          // without meaning at a TAP

    bool operator==(const VirtioHeader&) const = default;
};

// A 16-bit field, little-endian as nothing else on the wire.
inline std::uint16_t little_endian_at(const std::uint8_t* at) {
    return static_cast<std::uint16_t>(at[0] | at[1] << 8);
}
// From exactly kVirtioHeaderSize bytes.
inline VirtioHeader read_virtio(const std::uint8_t* at) {
    return {.flags = at[0],
            .gso_type = at[1],
            .header_length = little_endian_at(at + 2),
            .gso_size = little_endian_at(at + 4),
            .checksum_start = little_endian_at(at + 6),
            .checksum_offset = little_endian_at(at + 8),
            .buffers = little_endian_at(at + 10)};
}

// nullopt: fewer than kVirtioHeaderSize bytes.
std::optional<VirtioHeader> decode_virtio(Bytes bytes);
void encode(const VirtioHeader& header, ByteWriter& out);

}  // namespace netft::tap
