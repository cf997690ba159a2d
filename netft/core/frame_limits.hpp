// What fits where: adapter MTU, train sizes. PURE arithmetic, all in bytes.
#pragma once

#include <algorithm>
#include <cstdint>

#include "netft/base/address.hpp"
#include "netft/wire/data.hpp"
#include "netft/wire/header.hpp"

namespace netft::core {

constexpr std::uint16_t kUdpOverheadV4 = 20 + 8;
constexpr std::uint16_t kUdpOverheadV6 = 40 + 8;
constexpr std::uint16_t kEthernetHeader = 14;
constexpr std::uint16_t kAdapterMtuMin = 1280;  // RFC 8200 §5: IPv6 needs it
// What a relay takes at least, whatever it says: less would make large frames too long.
constexpr std::uint16_t kRelayedBytesMin = 1200;

// Largest UDP payload on a route of this MTU.
inline std::uint16_t datagram_bytes(std::uint16_t route_mtu, Family family) {
    std::uint16_t overhead = family == Family::ipv4 ? kUdpOverheadV4 : kUdpOverheadV6;
    return static_cast<std::uint16_t>(std::max<int>(route_mtu - overhead, 512));
}

// Bytes of a train that one datagram carries; room for the tag is always left, so that the MTU does
// not depend on the security mode.
inline std::uint16_t body_bytes(std::uint16_t datagram) {
    return static_cast<std::uint16_t>(datagram - kHeaderSize - kTrainPrefixSize - kTagSize);
}

// The adapter MTU whose full frame takes exactly one datagram, cut to a multiple of 20.
inline std::uint16_t adapter_mtu(std::uint16_t datagram) {
    int mtu = body_bytes(datagram) - static_cast<int>(kVirtioHeaderSize) - kEthernetHeader;
    return static_cast<std::uint16_t>(std::max<int>(mtu / 20 * 20, kAdapterMtuMin));
}

// Longest packet the kernel may hand over unsegmented, so that its train goes out with one
// UDP_SEGMENT call: at most 64 datagrams and 65,507 bytes.
inline std::uint32_t gso_max_size(std::uint16_t datagram) {
    std::uint32_t datagrams = std::min<std::uint32_t>(64, 65'507u / datagram);
    std::uint32_t bytes = std::min<std::uint32_t>(datagrams * body_bytes(datagram),
                                                  static_cast<std::uint32_t>(kTrainBytesMax));
    return bytes - static_cast<std::uint32_t>(kVirtioHeaderSize) - kEthernetHeader - 4u;
}

}  // namespace netft::core
