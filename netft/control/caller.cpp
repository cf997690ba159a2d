#include "netft/control/caller.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <memory>

#include "netft/control/fd.hpp"

namespace netft::control {

namespace {

constexpr uid_t kNobody = 65534;
constexpr std::size_t kGroupsMax = 65536;  // NGROUPS_MAX of the kernel
constexpr std::array<std::string_view, 3> kOwners{"reload", "take-over", "version"};
constexpr std::array<std::string_view, 6> kReading{"show",   "get",     "history",
                                                   "stream", "version", "why"};

std::string command_of(pid_t pid) {
    if (pid <= 0) return {};
    Fd fd(::open(("/proc/" + std::to_string(pid) + "/comm").c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 64> text{};
    ssize_t n = fd ? ::read(fd.get(), text.data(), text.size()) : 0;
    std::string command(text.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
    while (!command.empty() && command.back() == '\n') command.pop_back();
    return command;
}

std::vector<gid_t> groups_of(int fd) {
    std::vector<gid_t> groups(32);
    for (int attempt = 0; attempt < 2; ++attempt) {
        auto size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
        bool done = ::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) == 0;
        std::size_t count = size / sizeof(gid_t);
        if (!done && (errno != ERANGE || count > kGroupsMax)) return {};
        groups.resize(count);
        if (done) return groups;
    }
    return {};
}

}  // namespace

bool Caller::is_in(gid_t group) const {
    return gid == group || std::find(groups.begin(), groups.end(), group) != groups.end();
}

Access access_of(const Caller& caller, std::optional<gid_t> readers) {
    if (caller.is_root()) return Access::change;
    return readers && caller.is_in(*readers) ? Access::read : Access::none;
}

Access access_for(std::string_view request) {
    bool reads = std::find(kReading.begin(), kReading.end(), request) != kReading.end();
    return reads ? Access::read : Access::change;
}

std::string refusal(std::string_view request, const Caller& caller, std::optional<gid_t> readers,
                    std::optional<uid_t> owner) {
    bool is_owners = std::find(kOwners.begin(), kOwners.end(), request) != kOwners.end();
    if (is_owners && owner == caller.uid) return {};
    Access has = access_of(caller, readers);
    if (has >= access_for(request)) return {};
    if (has == Access::read) return "only root may ask for this";
    std::string who =
        "uid " + std::to_string(caller.uid) + " may not use netftd's control socket: ";
    if (!readers) return who + "only root may";
    return who + "only root and members of group " + std::to_string(*readers) + " may";
}

Caller caller_of(int fd) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    // Nobody, should the kernel not say: such a caller may do nothing.
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
        return {.uid = kNobody, .gid = kNobody};
    return {.uid = credentials.uid,
            .gid = credentials.gid,
            .pid = credentials.pid,
            .groups = groups_of(fd),
            .command = command_of(credentials.pid)};
}

Caller caller_of_process(uid_t uid, pid_t pid) {
    return {.uid = uid, .gid = 0, .pid = pid, .command = command_of(pid)};
}

std::string user_name(uid_t uid) {
    std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen("/etc/passwd", "re"), std::fclose);
    if (!file) return {};
    std::array<char, 4096> buffer;
    passwd entry{};
    passwd* found = nullptr;
    while (::fgetpwent_r(file.get(), &entry, buffer.data(), buffer.size(), &found) == 0)
        if (entry.pw_uid == uid) return entry.pw_name;
    return {};
}

std::optional<gid_t> find_group(const std::string& name_or_number) {
    gid_t number = 0;
    const char* end = name_or_number.data() + name_or_number.size();
    auto [rest, error] = std::from_chars(name_or_number.data(), end, number);
    if (error == std::errc() && rest == end) return number;
    std::vector<char> buffer(64 * 1024);
    group entry{};
    group* found = nullptr;
    ::getgrnam_r(name_or_number.c_str(), &entry, buffer.data(), buffer.size(), &found);
    return found != nullptr ? std::optional(entry.gr_gid) : std::nullopt;
}

}  // namespace netft::control
