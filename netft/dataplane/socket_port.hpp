// The default port: kernel UDP sockets, 64 datagrams a system call. The kernel keeps ARP, ND,
// routing and the firewall.
//
// Two sockets ("lanes") share the endpoint as one SO_REUSEPORT group; a classic BPF program on the
// type of the message sends data to lane 1 and all else to lane 0, which is read first and has a
// buffer of its own, so bulk cannot starve heartbeats. Both accept any type, for GRO may append a
// heartbeat to data of the same flow. What goes out by lane 0 is marked CS6 (RFC 4594 §3.1).
// Of several workers each has a port with a data lane of its own, to which the program sends the
// data of its counter spaces; lane 0 is the first worker's.
//
// The first lane is bound before SO_REUSEPORT is set: so a second netftd cannot join the group in
// silence, the kernel says EADDRINUSE.
// Path MTU: IP_PMTUDISC_PROBE, that is DF set and ICMP not believed (anybody can send it); netft
// finds the MTU of its routes itself. Larger than the interface's MTU gives tx_too_big.
// A vanished interface, address or route gives counted drops and never ends the port.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "netft/base/result.hpp"
#include "netft/dataplane/pool.hpp"
#include "netft/dataplane/port.hpp"

namespace netft::dataplane {

struct SocketPortSettings {
    Endpoint local;         // scope = interface_index where link-local
    std::string interface;  // bound to it: takes nothing that comes in elsewhere
    std::uint32_t interface_index = 0;
    const Pools* pools = nullptr;  // of the worker that will use it; outlives the port
};

Result<std::unique_ptr<Port>> open_socket_port(const SocketPortSettings& settings);
// For several workers, each with its pools (`settings.pools` is not looked at); see shared_port.hpp
// for what still comes to the wrong one.
Result<std::vector<std::unique_ptr<Port>>> open_socket_ports(const SocketPortSettings& settings,
                                                             std::span<const Pools* const> pools);

}  // namespace netft::dataplane
