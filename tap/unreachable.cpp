// What a program on this machine is told at once when its peer cannot be reached, so that it need
// not wait for a time-out: ICMP (RFC 792) or ICMPv6 (RFC 4443) in the peer's name.
#include "netft/base/assert.hpp"
#include "tap/checksum.hpp"
#include "tap/frame.hpp"
#include "tap/packet.hpp"
#include "tap/virtio.hpp"

namespace netft::tap {

namespace {

constexpr std::size_t kIcmpHeaderSize = 8;
constexpr std::size_t kIcmpPacketMax = 576;     // RFC 1812 §4.3.2.3
constexpr std::size_t kIcmpV6PacketMax = 1280;  // RFC 4443 §3.1: as much as fits the minimum MTU
constexpr std::uint8_t kIcmpUnreachable = 3;
constexpr std::uint8_t kIcmpHost = 1;
constexpr std::uint8_t kIcmpV6Unreachable = 1;
constexpr std::uint8_t kIcmpV6Address = 3;
constexpr std::uint8_t kIcmpV6FirstInformational = 128;
constexpr std::uint8_t kIcmpV6Redirect = 137;
constexpr std::uint8_t kHopLimit = 64;
constexpr std::uint8_t kInternetControl = 0xc0;  // RFC 1812 §4.3.2.5
constexpr std::uint16_t kDontFragment = 0x4000;

// Only to questions: errors must get no answer, and what an unknown type is nobody knows.
bool is_icmp_query(std::uint8_t type) {
    return type == 0 || type == 8 || (type >= 13 && type <= 18);
}

bool is_icmpv6_question(std::uint8_t type) {
    return type >= kIcmpV6FirstInformational && type != kIcmpV6Redirect;
}

bool is_single_host(const IpAddress& address) {
    if (address.is_unspecified() || address.is_multicast()) return false;
    // 240.0.0.0/4, the limited broadcast address among it, is nobody's.
    return !address.is_v4() || address.v4_value() < 0xf000'0000;
}

bool may_answer(const Ethernet& frame, const IpPacket& packet) {
    if (frame.destination.is_multicast() || frame.source.is_multicast()) return false;
    if (!is_single_host(packet.source) || !is_single_host(packet.destination)) return false;
    if (packet.source.is_loopback() || packet.is_later_fragment) return false;
    const std::uint8_t icmp = packet.source.is_v4() ? kProtocolIcmp : kProtocolIcmpV6;
    if (packet.protocol != icmp) return true;
    ByteReader in(frame.payload.subspan(packet.transport));
    const std::uint8_t type = in.u8();
    if (!in.ok()) return false;
    return packet.source.is_v4() ? is_icmp_query(type) : is_icmpv6_question(type);
}

void write_ipv4_header(const IpPacket& about, std::size_t length, std::uint16_t checksum,
                       ByteWriter& out) {
    out.u8(0x45);
    out.u8(kInternetControl);
    out.u16(static_cast<std::uint16_t>(length));
    out.u16(0);
    out.u16(kDontFragment);
    out.u8(kHopLimit);
    out.u8(kProtocolIcmp);
    out.u16(checksum);
    out.bytes(about.destination.bytes());
    out.bytes(about.source.bytes());
}

void write_ipv4(const IpPacket& about, std::size_t length, ByteWriter& out) {
    std::array<std::uint8_t, kIpv4HeaderSize> header{};
    ByteWriter draft(header);
    write_ipv4_header(about, length, 0, draft);
    write_ipv4_header(about, length, Checksum().add(header).value(), out);
}

void write_ipv6(const IpPacket& about, std::size_t length, ByteWriter& out) {
    out.u32(0x6000'0000);
    out.u16(static_cast<std::uint16_t>(length - kIpv6HeaderSize));
    out.u8(kProtocolIcmpV6);
    out.u8(kHopLimit);
    out.bytes(about.destination.bytes());
    out.bytes(about.source.bytes());
}

void write_icmp(const IpPacket& about, Bytes quote, ByteWriter& out) {
    const bool is_v4 = about.source.is_v4();
    const std::uint8_t type = is_v4 ? kIcmpUnreachable : kIcmpV6Unreachable;
    const std::uint8_t code = is_v4 ? kIcmpHost : kIcmpV6Address;
    Checksum sum;
    if (!is_v4) {
        const std::size_t length = kIcmpHeaderSize + quote.size();
        sum.add_pseudo_header(about.destination, about.source, static_cast<std::uint32_t>(length),
                              kProtocolIcmpV6);
    }
    sum.add(std::uint32_t{type} << 8 | code).add(quote);
    out.u8(type);
    out.u8(code);
    out.u16(sum.value());
    out.u32(0);
    out.bytes(quote);
}

}  // namespace

Bytes answer_unreachable(Bytes bytes, const MacAddress& peer_mac, AnswerBuffer& out) {
    const std::optional<Ethernet> frame = parse_ethernet(bytes);
    if (!frame) return {};
    const std::optional<IpPacket> packet = parse_ip(frame->type, frame->payload);
    if (!packet || !may_answer(*frame, *packet)) return {};

    const bool is_v4 = packet->source.is_v4();
    const std::size_t headers = (is_v4 ? kIpv4HeaderSize : kIpv6HeaderSize) + kIcmpHeaderSize;
    const std::size_t room = (is_v4 ? kIcmpPacketMax : kIcmpV6PacketMax) - headers;
    Bytes quote = frame->payload.first(std::min(frame->payload.size(), packet->length));
    quote = quote.first(std::min(quote.size(), room));

    ByteWriter writer(out);
    encode(VirtioHeader{}, writer);
    writer.bytes(frame->source.bytes);
    writer.bytes(peer_mac.bytes);
    writer.u16(frame->type);
    if (is_v4) {
        write_ipv4(*packet, headers + quote.size(), writer);
    } else {
        write_ipv6(*packet, headers + quote.size(), writer);
    }
    write_icmp(*packet, quote, writer);
    NETFT_ASSERT(writer.ok());
    return writer.written();
}

}  // namespace netft::tap
