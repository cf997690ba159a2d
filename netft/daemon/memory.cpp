#include "netft/daemon/memory.hpp"

#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <array>
#include <cerrno>

#include "netft/daemon/sanitizers.hpp"

namespace netft::daemon {

namespace {

constexpr std::size_t kStackBytes = 128 * 1024;
constexpr int kTrimBytes = 1 << 30;

bool may_lock_all() {
    rlimit wanted{RLIM_INFINITY, RLIM_INFINITY};
    if (::setrlimit(RLIMIT_MEMLOCK, &wanted) == 0) return true;
    rlimit limit{};
    return ::getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY;
}

}  // namespace

Status lock_memory() {
    if (kHasSanitizer) return {};                   // their shadow is larger than any machine
    (void)::mallopt(M_TRIM_THRESHOLD, kTrimBytes);  // what is free and locked stays so
    if (!may_lock_all())
        return fail("memory: not locked, its limit is finite (ulimit -l, LimitMEMLOCK=)", EPERM);
    // First what is mapped, at once; then the kind of lock for what is to come.
    if (::mlockall(MCL_CURRENT) != 0 || ::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) != 0) {
        int error = errno;
        (void)::munlockall();
        return fail_errno("memory: not locked", error);
    }
    return {};
}

void touch_stack() {
    std::array<char, kStackBytes> room;
    volatile char* bytes = room.data();
    for (std::size_t i = 0; i < room.size(); i += 1024) bytes[i] = 0;
}

}  // namespace netft::daemon
