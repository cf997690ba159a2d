#include "netft/wire/control.hpp"

#include <algorithm>

namespace netft {

namespace {

constexpr std::uint8_t kKindCard = 1;
constexpr std::uint8_t kKindAck = 2;
constexpr std::uint8_t kKindView = 3;
constexpr std::uint8_t kKindViewAck = 4;
constexpr std::uint8_t kControlVersion = 1;
constexpr std::uint8_t kFlagAvailable = 1;
constexpr std::uint8_t kFlagConfigured = 2;
constexpr std::uint8_t kFieldDigests = 1;
constexpr std::uint8_t kFieldClaims4 = 2;
constexpr std::uint8_t kFieldClaims6 = 3;
constexpr std::size_t kDigestSize = 4;

std::optional<IpAddress> read_address(ByteReader& in) {
    std::uint8_t family = in.u8();
    auto bytes = in.array<16>();
    if (family == 4) return IpAddress::v4({bytes[0], bytes[1], bytes[2], bytes[3]});
    if (family == 6) return IpAddress::v6(bytes);
    return {};
}

std::optional<CardEndpoint> read_endpoint(ByteReader& in) {
    auto address = read_address(in);
    if (!address) return {};
    CardEndpoint e;
    e.endpoint.address = *address;
    e.endpoint.port = in.u16();
    e.prefix_length = in.u8();
    std::uint8_t role = in.u8();
    std::uint8_t flags = in.u8();
    in.u8();
    e.metric = in.u32();
    e.mtu = in.u16();
    e.interface = in.string8();
    bool sensible = role <= 2 && e.endpoint.port != 0 && e.interface.size() <= 15 &&
                    e.prefix_length <= address->bytes().size() * 8;
    if (!in.ok() || !sensible) return {};
    e.role = static_cast<NetworkRole>(role);
    e.available = flags & kFlagAvailable;
    e.configured = flags & kFlagConfigured;
    return e;
}

void write_endpoint(const CardEndpoint& e, ByteWriter& out) {
    Bytes address = e.endpoint.address.bytes();
    out.u8(static_cast<std::uint8_t>(e.endpoint.address.family()));
    out.bytes(address);
    out.zeros(16 - address.size());
    out.u16(e.endpoint.port);
    out.u8(e.prefix_length);
    out.u8(static_cast<std::uint8_t>(e.role));
    out.u8(static_cast<std::uint8_t>((e.available ? kFlagAvailable : 0) |
                                     (e.configured ? kFlagConfigured : 0)));
    out.u8(0);
    out.u32(e.metric);
    out.u16(e.mtu);
    out.string8(e.interface);
}

void read_digests(ByteReader in, Card& card) {
    card.digests.clear();
    while (in.remaining() >= kDigestSize && card.digests.size() < kCardDigestsMax)
        card.digests.push_back(in.u32());
}

// One list for both families.
void read_claims(ByteReader in, bool is_v4, Card& card) {
    while (in.remaining() > 0 && card.claims.size() < kAddressClaimsMax) {
        AddressClaim claim;
        claim.address = is_v4 ? IpAddress::v4(in.array<4>()) : IpAddress::v6(in.array<16>());
        claim.age = in.u32();
        bool is_unicast = !claim.address.is_unspecified() && !claim.address.is_multicast();
        if (!in.ok()) return;
        if (is_unicast) card.claims.push_back(claim);
    }
}

// What stands behind the features.
void read_fields(ByteReader& in, Card& card) {
    while (in.remaining() >= 2) {
        std::uint8_t kind = in.u8();
        std::size_t length = in.u8();
        if (length > in.remaining()) return;  // of a later version, which knows what it is
        ByteReader field(in.take(length));
        if (kind == kFieldDigests) read_digests(field, card);
        if (kind == kFieldClaims4 || kind == kFieldClaims6)
            read_claims(field, kind == kFieldClaims4, card);
    }
}

// As many as a field takes, then another field.
void write_claims(const Card& card, bool is_v4, ByteWriter& out) {
    std::vector<AddressClaim> claims;
    for (const AddressClaim& claim : card.claims)
        if (claim.address.is_v4() == is_v4) claims.push_back(claim);
    const std::size_t size = is_v4 ? 8 : 20;
    const std::size_t most = 255 / size;
    for (std::size_t i = 0; i < claims.size(); ++i) {
        if (i % most == 0) {
            out.u8(is_v4 ? kFieldClaims4 : kFieldClaims6);
            out.u8(static_cast<std::uint8_t>(std::min(most, claims.size() - i) * size));
        }
        out.bytes(claims[i].address.bytes());
        out.u32(claims[i].age);
    }
}

void write_digests(const Card& card, ByteWriter& out) {
    if (card.digests.empty()) return;
    out.u8(kFieldDigests);
    out.u8(static_cast<std::uint8_t>(card.digests.size() * kDigestSize));
    for (std::uint32_t digest : card.digests) out.u32(digest);
}

void write_fields(const Card& card, ByteWriter& out) {
    write_digests(card, out);
    write_claims(card, true, out);
    write_claims(card, false, out);
}

std::optional<Card> read_card(ByteReader& in) {
    Card card;
    card.name = in.string8();
    card.ipv6 = IpAddress::v6(in.array<16>());
    card.ipv4 = IpAddress::v4(in.array<4>());
    card.mac.bytes = in.array<6>();
    card.adapter_mtu = in.u16();
    std::size_t count = in.u8();
    if (!in.ok() || card.name.empty() || card.name.size() > kNodeNameMax) return {};
    if (count > kCardEndpointsMax) return {};
    for (std::size_t i = 0; i < count; ++i) {
        auto endpoint = read_endpoint(in);
        if (!endpoint) return {};
        card.endpoints.push_back(*std::move(endpoint));
    }
    if (in.remaining() > 0) card.features = in.u8();
    read_fields(in, card);
    return card;
}

void write_card(const Card& card, ByteWriter& out) {
    out.string8(card.name);
    out.bytes(card.ipv6.bytes());
    out.bytes(card.ipv4.bytes());
    out.bytes(card.mac.bytes);
    out.u16(card.adapter_mtu);
    out.u8(static_cast<std::uint8_t>(card.endpoints.size()));
    for (const CardEndpoint& endpoint : card.endpoints) write_endpoint(endpoint, out);
    if (card.features != 0 || !card.digests.empty() || !card.claims.empty()) out.u8(card.features);
    write_fields(card, out);
}

std::uint8_t kind_of(const ControlMessage& message) {
    if (message.card) return kKindCard;
    if (message.view) return kKindView;
    return message.view_ack ? kKindViewAck : kKindAck;
}

}  // namespace

std::optional<ControlMessage> decode_control(Bytes payload) {
    ByteReader in(payload);
    std::uint8_t kind = in.u8();
    std::uint8_t version = in.u8();
    in.u16();
    ControlMessage message;
    message.serial = in.u64();
    if (!in.ok() || version != kControlVersion) return {};
    if (kind == kKindAck) return message;
    if (kind == kKindCard) message.card = read_card(in);
    if (kind == kKindView) message.view = read_view_part(in);
    if (kind == kKindViewAck) message.view_ack = in.u8();
    bool is_whole = message.card || message.view || message.view_ack;
    if (!in.ok() || !is_whole) return {};
    return message;
}

void encode(const ControlMessage& message, ByteWriter& out) {
    out.u8(kind_of(message));
    out.u8(kControlVersion);
    out.u16(0);
    out.u64(message.serial);
    if (message.card) write_card(*message.card, out);
    if (message.view) write_view_part(*message.view, out);
    if (message.view_ack) out.u8(*message.view_ack);
}

}  // namespace netft
