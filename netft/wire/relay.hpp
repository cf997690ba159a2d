// Relay (type 7): a datagram between two nodes that do not reach each other, by way of a third.
//
//   0               1               2               3
//  +---------------+-----------------------------------------------+
//  |  kind         |  reserved (24 bits)                           |
//  +---------------+-----------------------------------------------+
//  |                                                               |
//  +  node (64 bits)                                               +
//  |                                                               |
//  +---------------------------------------------------------------+
//  |  kind 1, 2: a whole datagram of another type                  |
//  |  kind 3: u16 bytes of the longest datagram · u16 count ·      |
//  |          count × node (64 bits)                               |
//
// Kind 1, forward: from the origin to the relay; `node` is the target. Kind 2, forwarded: from the
// relay to the target; `node` is the origin. Kind 3, reach: whom the sender relays to, because it
// reaches them directly; `node` is 0. The datagram inside is sealed by its two ends: the relay can
// neither read nor change it. Kind 2 is never passed on: one hop, so no loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "netft/base/address.hpp"
#include "netft/base/bytes.hpp"
#include "netft/base/ids.hpp"

namespace netft {

constexpr std::size_t kRelayPrefixSize = 12;
// As a heartbeat's header flag: the sender relays, and takes what is relayed.
constexpr std::uint8_t kFlagRelays = 0x01;
// What a reach message names at most: it fits one datagram on every path that IPv6 allows.
constexpr std::size_t kReachNodesMax = 140;

enum class RelayKind : std::uint8_t { forward = 1, forwarded = 2, reach = 3 };

struct RelayPrefix {
    RelayKind kind = RelayKind::forward;
    NodeId node;

    bool operator==(const RelayPrefix&) const = default;
};

// The prefix, `rest` is what is behind it. nullopt: truncated or of an unknown kind.
std::optional<RelayPrefix> decode_relay_prefix(Bytes payload, Bytes& rest);
void encode(const RelayPrefix& prefix, ByteWriter& out);

// What is behind the prefix of kind 3.
struct Reach {
    std::uint16_t datagram_bytes_max = 0;  // UDP payload that its own datagrams have at most
    std::span<const std::uint8_t> nodes;   // borrowed; 8 bytes each

    std::size_t count() const { return nodes.size() / 8; }
    NodeId node(std::size_t i) const {
        return NodeId(load_big_endian<std::uint64_t>(&nodes[i * 8]));
    }
};

// nullopt: truncated, or more than kReachNodesMax. Bytes behind are left to later versions.
std::optional<Reach> decode_reach(Bytes rest);
// At most kReachNodesMax of `nodes` are written.
void encode_reach(std::uint16_t datagram_bytes_max, std::span<const NodeId> nodes, ByteWriter& out);

// How the wire calls a node: the interface identifier of its virtual IPv6 address, which is derived
// from its key and which no other node of the cluster has.
NodeId node_id_of(const IpAddress& virtual_ipv6);

}  // namespace netft
