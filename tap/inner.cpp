// What a peer's packet may be: IPv4 or IPv6 that is none of the messages by which a host is told
// who its neighbours and routers are. Nothing in front of these hides them: not tags (which are no
// IP), not extension headers, not fragments.
#include "tap/frame.hpp"
#include "tap/packet.hpp"

namespace netft::tap {

namespace {

constexpr std::uint8_t kProtocolIgmp = 2;
constexpr std::uint8_t kIcmpRedirect = 5;
constexpr std::uint8_t kIcmpV6Nd = 133;  // router solicitation, the first of five
constexpr std::uint8_t kIcmpV6NdLast = 137;
constexpr std::uint8_t kMldFirst = 130;
constexpr std::uint8_t kMldLast = 132;
constexpr std::uint8_t kMldV2Report = 143;
constexpr std::uint16_t kDhcpServer = 67;
constexpr std::uint16_t kDhcpV6Server = 547;
constexpr std::size_t kSource4 = kEthernetHeaderSize + 12;
constexpr std::size_t kSource6 = kEthernetHeaderSize + 8;

bool is_nd(std::uint8_t type) { return type >= kIcmpV6Nd && type <= kIcmpV6NdLast; }
bool is_mld(std::uint8_t type) {
    return (type >= kMldFirst && type <= kMldLast) || type == kMldV2Report;
}

// TCP, or UDP from no DHCP server, in a header without options and in one piece, from somewhere.
bool is_plain_v4(Bytes frame) {
    if (frame.size() < kEthernetHeaderSize + kIpv4HeaderSize + 2) return false;
    const std::uint8_t* ip = frame.data() + kEthernetHeaderSize;
    if (ip[0] != 0x45 || load_big_endian<std::uint32_t>(ip + 12) == 0) return false;
    if ((load_big_endian<std::uint16_t>(ip + 6) & 0x3fff) != 0) return false;
    if (ip[9] == kProtocolTcp) return true;
    return ip[9] == kProtocolUdp && load_big_endian<std::uint16_t>(ip + 20) != kDhcpServer;
}

bool is_plain_v6(Bytes frame) {
    if (frame.size() < kEthernetHeaderSize + kIpv6HeaderSize + 2) return false;
    const std::uint8_t* ip = frame.data() + kEthernetHeaderSize;
    if (ip[0] >> 4 != 6 || ip[8] == 0) return false;  // nobody's own begins with a zero byte
    if (ip[6] == kProtocolTcp) return true;
    return ip[6] == kProtocolUdp && load_big_endian<std::uint16_t>(ip + 40) != kDhcpV6Server;
}

// By the first two bytes of a transport header that is there.
std::optional<DropReason> refuse_transport(const IpPacket& packet, Bytes transport) {
    const bool is_v4 = packet.source.is_v4();
    const std::uint8_t type = transport[0];
    const bool is_icmp = packet.protocol == (is_v4 ? kProtocolIcmp : kProtocolIcmpV6);
    if (is_icmp && (is_v4 ? type == kIcmpRedirect : is_nd(type)))
        return DropReason::frame_bad_neighbour_discovery;
    const std::uint16_t port = load_big_endian<std::uint16_t>(transport.data());
    if (packet.protocol == kProtocolUdp && port == (is_v4 ? kDhcpServer : kDhcpV6Server))
        return DropReason::frame_bad_dhcp;
    if (!packet.source.is_unspecified()) return {};
    const bool may_be_nobody = is_v4 ? packet.protocol == kProtocolIgmp : is_icmp && is_mld(type);
    if (may_be_nobody) return {};
    return DropReason::frame_bad_source_address;
}

// What is not plain: a header after the other.
std::optional<DropReason> refuse_closely(std::uint16_t type, Bytes payload) {
    if (type == kEtherArp) return DropReason::frame_bad_neighbour_discovery;
    if (type != kEtherIpv4 && type != kEtherIpv6) return DropReason::frame_bad_ethertype;
    const std::optional<IpPacket> packet = parse_ip(type, payload);
    if (!packet) return DropReason::frame_bad_packet;
    // The first piece has been looked at, or will be: nobody puts the rest together without it.
    if (packet->is_later_fragment)
        return packet->source.is_unspecified() ? std::optional(DropReason::frame_bad_source_address)
                                               : std::nullopt;
    const std::size_t end = std::min(packet->length, payload.size());
    if (packet->transport + 2 > end) {
        // Without a transport header there is nothing to be told by; but more may follow.
        const bool is_harmless = !packet->is_fragment && packet->protocol != kProtocolIcmp &&
                                 packet->protocol != kProtocolIcmpV6 &&
                                 packet->protocol != kProtocolUdp;
        if (!is_harmless) return DropReason::frame_bad_packet;
        return packet->source.is_unspecified() ? std::optional(DropReason::frame_bad_source_address)
                                               : std::nullopt;
    }
    return refuse_transport(*packet, payload.subspan(packet->transport));
}

}  // namespace

FrameKind kind_behind_ipv6(Bytes frame) {
    const std::optional<Ethernet> ethernet = parse_ethernet(frame);
    if (!ethernet) return FrameKind::other;
    const std::optional<IpPacket> packet = parse_ip(ethernet->type, ethernet->payload);
    if (!packet || packet->protocol != kProtocolIcmpV6) return FrameKind::packet;
    const std::size_t end = std::min(packet->length, ethernet->payload.size());
    if (packet->is_later_fragment || packet->transport >= end) return FrameKind::packet;
    return is_nd(ethernet->payload[packet->transport]) ? FrameKind::neighbour_discovery
                                                       : FrameKind::packet;
}

std::optional<DropReason> refuse_packet(Bytes frame) {
    if (frame.size() < kEthernetHeaderSize) return DropReason::frame_too_short;
    const std::uint16_t type = load_big_endian<std::uint16_t>(frame.data() + 12);
    if (type == kEtherIpv4 ? is_plain_v4(frame) : type == kEtherIpv6 && is_plain_v6(frame))
        return {};
    return refuse_closely(type, frame.subspan(kEthernetHeaderSize));
}

IpAddress source_of(Bytes frame) {
    if (load_big_endian<std::uint16_t>(frame.data() + 12) == kEtherIpv4)
        return IpAddress::v4(load_big_endian<std::uint32_t>(frame.data() + kSource4));
    std::array<std::uint8_t, 16> bytes;
    std::memcpy(bytes.data(), frame.data() + kSource6, bytes.size());
    return IpAddress::v6(bytes);
}

}  // namespace netft::tap
