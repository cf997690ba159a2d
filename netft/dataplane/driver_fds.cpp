#include "netft/dataplane/driver_fds.hpp"

#include <dirent.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>

namespace netft::dataplane {
namespace {

bool is_socket_of(int fd, int family) {
    int domain = 0;
    socklen_t length = sizeof(domain);
    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 && domain == family;
}

bool is_link_to(int fd, std::string_view wanted) {
    char target[64];
    std::string path = "/proc/self/fd/" + std::to_string(fd);
    ssize_t n = readlink(path.c_str(), target, sizeof(target));
    return n > 0 && std::string_view(target, static_cast<std::size_t>(n)) == wanted;
}

bool is_of(int fd, FdKind kind) {
    switch (kind) {
        case FdKind::packet_socket: return is_socket_of(fd, AF_PACKET);
        case FdKind::xdp_socket: return is_socket_of(fd, AF_XDP);
        case FdKind::bpf_program: return is_link_to(fd, "anon_inode:bpf-prog");
        case FdKind::bpf_map: return is_link_to(fd, "anon_inode:bpf-map");
    }
    return false;
}

}  // namespace

std::vector<int> open_fds() {
    std::vector<int> found;
    DIR* directory = opendir("/proc/self/fd");
    if (directory == nullptr) return found;
    while (const dirent* entry = readdir(directory)) {
        int fd = std::atoi(entry->d_name);
        bool is_this = fd == dirfd(directory);  // closed soon, and its number somebody else's
        if (entry->d_name[0] != '.' && !is_this) found.push_back(fd);
    }
    closedir(directory);
    std::sort(found.begin(), found.end());
    return found;
}

int find_new_fd(const std::vector<int>& before, FdKind kind) {
    for (int fd : open_fds())
        if (!std::binary_search(before.begin(), before.end(), fd) && is_of(fd, kind)) return fd;
    return -1;
}

XdpLeftovers::XdpLeftovers(const std::vector<int>& before) {
    for (int fd : open_fds())
        for (FdKind kind : {FdKind::xdp_socket, FdKind::bpf_program, FdKind::bpf_map})
            if (!std::binary_search(before.begin(), before.end(), fd) && is_of(fd, kind))
                fds_.emplace_back(fd, kind);
}

XdpLeftovers::~XdpLeftovers() {
    for (auto [fd, kind] : fds_)
        if (is_of(fd, kind)) close(fd);
}

}  // namespace netft::dataplane
