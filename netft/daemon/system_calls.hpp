// Which system calls netftd may make once it has started: a list, enforced by the kernel (seccomp).
//
// What is not in it fails with EPERM; nothing in it starts a program, changes a mount, loads a
// module, or looks into another process. BPF only for ports of kind af_xdp, and of it only what
// loads their program and its map and attaches it. New threads are allowed, new processes are not;
// sockets only of the families netft uses. Other instruction sets of the processor (32 bit on 64)
// end the thread. The list is by name: names that an architecture or an older libseccomp does not
// know are left out.
//
// A build with a sanitizer gets the calls its run-time makes when it reports.
#pragma once

#include <cstddef>
#include <cstdint>

#include "netft/base/result.hpp"

namespace netft::daemon {

// Of whom the filter is. Threads inherit it: `caller` is enough before there are others.
enum class FilteredThreads : std::uint8_t { caller, all };

// The number of system calls that are left. Filters add up: a second call can only narrow the
// first.
Result<std::size_t> filter_system_calls(FilteredThreads threads, bool xdp);

}  // namespace netft::daemon
