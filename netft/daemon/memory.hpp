// Keeps what heartbeats need in memory: no page of ours is swapped out, or read from a disk again
// that may hang behind the very adapter that waits for it.
#pragma once

#include "netft/base/result.hpp"

namespace netft::daemon {

// Locks what is mapped, whole, and what will be from its first touch on: DPDK and threads reserve
// far more than they use. Called once, before privileges go. Fails where the limit of locked memory
// is finite and not ours to lift: an allocation would fail later, at an hour of its own choosing.
Status lock_memory();

// Touches the stack of the calling thread, so that no depth it gets to is a page fault.
void touch_stack();

}  // namespace netft::daemon
