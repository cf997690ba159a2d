#include "netft/dataplane/socket_open.hpp"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/udp.h>

#include <cstring>

#include "netft/dataplane/sockaddr.hpp"
#include "netft/dataplane/socket_errors.hpp"
#include "netft/wire/header.hpp"

namespace netft::dataplane {
namespace {

constexpr int kDataBuffer = 8 << 20;
constexpr int kHeartbeatBuffer = 1 << 20;
constexpr int kClassSelector6 = 0xc0;  // TOS byte of DSCP CS6
constexpr int kPriorityControl = 6;    // TC_PRIO_INTERACTIVE, the highest without a capability

std::string describe(const SocketPortSettings& settings) {
    return settings.local.to_string() + " on " + settings.interface;
}

Status set_option(int fd, int level, int name, int value, const char* what) {
    if (setsockopt(fd, level, name, &value, sizeof(value)) == 0) return {};
    return fail(std::string(what) + ": " + std::strerror(errno), errno);
}

// The buffer beyond net.core.*mem_max where we may, else as much as the kernel gives.
void set_buffers(int fd, int bytes) {
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) != 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) != 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

Status set_common(int fd, const SocketPortSettings& settings, bool heartbeats) {
    bool v4 = settings.local.address.is_v4();
    int level = v4 ? IPPROTO_IP : IPPROTO_IPV6;
    if (!v4) {
        Status only = set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1, "IPV6_V6ONLY");
        if (!only) return only;
    }
    if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, settings.interface.c_str(),
                   static_cast<socklen_t>(settings.interface.size())) != 0)
        return fail(std::string("cannot bind to the interface: ") + std::strerror(errno), errno);
    Status probe =
        v4 ? set_option(fd, level, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE, "MTU discovery")
           : set_option(fd, level, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE, "MTU discovery");
    if (!probe) return probe;
    set_buffers(fd, heartbeats ? kHeartbeatBuffer : kDataBuffer);
    // Nice to have: an old kernel without them costs speed or a figure, not the port.
    (void)set_option(fd, SOL_UDP, UDP_GRO, 1, "UDP_GRO");
    (void)set_option(fd, SOL_SOCKET, SO_RXQ_OVFL, 1, "SO_RXQ_OVFL");
    if (heartbeats) {
        (void)set_option(fd, level, v4 ? IP_TOS : IPV6_TCLASS, kClassSelector6, "traffic class");
        (void)set_option(fd, SOL_SOCKET, SO_PRIORITY, kPriorityControl, "priority");
    }
    return {};
}

Status bind_lane(int fd, const SocketPortSettings& settings) {
    SocketAddress address{};
    socklen_t length = to_sockaddr(settings.local, address);
    if (bind(fd, &address.any, length) == 0) return {};
    int error = errno;
    if (error == EADDRINUSE)
        return fail(
            "port taken: another program, or another netftd, holds it; see 'ss -ulpn sport = " +
                std::to_string(settings.local.port) + "'",
            error);
    if (error == EADDRNOTAVAIL)
        return fail("cannot bind: the address is not (or not yet) on this node", error);
    return fail(std::string("cannot bind: ") + std::strerror(error), error);
}

Result<Fd> open_lane(const SocketPortSettings& settings, bool heartbeats) {
    int family = settings.local.address.is_v4() ? AF_INET : AF_INET6;
    Fd fd(socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd.is_open()) return fail(std::string("no socket: ") + std::strerror(errno), errno);
    Status common = set_common(fd.get(), settings, heartbeats);
    if (!common) return tl::unexpected(common.error());
    // SO_REUSEPORT before bind joins a group, behind it founds one (see the header).
    Status first = heartbeats ? bind_lane(fd.get(), settings)
                              : set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT");
    if (!first) return tl::unexpected(first.error());
    Status second = heartbeats ? set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT")
                               : bind_lane(fd.get(), settings);
    if (!second) return tl::unexpected(second.error());
    return fd;
}

// The type is the low nibble of the payload's first byte, the space is in bytes 2 and 3; the
// program sees the payload only. Data: lane kDataLane + space modulo workers.
Status attach_split(int fd, std::size_t workers) {
    constexpr auto kData = static_cast<std::uint32_t>(MessageType::data);
    sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x0f),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kData, 0, 4),
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 2),
        BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, static_cast<std::uint32_t>(workers)),
        BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, kDataLane),
        BPF_STMT(BPF_RET | BPF_A, 0),
        BPF_STMT(BPF_RET | BPF_K, kHeartbeatLane),
    };
    sock_fprog program{.len = static_cast<unsigned short>(std::size(code)), .filter = code};
    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof(program)) == 0)
        return {};
    return fail(std::string("cannot split heartbeats from data: ") + std::strerror(errno), errno);
}

Status keep_nothing(int fd) {
    sock_filter nothing[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
    sock_fprog program{.len = 1, .filter = nothing};
    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0) return {};
    return fail(std::string("cannot attach filter: ") + std::strerror(errno), errno);
}

}  // namespace

Result<SourceLanes> open_source_lanes(const SocketPortSettings& settings, std::size_t count) {
    SourceLanes out(count);
    SocketPortSettings next = settings;
    for (std::array<Fd, kLanes>& lanes : out) {
        ++next.local.port;
        for (std::size_t i = 0; i < kLanes; ++i) {
            Result<Fd> lane = open_lane(next, i == kHeartbeatLane);
            if (!lane) return with_context(describe(next), lane.error());
            lanes[i] = std::move(*lane);
            Status deaf = keep_nothing(lanes[i].get());
            if (!deaf) return with_context(describe(next), deaf.error());
        }
    }
    return out;
}

Result<std::vector<Fd>> open_lanes(const SocketPortSettings& settings, std::size_t workers) {
    std::vector<Fd> lanes;
    for (std::size_t i = 0; i < 1 + workers; ++i) {
        Result<Fd> lane = open_lane(settings, i == kHeartbeatLane);
        if (!lane) return with_context(describe(settings), lane.error());
        // Nice to have: it only explains.
        (void)hear_errors(lane->get(), settings.local.address.is_v4(), true);
        lanes.push_back(std::move(*lane));
    }
    Status split = attach_split(lanes[kHeartbeatLane].get(), workers);
    if (!split) return with_context(describe(settings), split.error());
    return lanes;
}

}  // namespace netft::dataplane
