#include "tools/relay/ends.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace netft::relay {

namespace {

constexpr unsigned kTunUso = 0x20 | 0x40;  // TUN_F_USO4, TUN_F_USO6: newer than Debian 12's headers
constexpr int kBufferBytes = 64 << 20;

Result<int> close_and_fail(int fd, const char* what) {
    int why = errno;
    ::close(fd);
    return fail_errno(what, why);
}

}  // namespace

Result<int> open_tap(const std::string& name) {
    int fd = ::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return fail_errno("/dev/net/tun", errno);
    ifreq request{};
    request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
    std::strncpy(request.ifr_name, name.c_str(), IFNAMSIZ - 1);
    if (::ioctl(fd, TUNSETIFF, &request) != 0) return close_and_fail(fd, "TUNSETIFF");
    const unsigned long basic = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
    if (::ioctl(fd, TUNSETOFFLOAD, basic | kTunUso) != 0 && ::ioctl(fd, TUNSETOFFLOAD, basic) != 0)
        return close_and_fail(fd, "TUNSETOFFLOAD");
    return fd;
}

Result<int> open_port(const std::string& name) {
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(::if_nametoindex(name.c_str()));
    if (address.sll_ifindex == 0) return fail_errno(name, errno);
    int fd = ::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return fail_errno("packet socket", errno);
    const int on = 1;
    if (::setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof on) != 0)
        return close_and_fail(fd, "PACKET_VNET_HDR");
    if (::setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) != 0)
        return close_and_fail(fd, "PACKET_IGNORE_OUTGOING");
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kBufferBytes, sizeof kBufferBytes);
    ::setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &kBufferBytes, sizeof kBufferBytes);
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return close_and_fail(fd, "bind");
    return fd;
}

bool exists(const std::string& interface) { return ::if_nametoindex(interface.c_str()) != 0; }

}  // namespace netft::relay
