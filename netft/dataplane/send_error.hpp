// What an errno of a send means. PURE.
#pragma once

#include "netft/wire/drop_reason.hpp"

namespace netft::dataplane {

// Of a single datagram.
DropReason drop_reason_of(int error);
// Of datagrams sent together by UDP_SEGMENT: a device, a driver or a kernel without it says this,
// as well as a segment that does not fit the MTU (kernels before 6.9: EINVAL). One datagram sent by
// itself tells the two apart.
bool may_be_of_segmentation(int error);
// An ICMP error for an earlier datagram is handed to whoever calls next; that call did nothing.
bool may_be_of_another(int error);
// By this host's own rules.
bool is_refusal_here(int error);

}  // namespace netft::dataplane
