// rtnetlink messages as values (linux/rtnetlink.h; rtnetlink(7)). Only for routing/netlink.
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "netft/base/address.hpp"
#include "routing/netlink/next_hop.hpp"

namespace netft::routing::netlink {

struct LinkMessage {
    std::uint32_t index = 0;
    std::uint32_t master = 0;  // index of the bridge, bond, … it is a port of; 0: none
    std::uint32_t lower = 0;   // IFLA_LINK: index of what it runs over; 0: none, or not here
    std::uint32_t flags = 0;   // IFF_…
    std::uint32_t mtu = 0;
    bool of_bridge = false;   // AF_BRIDGE: says something of a bridge port, not of the link
    bool is_partial = false;  // a word of one property only (wireless events)
    std::string name;
    std::string kind;
    MacAddress mac;  // zero where the link has none of 6 bytes
};

struct AddressMessage {
    std::uint32_t index = 0;
    std::uint32_t flags = 0;        // IFA_F_…
    Prefix prefix;                  // own address; scope = index where link-local IPv6
    std::optional<IpAddress> peer;  // the other end's, where the link is point-to-point
    std::uint32_t created = 0;      // 1/100 s since boot; for order only
};

struct RouteMessage {
    std::uint32_t table = 0;
    std::uint8_t destination_length = 0;
    std::uint8_t type = 0;                  // RTN_…
    std::vector<std::uint32_t> interfaces;  // several where multipath
    std::optional<IpAddress> gateway;       // of the first; without scope
};

struct NeighbourMessage {
    std::uint32_t index = 0;
    std::optional<IpAddress> address;
    MacAddress mac;
    NeighbourState state = NeighbourState::none;
};

// nullopt: malformed, or of a family other than IPv4 and IPv6 (links: any).
std::optional<LinkMessage> parse_link(const nlmsghdr& message);
std::optional<AddressMessage> parse_address(const nlmsghdr& message);
std::optional<RouteMessage> parse_route(const nlmsghdr& message);
// The interface whose sysctls changed; negative: all of them, or what new ones get.
std::optional<std::int32_t> parse_sysctl(const nlmsghdr& message);
std::optional<NeighbourMessage> parse_neighbour(const nlmsghdr& message);

}  // namespace netft::routing::netlink
