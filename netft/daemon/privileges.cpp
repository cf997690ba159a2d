#include "netft/daemon/privileges.hpp"

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "netft/daemon/sanitizers.hpp"
#include "netft/daemon/system_calls.hpp"

namespace netft::daemon {

namespace {

constexpr std::uint16_t kPrivilegedPorts = 1024;  // below: CAP_NET_BIND_SERVICE

constexpr std::uint64_t bit(int capability) { return std::uint64_t{1} << capability; }

constexpr std::array<std::pair<int, const char*>, 5> kKept{{
    {CAP_NET_ADMIN, "CAP_NET_ADMIN"},
    {CAP_NET_RAW, "CAP_NET_RAW"},
    {CAP_NET_BIND_SERVICE, "CAP_NET_BIND_SERVICE"},
    {CAP_BPF, "CAP_BPF"},
    {CAP_IPC_LOCK, "CAP_IPC_LOCK"},
}};

Result<std::uint64_t> permitted() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, 2> data{};
    if (::syscall(SYS_capget, &header, data.data()) != 0) return fail_errno("capget", errno);
    return std::uint64_t{data[1].permitted} << 32 | data[0].permitted;
}

// `has`: what we may use now, which is never less. Where there is nothing to give up, a system that
// refuses even that (the unit's own filter) is right enough.
Status set_capabilities(std::uint64_t wanted, std::uint64_t has) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, 2> data{};
    for (std::size_t i = 0; i < data.size(); ++i)
        data[i].permitted = data[i].effective = static_cast<std::uint32_t>(wanted >> (32 * i));
    if (::syscall(SYS_capset, &header, data.data()) == 0 || wanted == has) return {};
    return fail_errno("capset", errno);
}

std::optional<User> look_up(const std::string& wanted) {
    uid_t number = 0;
    const char* end = wanted.data() + wanted.size();
    auto [rest, error] = std::from_chars(wanted.data(), end, number);
    bool is_number = error == std::errc() && rest == end;
    std::vector<char> buffer(64 * 1024);
    passwd entry{};
    passwd* found = nullptr;
    if (is_number)
        ::getpwuid_r(number, &entry, buffer.data(), buffer.size(), &found);
    else
        ::getpwnam_r(wanted.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (found != nullptr) return User{entry.pw_name, entry.pw_uid, entry.pw_gid};
    if (is_number) return User{wanted, number, static_cast<gid_t>(number)};
    return {};
}

User current_user() {
    User self = look_up(std::to_string(::geteuid())).value_or(User{});
    self.uid = ::geteuid();
    self.gid = ::getegid();
    return self;
}

bool may_change_user() {
    Result<std::uint64_t> has = permitted();
    std::uint64_t needed = bit(CAP_SETUID) | bit(CAP_SETGID);
    return ::geteuid() == 0 && has && (*has & needed) == needed;
}

Status check_one_thread() {
    std::error_code error;
    std::filesystem::directory_iterator tasks("/proc/self/task", error);
    if (error || kHasSanitizer) return {};  // no /proc: nothing to be seen
    if (std::distance(tasks, {}) == 1) return {};
    return fail("privileges: dropped too late: there are threads already");
}

// Needs CAP_SETPCAP; without it the set is what whoever started us has left in it.
Status empty_bounding_set() {
    for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability)
        if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) return fail_errno("capbset", errno);
    return {};
}

Status change_user(const User& user) {
    // Else the kernel takes all capabilities away with the user.
    if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return fail_errno("keepcaps", errno);
    if (::initgroups(user.name.c_str(), user.gid) != 0) return fail_errno("initgroups", errno);
    if (::setresgid(user.gid, user.gid, user.gid) != 0) return fail_errno("setresgid", errno);
    if (::setresuid(user.uid, user.uid, user.uid) != 0) return fail_errno("setresuid", errno);
    if (::prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) != 0) return fail_errno("keepcaps", errno);
    return {};
}

