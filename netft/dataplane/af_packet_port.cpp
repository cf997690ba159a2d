#include <linux/filter.h>
#include <sys/socket.h>

#include <atomic>

#include "netft/dataplane/driver_fds.hpp"
#include "netft/dataplane/ethdev_port.hpp"

namespace netft::dataplane {
namespace {

// Device names are process-wide.
std::atomic<unsigned> next_device{0};

// Larger than this does not fit the ring's frames (2,048 bytes with their headers).
constexpr std::uint32_t kMtuMax = 1'900;

// Twice what the kernel counts for a ring of 512 frames, and more.
constexpr int kSendBuffer = 8 << 20;

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

// With a full ring the driver polls, for ever, for a socket whose buffer is half empty: so that
// must always be, and the ring alone says what is too much.
void widen(int fd) {
    int bytes = kSendBuffer;
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) != 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

}  // namespace

Result<std::unique_ptr<EthdevPort>> open_af_packet_port(const InterfacePortSettings& settings) {
    std::string what = settings.local.to_string() + " on " + settings.interface;
    if (settings.mtu > kMtuMax)
        return fail(what + ": MTU " + std::to_string(settings.mtu) +
                    " is too large for port kind af_packet; at most " + std::to_string(kMtuMax));
    Result<Fd> guard = hold_endpoint(settings);
    if (!guard) return with_context(what, guard.error());
    std::vector<int> before = open_fds();
    // By the kernel's queueing discipline: past it, what the NIC has no room for is lost unseen.
    core::DeviceString wanted{.name = "net_af_packet" + std::to_string(next_device++),
                              .arguments = "iface=" + settings.interface +
                                           ",qpairs=1,framesz=2048,blocksz=65536,framecnt=512,"
                                           "qdisc_bypass=0"};
    Result<EthDevice> device =
        EthDevice::open({.device = wanted, .pool = settings.pools->small_pool()});
    if (!device) return with_context(what, device.error());
    int wake_fd = find_new_fd(before, FdKind::packet_socket);
    if (wake_fd >= 0) {
        filter_ring(wake_fd, settings.local.port);
        widen(wake_fd);
    }
    return std::make_unique<EthdevPort>(
        EthdevPort::Parts{.leftovers = {},
                          .device = std::make_shared<EthDevice>(std::move(*device)),
                          .exceptions = {},
                          .local = settings.local,
                          .mac = {},
                          .mtu = settings.mtu,
                          .pools = settings.pools,
                          .kind = "af_packet",
                          .guard = std::move(*guard),
                          .wake_fd = wake_fd});
}

}  // namespace netft::dataplane
