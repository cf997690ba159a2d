// Frames for the tests: whole, right ones, which each test then spoils in one place.
#pragma once

#include <cstdint>
#include <vector>

#include "netft/base/address.hpp"
#include "tap/checksum.hpp"
#include "tap/frame.hpp"
#include "tap/packet.hpp"
#include "tap/virtio.hpp"

namespace netft::tap::test {

using Buffer = std::vector<std::uint8_t>;

inline const MacAddress kOwnMac{{0x02, 0, 0, 0, 0, 1}};
inline const MacAddress kPeerMac{{0x02, 0, 0, 0, 0, 2}};
inline const MacAddress kBroadcast{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
inline const IpAddress kOwn4 = *IpAddress::parse("169.254.1.1");
inline const IpAddress kPeer4 = *IpAddress::parse("169.254.1.2");
inline const IpAddress kOwn6 = *IpAddress::parse("fe80::1");
inline const IpAddress kPeer6 = *IpAddress::parse("fe80::2");

inline Buffer operator+(Buffer left, const Buffer& right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

template <class Write>
Buffer built(Write write) {
    Buffer room(70'000);
    ByteWriter out(room);
    write(out);
    room.resize(out.size());
    return room;
}

inline Buffer ethernet(const MacAddress& to, const MacAddress& from, std::uint16_t type) {
    return built([&](ByteWriter& out) {
        out.bytes(to.bytes);
        out.bytes(from.bytes);
        out.u16(type);
    });
}

inline Buffer ipv4(std::uint8_t protocol, const Buffer& payload, const IpAddress& from = kOwn4,
                   const IpAddress& to = kPeer4, std::uint16_t fragment = 0) {
    return built([&](ByteWriter& out) {
        out.u16(0x4500);
        out.u16(static_cast<std::uint16_t>(20 + payload.size()));
        out.u16(7);
        out.u16(fragment);
        out.u8(64);
        out.u8(protocol);
        out.u16(0);
        out.bytes(from.bytes());
        out.bytes(to.bytes());
        out.bytes(payload);
    });
}

inline Buffer ipv6(std::uint8_t next, const Buffer& payload, const IpAddress& from = kOwn6,
                   const IpAddress& to = kPeer6, std::uint8_t hop_limit = 64) {
    return built([&](ByteWriter& out) {
        out.u32(0x6000'0000);
        out.u16(static_cast<std::uint16_t>(payload.size()));
        out.u8(next);
        out.u8(hop_limit);
        out.bytes(from.bytes());
        out.bytes(to.bytes());
        out.bytes(payload);
    });
}

// A header of 20 bytes and `size` bytes of payload.
inline Buffer tcp(std::size_t size) {
    Buffer out(20 + size, 0xab);
    out[12] = 0x50;
    return out;
}

inline Buffer udp(std::size_t size) { return Buffer(8 + size, 0xcd); }

inline Buffer frame4(const Buffer& packet) { return ethernet(kPeerMac, kOwnMac, 0x0800) + packet; }
inline Buffer frame6(const Buffer& packet) { return ethernet(kPeerMac, kOwnMac, 0x86dd) + packet; }

inline Buffer with_virtio(const VirtioHeader& header, const Buffer& frame) {
    return built([&](ByteWriter& out) { encode(header, out); }) + frame;
}

}  // namespace netft::tap::test
