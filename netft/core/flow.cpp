#include "netft/core/flow.hpp"

namespace netft::core {

namespace {

constexpr std::size_t kMacsSize = 12;
constexpr std::uint16_t kIpv4 = 0x0800;
constexpr std::uint16_t kIpv6 = 0x86dd;
constexpr std::uint8_t kFragmentHeader = 44;

// FNV-1a over the bytes, and a last mix (MurmurHash3's) that spreads them to all bits.
std::uint64_t hash_of(Bytes addresses, std::uint64_t rest) {
    std::uint64_t h = 0xcbf29ce484222325 ^ rest;
    for (std::uint8_t byte : addresses) h = (h ^ byte) * 0x100000001b3;
    h = (h ^ (h >> 33)) * 0xff51afd7ed558ccd;
    h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53;
    return h ^ (h >> 33);
}

void read_ports(Flow& flow, Bytes payload) {
    bool is_known = flow.protocol == kProtocolTcp || flow.protocol == kProtocolUdp;
    if (!is_known || payload.size() < 4) return;
    ByteReader in(payload);
    flow.source_port = in.u16();
    flow.destination_port = in.u16();
    flow.has_ports = true;
}

void finish(Flow& flow, Bytes addresses) {
    flow.is_ip = true;
    std::uint64_t rest = std::uint64_t{flow.protocol} << 32 |
                         std::uint64_t{flow.source_port} << 16 | flow.destination_port;
    flow.hash = hash_of(addresses, rest);
}

void read_ipv4(Flow& flow, Bytes packet) {
    std::size_t header = packet.size() < 20 ? 0 : (packet[0] & 15u) * 4u;
    if (header < 20) return;
    flow.dscp = packet[1] >> 2;
    flow.protocol = packet[9];
    bool is_fragment = (packet[6] & 0x3f) != 0 || packet[7] != 0;
    if (!is_fragment && packet.size() > header) read_ports(flow, packet.subspan(header));
    finish(flow, packet.subspan(12, 8));
}

void read_ipv6(Flow& flow, Bytes packet) {
    if (packet.size() < 40) return;
    flow.dscp = static_cast<std::uint8_t>((packet[0] & 15) << 2 | packet[1] >> 6);
    flow.protocol = packet[6];
    if (flow.protocol == kFragmentHeader && packet.size() > 40)
        flow.protocol = packet[40];  // and no ports
    else
        read_ports(flow, packet.subspan(40));
    finish(flow, packet.subspan(8, 32));
}

}  // namespace

Flow flow_of(const FrameView& frame) {
    Flow flow;
    flow.bytes = frame.bytes;
    if (frame.head.size() < kMacsSize + 2) return flow;
    flow.hash = hash_of(frame.head.first(kMacsSize), 0);
    std::uint16_t type = ByteReader(frame.head.subspan(kMacsSize)).u16();
    Bytes packet = frame.head.subspan(kMacsSize + 2);
    if (type == kIpv4) read_ipv4(flow, packet);
    if (type == kIpv6) read_ipv6(flow, packet);
    return flow;
}

}  // namespace netft::core
