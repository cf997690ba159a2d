#include "netft/dataplane/socket_errors.hpp"

#include <errno.h>
#include <time.h>

// After <time.h>: it wants a timespec.
#include <linux/errqueue.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include <cstring>

#include "netft/dataplane/sockaddr.hpp"

namespace netft::dataplane {
namespace {

using Kind = core::PathError::Kind;

constexpr std::uint8_t kAdministrativelyProhibited = 13;  // RFC 1812 §5.2.7.1
constexpr std::uint8_t kFailedPolicy = 5;                 // RFC 4443 §3.1
constexpr std::uint8_t kRejectRoute = 6;

std::optional<Kind> kind_of_v4(std::uint8_t type, std::uint8_t code) {
    if (type != ICMP_DEST_UNREACH) return {};
    switch (code) {
        case ICMP_PORT_UNREACH:
        case ICMP_PROT_UNREACH: return Kind::port_unreachable;
        case ICMP_NET_ANO:
        case ICMP_HOST_ANO:
        case kAdministrativelyProhibited: return Kind::prohibited;
        default: return {};
    }
}

std::optional<Kind> kind_of_v6(std::uint8_t type, std::uint8_t code) {
    if (type != ICMP6_DST_UNREACH) return {};
    switch (code) {
        case ICMP6_DST_UNREACH_NOPORT: return Kind::port_unreachable;
        case ICMP6_DST_UNREACH_ADMIN:
        case kFailedPolicy:
        case kRejectRoute: return Kind::prohibited;
        default: return {};
    }
}

std::optional<Kind> kind_of(const sock_extended_err& error) {
    if (error.ee_origin == SO_EE_ORIGIN_ICMP) return kind_of_v4(error.ee_type, error.ee_code);
    if (error.ee_origin == SO_EE_ORIGIN_ICMP6) return kind_of_v6(error.ee_type, error.ee_code);
    return {};
}

struct alignas(cmsghdr) Control {
    std::array<std::uint8_t, CMSG_SPACE(sizeof(sock_extended_err) + sizeof(sockaddr_in6)) +
                                 2 * CMSG_SPACE(sizeof(std::uint64_t))>
        bytes;
};

void take(msghdr& message, const SocketAddress& destination, PortHealth& health) {
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
        bool is_error = (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
                        (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR);
        if (!is_error || c->cmsg_len < CMSG_LEN(sizeof(sock_extended_err) + sizeof(sockaddr_in)))
            continue;
        sock_extended_err error{};
        std::memcpy(&error, CMSG_DATA(c), sizeof(error));
        std::optional<Kind> kind = kind_of(error);
        if (!kind) continue;
        SocketAddress offender{};
        std::size_t rest = c->cmsg_len - CMSG_LEN(sizeof(error));
        std::memcpy(&offender, CMSG_DATA(c) + sizeof(error), std::min(rest, sizeof(offender)));
        Endpoint remote = from_sockaddr(destination);
        bool is_known = offender.any.sa_family == AF_INET || offender.any.sa_family == AF_INET6;
        health.add({*kind, remote, is_known ? from_sockaddr(offender) : remote});
    }
}

}  // namespace

Status hear_errors(int fd, bool is_v4, bool on) {
    int level = is_v4 ? IPPROTO_IP : IPPROTO_IPV6;
    int value = on ? 1 : 0;
    if (setsockopt(fd, level, is_v4 ? IP_RECVERR : IPV6_RECVERR, &value, sizeof(value)) == 0)
        return {};
    return fail(std::string("ICMP errors: ") + std::strerror(errno), errno);
}

void read_errors(int fd, bool is_v4, PortHealth& health) {
    for (std::size_t i = 0; i < kErrorsPerRead; ++i) {
        SocketAddress destination{};
        Control control;
        std::array<std::uint8_t, 1> payload;  // nobody's interest
        iovec piece{payload.data(), payload.size()};
        msghdr message{.msg_name = &destination,
                       .msg_namelen = sizeof(destination),
                       .msg_iov = &piece,
                       .msg_iovlen = 1,
                       .msg_control = control.bytes.data(),
                       .msg_controllen = control.bytes.size(),
                       .msg_flags = 0};
        if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return;
        bool has_address = destination.any.sa_family == (is_v4 ? AF_INET : AF_INET6);
        if (has_address) take(message, destination, health);
    }
    // Off empties the queue.
    (void)hear_errors(fd, is_v4, false);
    health.go_deaf();
}

}  // namespace netft::dataplane
