// Data (type 5): a frame of the adapter travels as a train of datagrams.
//
//   0               1               2               3
//  +-------------------------------+-------------------------------+
//  |             index             |             count             |
//  +-------------------------------+-------------------------------+
//  |  bytes of: virtio_net_hdr_v1 (12 bytes) ‖ Ethernet frame      |
//
// The train's bytes are the concatenation of the bodies in order of index. All bodies but the last
// have equal length; the last is not longer. Train id = counter − index.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "netft/base/bytes.hpp"

namespace netft {

constexpr std::size_t kTrainPrefixSize = 4;
// virtio_net_hdr_v1 (virtio 1.1 §5.1.6): little-endian, as the TAP device gives it.
constexpr std::size_t kVirtioHeaderSize = 12;
// Longest train body: virtio header, Ethernet header and a 64 KiB packet, and it must fit one
// mbuf, whose length has 16 bits.
constexpr std::size_t kTrainBytesMax = 65'000;
constexpr std::uint16_t kTrainDatagramsMax = 128;
// A node sends data from at most so many workers, each with a counter space of its own (0, 1, …).
constexpr std::uint16_t kDataSpacesMax = 16;
// And from as many source ports: worker k from its endpoint's port + k.
constexpr std::uint16_t kSourcePortsMax = kDataSpacesMax;

struct TrainPrefix {
    std::uint16_t index = 0;
    std::uint16_t count = 1;

    bool operator==(const TrainPrefix&) const = default;
};

// nullopt: truncated, count 0 or above kTrainDatagramsMax, index ≥ count, or no body.
inline std::optional<TrainPrefix> decode_train_prefix(Bytes payload) {
    if (payload.size() <= kTrainPrefixSize) return {};
    TrainPrefix prefix{.index = load_big_endian<std::uint16_t>(payload.data()),
                       .count = load_big_endian<std::uint16_t>(payload.data() + 2)};
    if (prefix.count > kTrainDatagramsMax || prefix.index >= prefix.count) return {};
    return prefix;
}
// To exactly kTrainPrefixSize bytes.
inline void write_train_prefix(const TrainPrefix& prefix, std::uint8_t* to) {
    store_big_endian(to, prefix.index);
    store_big_endian(to + 2, prefix.count);
}
void encode(const TrainPrefix& prefix, ByteWriter& out);

}  // namespace netft
