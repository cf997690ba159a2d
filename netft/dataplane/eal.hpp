// DPDK's environment abstraction layer, started for a guest on somebody's machine: no hugepages, no
// PCI devices, no files shared with other processes, no core of its own.
//
// Any number of processes run side by side: with --no-shconf they have nothing in common but the
// name of an empty directory, so all use one file prefix and a killed process leaves nothing.
// Threads: control. Started once a process and before all that uses mbufs; destroyed after it.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "netft/base/result.hpp"

namespace netft::dataplane {

struct EalSettings {
    // Takes one line of DPDK's log (errors only); called by any thread. Empty: to stderr.
    std::function<void(std::string_view)> log;
    unsigned memory_megabytes = 64;  // address space; what is not used is never touched
};

class Eal {
 public:
    static Result<Eal> start(EalSettings settings);
    ~Eal();
    Eal(Eal&&) noexcept;
    Eal& operator=(Eal&&) noexcept;

 private:
    struct Log;
    explicit Eal(std::unique_ptr<Log> log);
    std::unique_ptr<Log> log_;
};

}  // namespace netft::dataplane
