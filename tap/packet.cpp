#include "tap/packet.hpp"

namespace netft::tap {

namespace {

constexpr int kExtensionHeadersMax = 8;

constexpr std::uint8_t kHopByHop = 0;
constexpr std::uint8_t kRouting = 43;
constexpr std::uint8_t kFragment = 44;
constexpr std::uint8_t kDestinationOptions = 60;

std::optional<IpPacket> parse_ipv4(Bytes bytes) {
    ByteReader in(bytes);
    const std::uint8_t version = in.u8();
    in.u8();  // type of service
    IpPacket packet;
    packet.length = in.u16();
    in.u16();  // identification
    const std::uint16_t fragment = in.u16();
    packet.hop_limit = in.u8();
    packet.protocol = in.u8();
    in.u16();  // checksum
    packet.source = IpAddress::v4(in.array<4>());
    packet.destination = IpAddress::v4(in.array<4>());
    packet.transport = static_cast<std::size_t>(version & 0x0f) * 4;
    packet.is_later_fragment = (fragment & 0x1fff) != 0;
    packet.is_fragment = (fragment & 0x3fff) != 0;  // offset or "more fragments"
    if (!in.ok() || version >> 4 != 4 || packet.transport < kIpv4HeaderSize) return {};
    if (packet.transport > bytes.size() || packet.length < packet.transport) return {};
    return packet;
}

// True: `packet` now points behind one more extension header, read from `in`.
bool skip_extension(ByteReader& in, IpPacket& packet) {
    const std::uint8_t kind = packet.protocol;
    packet.protocol = in.u8();
    const std::uint8_t length = in.u8();
    if (kind == kFragment) {
        const std::uint16_t offset = in.u16();
        in.take(4);
        packet.is_later_fragment = offset >> 3 != 0;
        packet.is_fragment = packet.is_later_fragment || (offset & 1) != 0;
        packet.transport += 8;
    } else {
        in.take(6 + std::size_t{length} * 8);
        packet.transport += 8 + std::size_t{length} * 8;
    }
    return in.ok();
}

bool is_extension(std::uint8_t header) {
    return header == kHopByHop || header == kRouting || header == kFragment ||
           header == kDestinationOptions;
}

std::optional<IpPacket> parse_ipv6(Bytes bytes) {
    ByteReader in(bytes);
    const std::uint32_t version = in.u32();
    IpPacket packet;
    packet.length = kIpv6HeaderSize + in.u16();
    packet.protocol = in.u8();
    packet.hop_limit = in.u8();
    packet.source = IpAddress::v6(in.array<16>());
    packet.destination = IpAddress::v6(in.array<16>());
    packet.transport = kIpv6HeaderSize;
    if (!in.ok() || version >> 28 != 6) return {};
    for (int i = 0; is_extension(packet.protocol) && !packet.is_later_fragment; ++i) {
        if (i == kExtensionHeadersMax || !skip_extension(in, packet)) return {};
    }
    return packet;
}

}  // namespace

std::optional<Ethernet> parse_ethernet(Bytes frame) {
    ByteReader in(frame);
    Ethernet out;
    out.destination.bytes = in.array<6>();
    out.source.bytes = in.array<6>();
    out.type = in.u16();
    out.payload = in.rest();
    if (!in.ok()) return {};
    return out;
}

bool skip_vlan_tag(Ethernet& frame) {
    if (frame.type != kEtherVlan) return true;
    ByteReader in(frame.payload);
    in.u16();  // priority and VLAN
    frame.type = in.u16();
    frame.payload = in.rest();
    return in.ok();
}

std::optional<IpPacket> parse_ip(std::uint16_t type, Bytes packet) {
    if (type == kEtherIpv4) return parse_ipv4(packet);
    if (type == kEtherIpv6) return parse_ipv6(packet);
    return {};
}

}  // namespace netft::tap
