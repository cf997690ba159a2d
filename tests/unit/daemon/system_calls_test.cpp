#include "netft/daemon/system_calls.hpp"

#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <thread>

#include "netft/daemon/sanitizers.hpp"

using namespace netft::daemon;

namespace {

// Runs `probe` behind the filter, in a process of its own; gives the number it returns.
template <class Probe>
int behind_filter(FilteredThreads threads, Probe probe, bool xdp = false) {
    pid_t child = ::fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) ::_exit(filter_system_calls(threads, xdp) ? probe() : 255);
    int status = 0;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 254;
}

int error_of(long result) { return result < 0 ? errno : 0; }

}  // namespace

BOOST_AUTO_TEST_SUITE(system_calls)

BOOST_AUTO_TEST_CASE(of_bpf_only_what_an_af_xdp_port_needs_is_allowed_and_only_for_one) {
    auto error_of_bpf = [](int command) {
        return error_of(::syscall(SYS_bpf, command, nullptr, 0));
    };
    auto load = [&] { return error_of_bpf(BPF_PROG_LOAD); };
    auto by_id = [&] { return error_of_bpf(BPF_PROG_GET_FD_BY_ID); };
    auto socket = [] { return error_of(::socket(AF_XDP, SOCK_STREAM, 0)); };
    BOOST_TEST(behind_filter(FilteredThreads::caller, load) == EPERM);
    BOOST_TEST(behind_filter(FilteredThreads::caller, socket) == EPERM);
    BOOST_TEST(behind_filter(FilteredThreads::caller, load, true) != EPERM);
    BOOST_TEST(behind_filter(FilteredThreads::caller, socket, true) != EPERM);
    BOOST_TEST(behind_filter(FilteredThreads::caller, by_id, true) == EPERM);
}

BOOST_AUTO_TEST_CASE(what_netftd_does_not_need_is_refused) {
    if (kHasSanitizer) return;  // its run-time needs some of it
    struct Case {
        const char* name;
        int (*probe)();
    };
    const Case cases[] = {
        {"execve", [] { return error_of(::execl("/bin/true", "true", nullptr)); }},
        {"fork", [] { return error_of(::fork()); }},
        {"ptrace", [] { return error_of(::ptrace(PTRACE_TRACEME, 0, 0, 0)); }},
        {"mount", [] { return error_of(::mount("none", "/", "tmpfs", 0, nullptr)); }},
        {"unshare", [] { return error_of(::unshare(CLONE_NEWUSER)); }},
        {"bpf", [] { return error_of(::syscall(SYS_bpf, 0, nullptr, 0)); }},
        {"init_module", [] { return error_of(::syscall(SYS_init_module, nullptr, 0, "")); }},
        {"kill", [] { return error_of(::syscall(SYS_kill, ::getpid(), 0)); }},
        {"setresuid", [] { return error_of(::setresuid(1, 1, 1)); }},
        {"AF_VSOCK", [] { return error_of(::socket(AF_VSOCK, SOCK_STREAM, 0)); }},
    };
    for (const Case& c : cases)
        BOOST_TEST(behind_filter(FilteredThreads::caller, c.probe) == EPERM, c.name);
}

BOOST_AUTO_TEST_CASE(what_netftd_needs_goes_on) {
    auto probe = [] {
        int result = 0;
        std::thread([&result] {
            result = error_of(::open("/dev/null", O_RDWR | O_CLOEXEC));
        }).join();
        for (int family : {AF_INET, AF_INET6, AF_UNIX})
            result |= error_of(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        result |= error_of(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0));
        return result;
    };
    BOOST_TEST(behind_filter(FilteredThreads::caller, probe) == 0);
}

BOOST_AUTO_TEST_CASE(a_second_filter_may_cover_all_threads) {
    auto probe = [] { return filter_system_calls(FilteredThreads::all, false) ? 0 : 1; };
    BOOST_TEST(behind_filter(FilteredThreads::caller, probe) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
