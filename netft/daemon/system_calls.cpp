#include "netft/daemon/system_calls.hpp"

#include <linux/bpf.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>

#include "netft/daemon/sanitizers.hpp"

namespace netft::daemon {

namespace {

constexpr std::array kAllowed{
    // Memory.
    "brk", "get_mempolicy", "madvise", "mbind", "memfd_create", "mmap", "mprotect", "mremap",
    "munmap", "set_mempolicy",
    // Threads, signals to oneself (abort), the end.
    "exit", "exit_group", "futex", "futex_time64", "get_robust_list", "getpid", "getppid", "gettid",
    "membarrier", "restart_syscall", "rseq", "rt_sigaction", "rt_sigpending", "rt_sigprocmask",
    "rt_sigreturn", "rt_sigtimedwait", "sched_get_priority_max", "sched_get_priority_min",
    "sched_getaffinity", "sched_getparam", "sched_getscheduler", "sched_setaffinity", "sched_yield",
    "set_robust_list", "set_tid_address", "sigaltstack", "tgkill",
    // What the process and the machine are. prctl: names of threads; seccomp: only ever narrower.
    "capget", "getcpu", "getegid", "geteuid", "getgid", "getgroups", "getrandom", "getresgid",
    "getresuid", "getrlimit", "getrusage", "getuid", "prctl", "prlimit64", "seccomp", "sysinfo",
    "times", "ugetrlimit", "uname",
    // Time and waiting.
    "clock_getres", "clock_gettime", "clock_gettime64", "clock_nanosleep", "epoll_create",
    "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_pwait2", "epoll_wait", "eventfd2",
    "gettimeofday", "nanosleep", "poll", "ppoll", "pselect6", "select", "signalfd4", "time",
    "timerfd_create", "timerfd_gettime", "timerfd_settime",
    // Files and descriptors. ioctl: the TAP device and interfaces.
    "_llseek", "access", "chmod", "close", "close_range", "dup", "dup2", "dup3", "faccessat",
    "faccessat2", "fallocate", "fchmod", "fchmodat", "fcntl", "fcntl64", "fdatasync", "flock",
    "fstat", "fstat64", "fstatfs", "fsync", "ftruncate", "getcwd", "getdents", "getdents64",
    "ioctl", "lseek", "lstat", "mkdir", "mkdirat", "newfstatat", "open", "openat", "pipe2",
    "pread64", "pwrite64", "read", "readlink", "readlinkat", "readv", "rename", "renameat",
    "renameat2", "rmdir", "stat", "statfs", "statx", "umask", "unlink", "unlinkat", "write",
    "writev",
    // Sockets; socket() itself below.
    "accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen",
    "recvfrom", "recvmmsg", "recvmsg", "sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown"};

// The leak detector looks at its own process from another one; reports are made by a program.
constexpr std::array kForSanitizers{
    "arch_prctl", "clone",       "clone3", "execve",           "fork",   "kill",
    "mincore",    "personality", "pipe",   "process_vm_readv", "ptrace", "sched_setscheduler",
    "vfork",      "wait4"};

constexpr std::array kFamilies{AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_UNIX};

// What libbpf needs to load a program (BTF describes its map), and who attaches it by a link.
constexpr std::array kBpfCommands{BPF_MAP_CREATE, BPF_MAP_UPDATE_ELEM,    BPF_PROG_LOAD,
                                  BPF_BTF_LOAD,   BPF_OBJ_GET_INFO_BY_FD, BPF_LINK_CREATE,
                                  BPF_MAP_FREEZE};

using Filter = std::unique_ptr<void, void (*)(scmp_filter_ctx)>;

tl::unexpected<Error> refused(const std::string& what, int error) {
    return fail_errno("system call filter: " + what, -error);
}

// False: no such call here.
Result<bool> allow(const Filter& filter, const char* name) {
    int number = seccomp_syscall_resolve_name(name);
    if (number < 0) return false;
    int rc = seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, number, 0);
    if (rc != 0 && rc != -EEXIST) return refused(name, rc);
    return true;
}

// Threads, no processes. clone3 hides its flags in memory where no filter can look: it is said not
// to exist, and the C library then uses clone.
Status allow_threads(const Filter& filter) {
    int rc = seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                              SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
    if (rc != 0) return refused("clone", rc);
    rc = seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    if (rc != 0) return refused("clone3", rc);
    return {};
}

Status allow_sockets(const Filter& filter) {
    for (int family : kFamilies) {
        int rc = seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
                                  SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(family)));
        if (rc != 0) return refused("socket", rc);
    }
    return {};
}

Status allow_xdp(const Filter& filter) {
    int rc = seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
                              SCMP_A0(SCMP_CMP_EQ, AF_XDP));
    for (auto command : kBpfCommands)
        if (rc == 0)
            rc = seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, SCMP_SYS(bpf), 1,
                                  SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(command)));
    if (rc != 0) return refused("bpf", rc);
    return {};
}

Result<std::size_t> fill(const Filter& filter, bool xdp) {
    std::size_t count = xdp ? 3 : 2;  // clone, socket; bpf
    auto add = [&](const char* name) -> Status {
        Result<bool> known = allow(filter, name);
        if (!known) return tl::unexpected(known.error());
        count += *known ? 1 : 0;
        return {};
    };
    for (const char* name : kAllowed)
        if (Status added = add(name); !added) return tl::unexpected(added.error());
    if (kHasSanitizer)
        for (const char* name : kForSanitizers)
            if (Status added = add(name); !added) return tl::unexpected(added.error());
    if (!kHasSanitizer)
        if (Status added = allow_threads(filter); !added) return tl::unexpected(added.error());
    if (Status added = allow_sockets(filter); !added) return tl::unexpected(added.error());
    if (xdp)
        if (Status added = allow_xdp(filter); !added) return tl::unexpected(added.error());
    return count;
}

}  // namespace

Result<std::size_t> filter_system_calls(FilteredThreads threads, bool xdp) {
    Filter filter(seccomp_init(SCMP_ACT_ERRNO(EPERM)), seccomp_release);
    if (!filter) return fail("system call filter: no memory");
    Result<std::size_t> count = fill(filter, xdp);
    if (!count) return count;
    // A tree rather than a list; and on kernels that would slow down all loads of a filtered
    // process in fear of foreign code inside: we run none. Both are a matter of speed only.
    (void)seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
    (void)seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_SSB, 1);
    if (threads == FilteredThreads::all)
        if (int rc = seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1); rc != 0)
            return refused("all threads", rc);
    if (int rc = seccomp_load(filter.get()); rc != 0) return refused("load", rc);
    return count;
}

}  // namespace netft::daemon
