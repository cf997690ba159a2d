#include "netft/daemon/machine_watch.hpp"

#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string_view>

namespace netft::daemon {

namespace {

constexpr std::uint32_t kKernelGroup = 1;

}  // namespace

bool tells_of_restore(Bytes event) {
    using namespace std::string_view_literals;
    std::string_view text(reinterpret_cast<const char*>(event.data()), event.size());
    return text.find("\0NEW_VMGENID=1\0"sv) != std::string_view::npos;
}

MachineWatch::~MachineWatch() {
    if (fd_ >= 0) close(fd_);
}

bool MachineWatch::open() {
    fd_ = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
    if (fd_ < 0) return false;
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = kKernelGroup;
    if (bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return true;
    close(fd_);
    fd_ = -1;
    return false;
}

// What a program sends in the kernel's place is not taken. That some were lost is no reason to
// begin a new life.
bool MachineWatch::handle_ready() {
    bool is_restored = false;
    std::array<std::uint8_t, 4096> room{};
    for (;;) {
        sockaddr_nl sender{};
        socklen_t size = sizeof sender;
        ssize_t got =
            recvfrom(fd_, room.data(), room.size(), 0, reinterpret_cast<sockaddr*>(&sender), &size);
        if (got < 0) return is_restored;
        bool is_kernel = size == sizeof sender && sender.nl_pid == 0;
        is_restored |=
            is_kernel && tells_of_restore(Bytes(room).first(static_cast<std::size_t>(got)));
    }
}

}  // namespace netft::daemon
