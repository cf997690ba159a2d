// ARP requests (RFC 826) and neighbour solicitations (RFC 4861 §4.3), answered in the peer's place,
// and what is said without having been asked.
#include "tap/checksum.hpp"
#include "tap/frame.hpp"
#include "tap/packet.hpp"
#include "tap/virtio.hpp"

namespace netft::tap {

namespace {

constexpr std::uint16_t kArpEthernet = 1;
constexpr std::uint16_t kArpRequest = 1;
constexpr std::uint16_t kArpReply = 2;

constexpr std::uint8_t kNeighbourSolicitation = 135;
constexpr std::uint8_t kNeighbourAdvertisement = 136;
constexpr std::uint32_t kSolicitedOverride = 0x6000'0000;
constexpr std::uint32_t kOverride = 0x2000'0000;
constexpr MacAddress kAllNodesMac{{0x33, 0x33, 0, 0, 0, 1}};
IpAddress all_nodes() {
    return IpAddress::v6({0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
}
constexpr std::uint8_t kTargetLinkLayerAddress = 2;
constexpr std::uint16_t kAdvertisementSize = 32;  // with the option
constexpr std::uint8_t kNdHopLimit = 255;

struct Solicitation {
    MacAddress asker_mac;
    IpAddress asker;
    IpAddress target;
};

std::optional<Solicitation> parse_arp_request(const Ethernet& frame) {
    ByteReader in(frame.payload);
    const bool is_request = in.u16() == kArpEthernet && in.u16() == kEtherIpv4 && in.u8() == 6 &&
                            in.u8() == 4 && in.u16() == kArpRequest;
    Solicitation out;
    out.asker_mac.bytes = in.array<6>();
    out.asker = IpAddress::v4(in.array<4>());
    in.take(6);
    out.target = IpAddress::v4(in.array<4>());
    if (!is_request || !in.ok() || out.asker_mac.is_multicast()) return {};
    if (out.asker == out.target) return {};
    return out;
}

// RFC 4861 §7.1.1: an option of length 0 or cut short spoils the whole message.
bool are_options_whole(Bytes options) {
    ByteReader in(options);
    while (in.remaining() > 0) {
        in.u8();
        const std::size_t size = std::size_t{in.u8()} * 8;
        if (size == 0) return false;
        in.take(size - 2);
        if (!in.ok()) return false;
    }
    return true;
}

// The ICMPv6 message of an ND packet, its type first; empty: it is none.
Bytes nd_message(const Ethernet& frame, const IpPacket& packet) {
    if (packet.protocol != kProtocolIcmpV6 || packet.is_fragment) return {};
    if (packet.length > frame.payload.size() || packet.length <= packet.transport) return {};
    Bytes message = frame.payload.first(packet.length).subspan(packet.transport);
    const bool is_nd =
        message[0] == kNeighbourSolicitation || message[0] == kNeighbourAdvertisement;
    return is_nd ? message : Bytes{};
}

// The checksum is not verified: the frame comes from this machine's kernel, which may leave it
// to be computed later.
std::optional<Solicitation> parse_neighbour_solicitation(const Ethernet& frame) {
    const std::optional<IpPacket> packet = parse_ip(frame.type, frame.payload);
    if (!packet || packet->hop_limit != kNdHopLimit) return {};
    ByteReader in(nd_message(frame, *packet));
    const bool is_solicitation = in.u8() == kNeighbourSolicitation && in.u8() == 0;
    in.take(6);
    Solicitation out;
    out.target = IpAddress::v6(in.array<16>());
    out.asker = packet->source;
    out.asker_mac = frame.source;
    if (!is_solicitation || !in.ok() || !are_options_whole(in.rest())) return {};
    if (out.asker.is_multicast()) return {};
    if (out.target.is_multicast() || out.asker_mac.is_multicast()) return {};
    return out;
}

std::optional<Solicitation> parse_solicitation(Bytes bytes) {
    const std::optional<Ethernet> frame = parse_ethernet(bytes);
    if (!frame) return {};
    if (frame->type == kEtherArp) return parse_arp_request(*frame);
    if (frame->type == kEtherIpv6) return parse_neighbour_solicitation(*frame);
    return {};
}

void write_ethernet(const MacAddress& to, const MacAddress& from, std::uint16_t type,
                    ByteWriter& out) {
    encode(VirtioHeader{}, out);
    out.bytes(to.bytes);
    out.bytes(from.bytes);
    out.u16(type);
}

// From `sender` to `target`, as the fields of RFC 826 are called.
void write_arp_reply(const NetworkIdentity& sender, const NetworkIdentity& target,
                     ByteWriter& out) {
    out.u16(kArpEthernet);
    out.u16(kEtherIpv4);
    out.u8(6);
    out.u8(4);
    out.u16(kArpReply);
    out.bytes(sender.mac.bytes);
    out.bytes(sender.address.bytes());
    out.bytes(target.mac.bytes);
    out.bytes(target.address.bytes());
}

// The ICMPv6 message of RFC 4861 §4.4 with its target link-layer address option.
void write_advertisement_body(const Solicitation& asked, const MacAddress& owner,
                              std::uint16_t checksum, ByteWriter& out) {
    out.u8(kNeighbourAdvertisement);
    out.u8(0);
    out.u16(checksum);
    out.u32(asked.asker.is_multicast() ? kOverride : kSolicitedOverride);
    out.bytes(asked.target.bytes());
    out.u8(kTargetLinkLayerAddress);
    out.u8(1);
    out.bytes(owner.bytes);
}

void write_advertisement(const Solicitation& probed, const MacAddress& owner, ByteWriter& out) {
    // RFC 4861 §7.2.4: who has no address yet is told with all nodes, unsolicited.
    Solicitation asked = probed;
    const bool is_probe = probed.asker.is_unspecified();
    if (is_probe) asked.asker = all_nodes();
    if (is_probe) asked.asker_mac = kAllNodesMac;
    write_ethernet(asked.asker_mac, owner, kEtherIpv6, out);
    out.u32(0x6000'0000);
    out.u16(kAdvertisementSize);
    out.u8(kProtocolIcmpV6);
    out.u8(kNdHopLimit);
    out.bytes(asked.target.bytes());
    out.bytes(asked.asker.bytes());

    std::array<std::uint8_t, kAdvertisementSize> body{};
    ByteWriter draft(body);
    write_advertisement_body(asked, owner, 0, draft);
    Checksum sum;
    sum.add_pseudo_header(asked.target, asked.asker, kAdvertisementSize, kProtocolIcmpV6).add(body);
    write_advertisement_body(asked, owner, sum.value(), out);
}

}  // namespace

std::optional<IpAddress> solicited_address(Bytes frame) {
    const std::optional<Solicitation> asked = parse_solicitation(frame);
    if (!asked) return {};
    return asked->target;
}

Bytes answer_solicitation(Bytes frame, const MacAddress& owner, AnswerBuffer& out) {
    const std::optional<Solicitation> asked = parse_solicitation(frame);
    if (!asked) return {};
    ByteWriter writer(out);
    if (asked->target.is_v4()) {
        write_ethernet(asked->asker_mac, owner, kEtherArp, writer);
        write_arp_reply({owner, asked->target}, {asked->asker_mac, asked->asker}, writer);
    } else {
        write_advertisement(*asked, owner, writer);
    }
    return writer.written();
}

Bytes announce(const NetworkIdentity& peer, const NetworkIdentity& own, AnswerBuffer& out) {
    ByteWriter writer(out);
    if (peer.address.is_v4()) {
        // Gratuitous: it counts even where the entry was changed within the last second, which is
        // Linux's "locktime" for other replies.
        write_ethernet(own.mac, peer.mac, kEtherArp, writer);
        write_arp_reply(peer, peer, writer);
    } else {
        // As if asked: the kernel may be set to drop unsolicited advertisements.
        write_advertisement({own.mac, own.address, peer.address}, peer.mac, writer);
    }
    return writer.written();
}

}  // namespace netft::tap
