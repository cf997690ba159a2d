// Frames between a captured NIC and its exception TAP: all that is not netft's.
//
// The worker's, and only one port of the device uses it at a time. One system call a frame: this is
// for ARP, neighbour discovery, ICMP and an administrator's ssh, not for bulk.
#pragma once

#include <cstddef>

#include "netft/dataplane/eth_device.hpp"
#include "netft/wire/drop_reason.hpp"
#include "tap/exception_tap.hpp"

struct rte_mbuf;

namespace netft::dataplane {

class ExceptionPath {
 public:
    // How many frames of the kernel's one call takes, so that netft's own are never long in coming.
    static constexpr std::size_t kFramesMax = 32;

    // Both are borrowed.
    ExceptionPath(const tap::ExceptionTap& tap, const EthDevice& device)
        : tap_(&tap), device_(&device) {}

    // Takes the mbuf.
    void to_kernel(rte_mbuf* mbuf, DropCounters& drops) const;
    void from_kernel(DropCounters& drops) const;
    int fd() const { return tap_->fd(); }

 private:
    // nullptr: nothing waits, or no buffer is free.
    rte_mbuf* read_one(DropCounters& drops) const;

    const tap::ExceptionTap* tap_;
    const EthDevice* device_;
};

}  // namespace netft::dataplane
