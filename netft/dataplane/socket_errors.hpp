// The error queue of a lane: what ICMP says of datagrams that were sent.
//
// Without IP_RECVERR the kernel keeps such errors from sockets that are not connected. With it,
// the next call on the socket fails with the error (see may_be_of_another()), and the error waits
// in a queue that takes its room from the receive buffer. Anybody can send ICMP errors, so the
// queue is read in bounded steps, and who sends more than a step's worth is not listened to until
// control says so again (PortHealth).
#pragma once

#include "netft/base/result.hpp"
#include "netft/dataplane/port_health.hpp"

namespace netft::dataplane {

constexpr std::size_t kErrorsPerRead = 16;

Status hear_errors(int fd, bool is_v4, bool on);
void read_errors(int fd, bool is_v4, PortHealth& health);

}  // namespace netft::dataplane
