// DPDK's environment abstraction layer, started for a guest on somebody's machine: no hugepages and
// no PCI devices unless some are asked for, no files shared with other processes, no core of its
// own.
//
// Any number of processes run side by side: with --no-shconf they have nothing in common but the
// name of an empty directory, so all use one file prefix and a killed process leaves nothing.
// Threads: control. Started once a process and before all that uses mbufs; destroyed after it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "netft/base/result.hpp"

namespace netft::dataplane {

struct EalSettings {
    // Takes one line of DPDK's log (errors only); called by any thread. Empty: to stderr.
    std::function<void(std::string_view)> log;
    unsigned memory_megabytes = 64;  // address space; what is not used is never touched
    // PCI devices to probe, by address; no other is looked at. Empty: EAL does without PCI. With
    // them, hugepages are used where enough are free.
    std::vector<std::string> pci_devices;
};

class Eal {
 public:
    static Result<Eal> start(EalSettings settings);
    ~Eal();
    // Hugepages hold the memory.
    bool has_hugepages() const { return has_hugepages_; }
    Eal(Eal&&) noexcept;
    Eal& operator=(Eal&&) noexcept;

 private:
    struct Log;
    Eal(std::unique_ptr<Log> log, bool has_hugepages);
    std::unique_ptr<Log> log_;
    bool has_hugepages_ = false;
};

// Free hugepages, in MB. `root`: for tests.
std::size_t free_huge_megabytes(const std::string& root = "/sys/kernel/mm/hugepages");

}  // namespace netft::dataplane
