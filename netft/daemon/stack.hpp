// The stack of a thread of this process, taken from another one: for the log, when a thread does
// not answer. The thread is interrupted by SIGUSR2 and writes down where it is; one that is
// stopped, or in a call that cannot be interrupted, does not.
#pragma once

#include <pthread.h>

#include <string>
#include <vector>

namespace netft::daemon {

// Once, before there are threads and before system calls are filtered.
void prepare_stacks();
// Innermost first, "program(function+0x12) [0x55…]" each; empty: the thread did not answer.
std::vector<std::string> stack_of(pthread_t thread);

}  // namespace netft::daemon
