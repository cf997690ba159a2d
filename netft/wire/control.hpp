// Control (type 6): the node's card, its view, and their acknowledgements.
//
//   0               1               2               3
//  +---------------+---------------+-------------------------------+
//  |  kind         | version (1)   |  reserved                     |
//  +---------------+---------------+-------------------------------+
//  |  serial (64 bits): of the card or view sent or acknowledged   |
//  +---------------------------------------------------------------+
//  |  kind 1: card · kind 2 (acknowledges a card): nothing ·       |
//  |  kind 3: part of a view (view.hpp) · kind 4 (acknowledges     |
//  |  one): number of the part (8)                                 |
//
// Card: string8 name · 16 bytes virtual IPv6 · 4 bytes virtual IPv4 · 6 bytes adapter MAC ·
// u16 adapter MTU · u8 endpoint count · endpoints. Endpoint: u8 family (4, 6) · 16 bytes address
// (IPv4 in the first four) · u16 port · u8 prefix length · u8 role · u8 flags (1 = available,
// 2 = configured) · u8 reserved · u32 metric · u16 MTU · string8 interface name. Behind the last
// endpoint: u8 features (1 = takes views, 2 = the MAC derives from its key), absent where the
// sender has none; then fields of u8 kind · u8 length · so many bytes, in order of kind. Kind 1:
// u32 digests of the sections of its configuration. Kind 2: claims to IPv4 addresses, each 4 bytes
// address · u32 age; kind 3: to IPv6 addresses, 16 bytes · u32. Other kinds, and what is no whole
// field, are left to later minor versions: ignored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "netft/base/address.hpp"
#include "netft/base/bytes.hpp"
#include "netft/wire/view.hpp"

namespace netft {

constexpr std::size_t kCardEndpointsMax = 16;
constexpr std::size_t kNodeNameMax = 63;
// A control message fits one datagram on every path that IPv6 allows (RFC 8200 §5: 1280 bytes).
constexpr std::size_t kControlBytesMax = 1280 - 48 - 16 - 16;
constexpr std::size_t kViewPartBytesMax = kControlBytesMax - 12;

enum class NetworkRole : std::uint8_t { none = 0, cluster = 1, cluster_and_client = 2 };

struct CardEndpoint {
    Endpoint endpoint;  // address without scope
    std::uint8_t prefix_length = 0;
    NetworkRole role = NetworkRole::cluster;
    bool available = true;    // false: known to the node, but not usable now
    bool configured = false;  // stands in the configuration file
    std::uint32_t metric = 0;
    std::uint16_t mtu = 0;
    std::string interface;  // at most 15 bytes (IFNAMSIZ)

    bool operator==(const CardEndpoint&) const = default;
};

constexpr std::uint8_t kFeatureViews = 1;
constexpr std::uint8_t kFeatureKeyMac = 2;
constexpr std::size_t kCardDigestsMax = 16;
constexpr std::size_t kAddressClaimsMax = 16;

// An address beyond its own that is on the node's adapter. Of two nodes that claim one address the
// one with the greater age has it: each claim's is above all that its node knew of.
struct AddressClaim {
    IpAddress address;  // without scope
    std::uint32_t age = 0;

    bool operator==(const AddressClaim&) const = default;
};

struct Card {
    std::string name;  // 1..kNodeNameMax bytes
    IpAddress ipv6;    // virtual
    IpAddress ipv4;    // virtual
    MacAddress mac;    // of the adapter
    std::uint16_t adapter_mtu = 0;
    std::vector<CardEndpoint> endpoints;  // at most kCardEndpointsMax
    std::uint8_t features = 0;            // kFeature…: what may be sent to it
    // Of the sections of its configuration (core/config_digest.hpp), at most kCardDigestsMax;
    // empty: not said.
    std::vector<std::uint32_t> digests;
    std::vector<AddressClaim> claims;  // at most kAddressClaimsMax

    bool operator==(const Card&) const = default;
};

struct ControlMessage {
    std::uint64_t serial = 0;
    // At most one of these; without any, the acknowledgement of a card.
    std::optional<Card> card = {};
    std::optional<ViewPart> view = {};
    std::optional<std::uint8_t> view_ack = {};  // the part acknowledged

    bool operator==(const ControlMessage&) const = default;
};

// nullopt: truncated, unknown kind or version, or a field out of its range.
std::optional<ControlMessage> decode_control(Bytes payload);
void encode(const ControlMessage& message, ByteWriter& out);

}  // namespace netft
