// Opens the two lanes of a socket port.
#pragma once

#include <array>

#include "netft/base/result.hpp"
#include "netft/dataplane/fd.hpp"
#include "netft/dataplane/socket_port.hpp"

namespace netft::dataplane {

constexpr std::size_t kLanes = 2;
constexpr std::size_t kHeartbeatLane = 0;  // and handshakes, control
constexpr std::size_t kDataLane = 1;

Result<std::array<Fd, kLanes>> open_lanes(const SocketPortSettings& settings);

}  // namespace netft::dataplane
