// Opens the lanes of an endpoint's socket ports.
#pragma once

#include <array>
#include <vector>

#include "netft/base/result.hpp"
#include "netft/dataplane/fd.hpp"
#include "netft/dataplane/socket_port.hpp"

namespace netft::dataplane {

constexpr std::size_t kLanes = 2;          // of the first worker; the others have one for data
constexpr std::size_t kHeartbeatLane = 0;  // and handshakes, control
constexpr std::size_t kDataLane = 1;

// One for heartbeats, then one for each worker's data.
Result<std::vector<Fd>> open_lanes(const SocketPortSettings& settings, std::size_t workers);

// What is sent from the endpoint's port + 1, + 2, …: two sockets each, as for the first. They keep
// nothing of what is sent to them.
using SourceLanes = std::vector<std::array<Fd, kLanes>>;
Result<SourceLanes> open_source_lanes(const SocketPortSettings& settings, std::size_t count);

}  // namespace netft::dataplane
