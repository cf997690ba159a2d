// Blocks of a pcapng file (draft-ietf-opsawg-pcapng), little-endian, time in nanoseconds.
//
//  +---------------------------------------------------------------+
//  |  block type                                                   |
//  +---------------------------------------------------------------+
//  |  block total length                                           |
//  +---------------------------------------------------------------+
//  |  body, options; padded to 32 bits …                           |
//  +---------------------------------------------------------------+
//  |  block total length                                           |
//  +---------------------------------------------------------------+
#pragma once

#include <cstdint>
#include <string>

#include "netft/base/bytes.hpp"

namespace netft::trace::pcapng {

enum class Flow : std::uint8_t { unknown = 0, inbound = 1, outbound = 2 };

struct Packet {
    std::uint32_t interface = 0;  // place among the interface blocks written before
    std::uint64_t unix_ns = 0;
    Bytes frame;
    std::string comment;  // empty: none
    Flow flow = Flow::unknown;
};

std::string section_header(const std::string& application);
// An Ethernet interface.
std::string interface_description(const std::string& name, const std::string& description);
std::string enhanced_packet(const Packet& packet);

}  // namespace netft::trace::pcapng
