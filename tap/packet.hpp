// An Ethernet frame taken apart as far as frame.hpp's functions need it. Nothing is believed that
// lies outside the bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "netft/base/address.hpp"
#include "netft/base/bytes.hpp"

namespace netft::tap {

constexpr std::uint16_t kEtherIpv4 = 0x0800;
constexpr std::uint16_t kEtherArp = 0x0806;
constexpr std::uint16_t kEtherVlan = 0x8100;
constexpr std::uint16_t kEtherIpv6 = 0x86dd;

constexpr std::uint8_t kProtocolIcmp = 1;
constexpr std::uint8_t kProtocolTcp = 6;
constexpr std::uint8_t kProtocolUdp = 17;
constexpr std::uint8_t kProtocolIcmpV6 = 58;

constexpr std::size_t kIpv4HeaderSize = 20;  // without options
constexpr std::size_t kIpv6HeaderSize = 40;

struct Ethernet {
    MacAddress destination;
    MacAddress source;
    std::uint16_t type = 0;
    Bytes payload;
};
// The frame as it stands: a VLAN tag is a type like any other. nullopt: too short.
std::optional<Ethernet> parse_ethernet(Bytes frame);
// Takes one VLAN tag off the type and the payload, if there is one. False: cut in the tag.
bool skip_vlan_tag(Ethernet& frame);

struct IpPacket {
    IpAddress source;
    IpAddress destination;
    std::size_t length = 0;  // header and payload, as the header says; may exceed the bytes
    std::uint8_t hop_limit = 0;
    std::uint8_t protocol = 0;       // of the transport header, behind IPv6 extension headers
    std::size_t transport = 0;       // its offset in the packet; bytes there need not exist
    bool is_fragment = false;        // one of several
    bool is_later_fragment = false;  // not the first, so without a transport header
};
// nullopt: neither IPv4 nor IPv6 by `type`, contradictory, cut within its IP headers, or with more
// extension headers than anybody sends.
std::optional<IpPacket> parse_ip(std::uint16_t type, Bytes packet);

}  // namespace netft::tap
