// Ethernet, IPv4/IPv6 and UDP headers for ports that have no kernel to make them. Bytes only.
//
// RFC 894, 791, 8200, 768. No VLAN tags, IP options, extension headers or fragments: a packet with
// any of these is not netft's. Sent with DF and hop limit 64.
#pragma once

#include <cstddef>
#include <cstdint>

#include "netft/base/address.hpp"
#include "netft/base/bytes.hpp"

namespace netft::dataplane {

constexpr std::size_t kHeadersMax = 14 + 40 + 8;
constexpr std::size_t headers_size(Family family) { return family == Family::ipv4 ? 42 : 62; }
// IP and UDP header: what a payload must leave free of the interface's MTU.
constexpr std::size_t ip_overhead(Family family) { return headers_size(family) - 14; }

// Who makes the checksums.
enum class PacketSums : std::uint8_t {
    complete,   // write_headers()
    by_device,  // the device: UDP's field holds the sum of the pseudo header
};

struct PacketSpec {
    MacAddress source_mac;
    MacAddress destination_mac;
    Endpoint source;
    Endpoint destination;       // of the same family
    bool is_heartbeat = false;  // marked CS6
    PacketSums sums = PacketSums::complete;
};

// Writes headers_size() bytes into `out`, which must have that room.
void write_headers(const PacketSpec& spec, Bytes payload, MutableBytes out);

enum class PacketKind : std::uint8_t {
    ours,
    other,         // not UDP to our endpoint: somebody else's, no loss
    truncated,     // ours by its headers, but shorter than they say
    bad_checksum,  // ours, but damaged
};

struct ParsedPacket {
    PacketKind kind = PacketKind::other;
    Endpoint source;
    std::size_t payload_offset = 0;
    std::size_t payload_size = 0;
};

// `local` says which endpoint is ours. `is_sum_good`: the device has verified UDP's checksum.
ParsedPacket parse_packet(Bytes frame, const Endpoint& local, bool is_sum_good = false);

}  // namespace netft::dataplane
