#include <dirent.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <set>

#include "netft/dataplane/ethdev_port.hpp"
#include "netft/dataplane/sockaddr.hpp"

namespace netft::dataplane {
namespace {

// Device names are process-wide.
std::atomic<unsigned> next_device{0};

// Larger than this does not fit the ring's frames (2,048 bytes with their headers).
constexpr std::uint32_t kMtuMax = 1'900;

// A kernel socket that takes everything for the endpoint and keeps nothing.
Result<Fd> hold_endpoint(const AfPacketPortSettings& settings) {
    Fd fd(
        socket(settings.local.address.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fd.is_open()) return fail(std::string("no socket: ") + std::strerror(errno), errno);
    sock_filter nothing[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
    sock_fprog program{.len = 1, .filter = nothing};
    if (setsockopt(fd.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) != 0)
        return fail(std::string("cannot attach filter: ") + std::strerror(errno), errno);
    if (setsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, settings.interface.c_str(),
                   static_cast<socklen_t>(settings.interface.size())) != 0)
        return fail(std::string("cannot bind to the interface: ") + std::strerror(errno), errno);
    SocketAddress address{};
    socklen_t length = to_sockaddr(settings.local, address);
    if (bind(fd.get(), &address.any, length) == 0) return fd;
    if (errno == EADDRINUSE)
        return fail("port taken: another program, or another netftd, holds it", errno);
    return fail(std::string("cannot bind: ") + std::strerror(errno), errno);
}

bool is_packet_socket_on(int fd, std::uint32_t interface_index) {
    int domain = 0;
    socklen_t length = sizeof(domain);
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) != 0 || domain != AF_PACKET)
        return false;
    sockaddr_ll address{};
    length = sizeof(address);
    return getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0 &&
           static_cast<std::uint32_t>(address.sll_ifindex) == interface_index;
}

std::set<int> packet_sockets_on(std::uint32_t interface_index) {
    std::set<int> found;
    DIR* directory = opendir("/proc/self/fd");
    if (directory == nullptr) return found;
    while (const dirent* entry = readdir(directory)) {
        int fd = std::atoi(entry->d_name);
        if (entry->d_name[0] != '.' && is_packet_socket_on(fd, interface_index)) found.insert(fd);
    }
    closedir(directory);
    return found;
}

// Leaves only packets for our UDP port in the ring, so that other traffic wakes nobody. The port
// parses strictly anyway: a loose filter (nobody looks at the protocol) is enough.
void filter_ring(int fd, std::uint16_t port) {
    sock_filter code[] = {
        /* 0 */ BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),             // EtherType
        /* 1 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x0800, 0, 2),  // no IPv4: to 4
        /* 2 */ BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 14 + 20 + 2),    // destination port
        /* 3 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 4, 3),    // to 8 or 7
        /* 4 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x86dd, 0, 2),  // no IPv6: to 7
        /* 5 */ BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 14 + 40 + 2),
        /* 6 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 1, 0),
        /* 7 */ BPF_STMT(BPF_RET | BPF_K, 0),
        /* 8 */ BPF_STMT(BPF_RET | BPF_K, 0x40000),
    };
    sock_fprog program{.len = static_cast<unsigned short>(std::size(code)), .filter = code};
    (void)setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

}  // namespace

Result<std::unique_ptr<EthdevPort>> open_af_packet_port(const AfPacketPortSettings& settings) {
    std::string what = settings.local.to_string() + " on " + settings.interface;
    if (settings.mtu > kMtuMax)
        return fail(what + ": MTU " + std::to_string(settings.mtu) +
                    " is too large for port kind af_packet; at most " + std::to_string(kMtuMax));
    Result<Fd> guard = hold_endpoint(settings);
    if (!guard) return with_context(what, guard.error());
    std::set<int> before = packet_sockets_on(settings.interface_index);
    Result<EthDevice> device = EthDevice::open(
        "net_af_packet" + std::to_string(next_device++),
        "iface=" + settings.interface + ",qpairs=1,framesz=2048,blocksz=65536,framecnt=512",
        *settings.pools);
    if (!device) return with_context(what, device.error());
    int wake_fd = -1;
    for (int fd : packet_sockets_on(settings.interface_index))
        if (!before.contains(fd)) wake_fd = fd;
    if (wake_fd >= 0) filter_ring(wake_fd, settings.local.port);
    return std::make_unique<EthdevPort>(EthdevPort::Parts{.device = std::move(*device),
                                                          .local = settings.local,
                                                          .mtu = settings.mtu,
                                                          .pools = settings.pools,
                                                          .kind = "af_packet",
                                                          .guard = std::move(*guard),
                                                          .wake_fd = wake_fd});
}

}  // namespace netft::dataplane
