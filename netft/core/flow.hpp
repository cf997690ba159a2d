// What of a frame decides which routes carry it: DSCP, size, protocol and ports, and a hash of the
// flow it belongs to.
//
// PURE, no allocation. IPv4 (RFC 791), IPv6 (RFC 8200) without extension headers but the fragment
// header; all else is one flow for each pair of MAC addresses. Fragments have no ports: all those
// of one packet are of one flow.
#pragma once

#include <cstddef>
#include <cstdint>

#include "netft/base/bytes.hpp"

namespace netft::core {

constexpr std::uint8_t kProtocolTcp = 6;
constexpr std::uint8_t kProtocolUdp = 17;

struct FrameView {
    Bytes head;             // its first bytes, Ethernet header first
    std::size_t bytes = 0;  // of all of it
};

struct Flow {
    std::size_t bytes = 0;  // of the frame
    std::uint64_t hash = 0;
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    std::uint8_t protocol = 0;  // IP's
    std::uint8_t dscp = 0;      // 0..63
    bool is_ip = false;
    bool has_ports = false;  // TCP or UDP, not a fragment
};

Flow flow_of(const FrameView& frame);

}  // namespace netft::core
