// One endpoint's ports, one for each worker of the node.
//
// A datagram belongs to one worker: data by its counter space (core::WorkerRole::owns), so that no
// replay window has two owners, all else to the first. Over kernel sockets each worker has its own
// port, and the kernel steers (socket_port.hpp); what comes to the wrong one all the same, for GRO
// may join datagrams of several workers in one buffer, is handed over. Over a device with one queue
// the first worker has it: it hands the others what is theirs and sends what they hand to it.
//
// Threads: made by control; each port is its worker's.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "netft/dataplane/pool.hpp"
#include "netft/dataplane/port.hpp"
#include "netft/dataplane/port_exchange.hpp"

namespace netft::dataplane {

// `ports`: one for each worker, or the first's only. `pools` are the workers'; they outlive the
// ports. With one worker the port itself.
Result<std::vector<std::unique_ptr<Port>>> share_port(std::vector<std::unique_ptr<Port>> ports,
                                                      std::span<const Pools* const> pools);

// What a relay brings comes in at the first worker, and belongs to whom it would belong without the
// relay. So each worker has a port at core::kRelayedEndpoint: what the first sends there is
// received by its owner, as if from Outgoing::remote.
Result<std::vector<std::unique_ptr<Port>>> make_relayed_ports(std::span<const Pools* const> pools);

}  // namespace netft::dataplane
