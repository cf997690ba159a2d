// What the kernel says of a PCI device, before DPDK is asked to take it.
#pragma once

#include <string>

#include "netft/base/result.hpp"

namespace netft::dataplane {

// Good where a driver of the kernel that DPDK works through has the device. The errors say what to
// do: it does not exist; it is no NIC; another driver has it. `root`: for tests.
Status check_pci_device(const std::string& address,
                        const std::string& root = "/sys/bus/pci/devices");

}  // namespace netft::dataplane
