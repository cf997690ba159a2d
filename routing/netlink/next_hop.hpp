// Where a datagram leaves and whom it is handed to: the kernel's answer, for ports that write
// Ethernet headers themselves.
#pragma once

#include <cstdint>

#include "netft/base/address.hpp"

namespace netft::routing {

// The kernel's neighbour states (NUD_…), DELAY and PROBE taken together.
enum class NeighbourState : std::uint8_t {
    none,  // no entry
    incomplete,
    reachable,
    stale,
    probing,
    failed,
    no_arp,
    permanent,
};

struct NextHop {
    std::uint32_t interface_index = 0;
    IpAddress address;  // the gateway, or the remote itself; scope set where link-local IPv6
    bool is_gateway = false;
    MacAddress mac;  // zero: not known; see Monitor::solicit()
    NeighbourState state = NeighbourState::none;

    // The MAC can be written into frames. A stale one too, as the kernel does (RFC 4861 §7.3.2),
    // but then solicit() so that it gets checked.
    bool is_resolved() const {
        return !mac.is_zero() && state != NeighbourState::failed &&
               state != NeighbourState::incomplete && state != NeighbourState::none;
    }

    bool operator==(const NextHop&) const = default;
};

}  // namespace netft::routing
