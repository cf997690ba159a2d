#include "netft/wire/relay.hpp"

#include <algorithm>

namespace netft {

std::optional<RelayPrefix> decode_relay_prefix(Bytes payload, Bytes& rest) {
    ByteReader in(payload);
    std::uint8_t kind = in.u8();
    in.take(3);
    RelayPrefix prefix;
    prefix.node = NodeId(in.u64());
    if (!in.ok() || kind < 1 || kind > 3) return {};
    prefix.kind = static_cast<RelayKind>(kind);
    rest = in.rest();
    return prefix;
}

void encode(const RelayPrefix& prefix, ByteWriter& out) {
    out.u8(static_cast<std::uint8_t>(prefix.kind));
    out.zeros(3);
    out.u64(prefix.node.value);
}

std::optional<Reach> decode_reach(Bytes rest) {
    ByteReader in(rest);
    Reach reach;
    reach.datagram_bytes_max = in.u16();
    std::size_t count = in.u16();
    if (count > kReachNodesMax) return {};
    reach.nodes = in.take(count * 8);
    if (!in.ok()) return {};
    return reach;
}

void encode_reach(std::uint16_t datagram_bytes_max, std::span<const NodeId> nodes,
                  ByteWriter& out) {
    nodes = nodes.first(std::min(nodes.size(), kReachNodesMax));
    out.u16(datagram_bytes_max);
    out.u16(static_cast<std::uint16_t>(nodes.size()));
    for (NodeId node : nodes) out.u64(node.value);
}

NodeId node_id_of(const IpAddress& virtual_ipv6) {
    Bytes bytes = virtual_ipv6.bytes();
    return bytes.size() == 16 ? NodeId(load_big_endian<std::uint64_t>(&bytes[8])) : NodeId();
}

}  // namespace netft
