// Tells that this virtual machine goes on from a snapshot, or as one copy of several: the kernel
// says so by a uevent (NEW_VMGENID, drivers/virt/vmgenid.c) where the hypervisor has such a device.
//
// Threads: control only.
#pragma once

#include "netft/base/bytes.hpp"

namespace netft::daemon {

class MachineWatch {
 public:
    MachineWatch() = default;
    ~MachineWatch();
    MachineWatch(const MachineWatch&) = delete;
    MachineWatch& operator=(const MachineWatch&) = delete;

    // False: the kernel has no such events, or none for us.
    bool open();
    int fd() const { return fd_; }  // -1: not open
    // Reads what is there. True: the machine was restored.
    bool handle_ready();

 private:
    int fd_ = -1;
};

// Of one uevent: strings that each end with a zero byte.
bool tells_of_restore(Bytes event);

}  // namespace netft::daemon