// XDP sockets lock the memory they share with the kernel.
bool lift_lock_limit() {
    rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
    return ::setrlimit(RLIMIT_MEMLOCK, &unlimited) == 0;
}

std::uint64_t wanted_capabilities(const Needs& needs) {
    std::uint64_t wanted = bit(CAP_NET_ADMIN) | bit(CAP_NET_RAW);
    if (needs.lowest_port < kPrivilegedPorts) wanted |= bit(CAP_NET_BIND_SERVICE);
    if (needs.xdp) wanted |= bit(CAP_BPF);
    if ((needs.xdp || needs.pci) && !lift_lock_limit()) wanted |= bit(CAP_IPC_LOCK);
    return wanted;
}

bool holds_only(const std::string& path, const std::vector<std::string>& ours) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(path, error))
        if (std::find(ours.begin(), ours.end(), entry.path().filename()) == ours.end())
            return false;
    return !error;
}

}  // namespace

Result<User> find_user(const std::string& wanted) {
    User self = current_user();
    if (wanted.empty() && !may_change_user()) return self;
    std::optional<User> found = look_up(wanted.empty() ? kDefaultUser : wanted);
    if (!found && wanted.empty()) return self;
    if (!found) return fail("user " + wanted + ": there is no such user");
    if (found->uid == self.uid) return self;
    if (!may_change_user())
        return fail("user " + wanted + ": only root, with CAP_SETUID and CAP_SETGID, may change",
                    EPERM);
    found->is_other = true;
    return *found;
}

Status give_run_directories(const std::string& socket, const std::string& run_dir,
                            const User& user) {
    std::filesystem::path socket_file(socket);
    const std::vector<std::string> ours{socket_file.filename(), "hosts", "hosts.new", "dpdk"};
    std::error_code error;
    std::filesystem::create_directories(run_dir, error);
    if (error) return fail(run_dir + ": " + error.message(), error.value());
    // DPDK makes a directory there; without, and not root, in /tmp.
    if (user.uid != 0) ::setenv("RUNTIME_DIRECTORY", run_dir.c_str(), 0);
    if (!user.is_other) return {};
    for (const std::string& path : {run_dir, socket_file.parent_path().string()})
        if (holds_only(path, ours) && ::lchown(path.c_str(), user.uid, user.gid) != 0)
            return fail_errno(path, errno);
    return {};
}

Result<Privileges> drop_privileges(const User& user, const Needs& needs) {
    Privileges out{.user = user};
    Result<std::uint64_t> has = permitted();
    if (!has) return tl::unexpected(has.error());
    std::uint64_t kept = *has & wanted_capabilities(needs);
    auto drop = [&]() -> Status {
        if (auto done = check_one_thread(); !done) return done;
        if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail_errno("no_new_privs", errno);
        if ((*has & bit(CAP_SETPCAP)) != 0)
            if (auto done = empty_bounding_set(); !done) return done;
        if (user.is_other)
            if (auto done = change_user(user); !done) return done;
        (void)::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
        return set_capabilities(kept, *has);
    };
    if (auto done = drop(); !done) return with_context("privileges", done.error());
    // A dump of our memory holds keys. (A change of user has done it already; the unit makes none.)
    if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return fail_errno("dumpable", errno);
    Result<std::size_t> calls = filter_system_calls(FilteredThreads::caller, needs.xdp);
    if (!calls) return tl::unexpected(calls.error());
    out.system_calls = *calls;
    for (const auto& [capability, name] : kKept)
        if ((kept & bit(capability)) != 0) out.capabilities.emplace_back(name);
    return out;
}

std::string to_text(const Privileges& privileges) {
    std::string list;
    for (const std::string& name : privileges.capabilities)
        list += (list.empty() ? "" : ", ") + name;
    return "runs as user " + privileges.user.name + " with " +
           (list.empty() ? "no capabilities" : list) + "; system calls filtered (" +
           std::to_string(privileges.system_calls) + " allowed)";
}

}  // namespace netft::daemon
