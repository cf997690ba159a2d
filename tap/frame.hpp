// Frames, looked at and answered. PURE: bytes in, bytes or a verdict out.
//
// What netft must know of a frame from the adapter: to whom it goes; whether it is an ARP request
// or neighbour solicitation to be answered here; what to answer when the peer is unreachable. And
// of a frame from a peer: whether its virtio header tells the truth (the kernel trusts it).
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "netft/base/address.hpp"
#include "netft/base/bytes.hpp"
#include "netft/wire/data.hpp"
#include "netft/wire/drop_reason.hpp"

namespace netft::tap {

constexpr std::size_t kEthernetHeaderSize = 14;
// Longest answer that the functions below build, virtio header included.
constexpr std::size_t kAnswerBytesMax = kVirtioHeaderSize + kEthernetHeaderSize + 1280;
using AnswerBuffer = std::array<std::uint8_t, kAnswerBytesMax>;

// A node as the virtual link sees it.
struct Neighbour {
    MacAddress mac;
    IpAddress ipv4;
    IpAddress ipv6;
    std::span<const IpAddress> extra;  // further addresses of the node
};

// Destination and source MAC of an Ethernet frame (no virtio header); nullopt: too short.
struct MacPair {
    MacAddress destination;
    MacAddress source;
};
static_assert(sizeof(MacPair) == 12);
inline std::optional<MacPair> mac_pair(Bytes frame) {
    if (frame.size() < kEthernetHeaderSize) return {};
    MacPair pair;
    std::memcpy(&pair, frame.data(), sizeof(pair));
    return pair;
}

// The same as numbers, which are compared without a detour by memory: `frame` must have an Ethernet
// header.
inline std::uint64_t word_of(const MacAddress& mac) {
    const auto& b = mac.bytes;
    return std::uint64_t{load_big_endian<std::uint32_t>(b.data())} << 16 |
           load_big_endian<std::uint16_t>(b.data() + 4);
}
inline std::uint64_t destination_word(Bytes frame) {
    return load_big_endian<std::uint64_t>(frame.data()) >> 16;
}
inline std::uint64_t source_word(Bytes frame) {
    return load_big_endian<std::uint64_t>(frame.data() + 6) >> 16;
}
inline bool is_multicast(std::uint64_t mac_word) { return (mac_word >> 40 & 1) != 0; }

// The address that an ARP request or a neighbour solicitation in `frame` (no virtio header) asks
// for; a probe (RFC 5227; duplicate address detection) asks as well, so that it finds an address
// taken that is. nullopt: it is neither, or malformed, or tells of an address of its own.
std::optional<IpAddress> solicited_address(Bytes frame);

// What a frame is, whatever it is wrapped in.
enum class FrameKind : std::uint8_t {
    packet,               // IPv4 or IPv6, and none of the next
    neighbour_discovery,  // ARP, or ICMPv6 133 to 137: never leaves the node
    other,                // tagged, or a protocol of the link's own
};
FrameKind kind_behind_ipv6(Bytes frame);
// Most frames need one look at the EtherType, IPv6 one more at the next header.
inline FrameKind kind_of(Bytes frame) {
    if (frame.size() < kEthernetHeaderSize) return FrameKind::other;
    const std::uint16_t type = load_big_endian<std::uint16_t>(frame.data() + 12);
    if (type == 0x0800) return FrameKind::packet;
    if (type != 0x86dd) return type == 0x0806 ? FrameKind::neighbour_discovery : FrameKind::other;
    const bool is_plain = frame.size() > 20 && (frame[20] == 6 || frame[20] == 17);
    return is_plain ? FrameKind::packet : kind_behind_ipv6(frame);
}
inline bool is_neighbour_discovery(Bytes frame) {
    return kind_of(frame) == FrameKind::neighbour_discovery;
}

// Why a packet of a peer must not reach this node's kernel, whatever its source address; nullopt:
// nothing against it. What has no source address (0.0.0.0, ::) passes where IGMP and MLD need it.
// `frame`: its first 244 bytes at least.
std::optional<DropReason> refuse_packet(Bytes frame);
// Of a frame that refuse_packet() lets through.
IpAddress source_of(Bytes frame);
// Whether it is one of these two, without making an address of it.
inline bool is_source(Bytes frame, const IpAddress& ipv4, const IpAddress& ipv6) {
    if (load_big_endian<std::uint16_t>(frame.data() + 12) == 0x0800)
        return std::memcmp(frame.data() + 26, ipv4.bytes().data(), 4) == 0;
    return std::memcmp(frame.data() + 22, ipv6.bytes().data(), 16) == 0;
}
// virtio header ‖ ARP reply or neighbour advertisement (solicited, override) that says `owner` has
// the solicited address. Empty when `frame` is not such a solicitation.
Bytes answer_solicitation(Bytes frame, const MacAddress& owner, AnswerBuffer& out);

struct NetworkIdentity {
    MacAddress mac;
    IpAddress address;
};
// virtio header ‖ gratuitous ARP reply (RFC 5944 §4.6) or neighbour advertisement (override): the
// peer has this MAC from now on. A kernel that has an entry for the address corrects it, one that
// has none makes none. `own`, of the same family, is whom to tell.
Bytes announce(const NetworkIdentity& peer, const NetworkIdentity& own, AnswerBuffer& out);
// virtio header ‖ ICMP host unreachable (RFC 792, code 1) or ICMPv6 address unreachable (RFC 4443
// §3.1, code 3) for an IPv4 or IPv6 packet in `frame`, sent as if from its destination address and
// `peer_mac`. `frame` may be cut behind its first 256 bytes. Empty where RFC 1122 §3.2.2 / RFC 4443
// §2.4 forbid an answer (ICMP errors, multicast, fragments but the first, unspecified source) or
// the packet is not IP.
Bytes answer_unreachable(Bytes frame, const MacAddress& peer_mac, AnswerBuffer& out);

// Checks virtio_net_hdr_v1 ‖ frame from a peer before the kernel sees it; `head` is the beginning
// (at least the first min(total, 256) bytes) and `total_bytes` the length of all. Checks: known
// flags and gso type; checksum start + offset + 2 inside the frame and start behind the Ethernet
// header; gso type fits EtherType and IP protocol; hdr_len within the frame; gso_size > 0 where
// segmented, and 0 where not; at least an Ethernet header. nullopt: fine.
std::optional<DropReason> check_virtio(Bytes head, std::size_t total_bytes);

}  // namespace netft::tap
