// Who is at the other end of the control socket, and what such a caller may ask for.
//
// The kernel says who calls (SO_PEERCRED, SO_PEERGROUPS: as it was when the caller connected),
// never the caller. Reading is for root and for members of one group, changing is for root. What a
// caller may do is decided by the functions below that take values only; so tests need no second
// user.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace netft::control {

struct Caller {
    uid_t uid = 0;
    gid_t gid = 0;
    pid_t pid = 0;
    std::vector<gid_t> groups = {};  // supplementary
    std::string command = {};        // of the process; may be empty: for people only

    bool is_root() const { return uid == 0; }
    bool is_in(gid_t group) const;
};

// Rising: each includes what stands before it.
enum class Access : std::uint8_t { none, read, change };

// `readers`: whose members may read; none: root only.
Access access_of(const Caller& caller, std::optional<gid_t> readers);
// What a request needs. One that nobody knows could be anything: it needs the most.
Access access_for(std::string_view request);
// Why the caller may not; empty when it may. "reload" and "take-over" are also for netftd's own
// user (`owner`): a service manager starts the next netftd as that user, who has its keys anyway.
std::string refusal(std::string_view request, const Caller& caller, std::optional<gid_t> readers,
                    std::optional<uid_t> owner = {});

// The peer of a connected UNIX socket.
Caller caller_of(int fd);
// The sender of a signal: the process may be gone, then its command is empty.
Caller caller_of_process(uid_t uid, pid_t pid);
// From /etc/passwd alone, so that a dead directory server cannot hold us up; empty: not there.
std::string user_name(uid_t uid);
// By name, or by number; none: no such group here.
std::optional<gid_t> find_group(const std::string& name_or_number);

}  // namespace netft::control
