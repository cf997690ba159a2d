// What netftd gives up once everything that needs root is open.
//
//   user           its own (netft), where there is one and we may change; else it stays who it is
//   capabilities   CAP_NET_ADMIN (adapter, netlink, /proc/sys/net), CAP_NET_RAW (af_packet, af_xdp,
//                  binding to a device); for a port below 1024, CAP_NET_BIND_SERVICE; for af_xdp
//                  ports, which may be opened at any time, CAP_BPF (its program), and CAP_IPC_LOCK
//                  where the limit of locked memory cannot be lifted beforehand; in the bounding,
//                  inheritable and ambient sets: none
//   programs       no_new_privs: no set-uid program gives anything back
//   core dumps     none: they hold keys
//   system calls   a list (system_calls.hpp)
//
// Without CAP_DAC_OVERRIDE not even user root reads what the file's mode keeps from it. What is
// opened later (ports, configuration at a reload, hosts file) must be open to the user.
//
// drop_privileges() is called while the process has one thread, and refuses otherwise: the kernel
// keeps capabilities and filters per thread, and a thread that exists already would keep its own.
// EAL, worker and everything else starts after it and inherits.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "netft/base/result.hpp"

namespace netft::daemon {

constexpr const char* kDefaultUser = "netft";

struct User {
    std::string name;  // "1234" where the number has no name
    uid_t uid = 0;
    gid_t gid = 0;
    bool is_other = false;  // than who we are now
};

struct Privileges {
    User user;
    std::vector<std::string> capabilities;
    std::size_t system_calls = 0;
};

// Whom netftd will run as. `wanted`: a name or a number; empty: kDefaultUser where there is one and
// we are root and may change, else who we are.
Result<User> find_user(const std::string& wanted);

// Makes the directories of the socket and of the hosts file, and gives them to the user where they
// are ours alone (nothing of others' in them): so that both files can be replaced and removed
// later. A directory that is shared stays whose it is; then the socket's file may outlive netftd,
// and the next start takes it over.
Status give_run_directories(const std::string& socket, const std::string& run_dir,
                            const User& user);

// What will be needed later.
struct Needs {
    std::uint16_t lowest_port = 0;  // to be bound
    bool xdp = false;               // ports of kind af_xdp
    bool pci = false;               // NICs by VFIO: it locks what they may write to
};
Result<Privileges> drop_privileges(const User& user, const Needs& needs);

// "runs as user netft with CAP_NET_ADMIN, CAP_NET_RAW; system calls filtered (150 allowed)"
std::string to_text(const Privileges& privileges);

}  // namespace netft::daemon
