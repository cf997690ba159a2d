// What somebody says of a datagram that did not get there: an ICMP error, this host's firewall, or
// a heartbeat that shows that its source was rewritten on the way. PURE.
//
// Anybody can send ICMP errors: they explain a route that is down and decide nothing.
#pragma once

#include <cstdint>
#include <string>

#include "netft/base/address.hpp"
#include "netft/wire/heartbeat.hpp"

namespace netft::core {

struct PathError {
    enum class Kind : std::uint8_t {
        port_unreachable,  // ICMP: nobody listens there, or a firewall rejects
        prohibited,        // ICMP: a firewall or a router forbids it
        refused_here,      // EPERM or EACCES: this host's firewall, or a route that prohibits it
        rewritten,         // it came, but from `said_by`: NAT
    };
    Kind kind = Kind::port_unreachable;
    Endpoint remote;   // the peer's, as the route has it
    Endpoint said_by;  // who sent the ICMP error (no port); rewritten: where it came from
};

// The reason of a route that is down by it.
Diagnostic reason_of(PathError::Kind kind);
// "10.0.0.2 answers …", to be put behind the peer's name. `local`: the route's near end.
std::string text_of(const PathError& error, const Endpoint& local);

}  // namespace netft::core
