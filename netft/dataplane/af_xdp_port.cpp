#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "netft/dataplane/driver_fds.hpp"
#include "netft/dataplane/ethdev_port.hpp"
#include "netft/dataplane/xdp_program.hpp"

namespace netft::dataplane {
namespace {

// Device names are process-wide.
std::atomic<unsigned> next_device{0};

// A packet must lie in one frame of the XDP socket's memory: no larger than a small mbuf.
constexpr std::uint32_t kMtuMax = 1'900;

// The program as a file that only we see: DPDK wants a path.
Result<Fd> write_object(const Endpoint& local) {
    std::vector<std::uint8_t> object = make_xdp_object(make_xdp_program(local));
    Fd file(memfd_create("netft_xdp", MFD_CLOEXEC));
    if (!file.is_open()) return fail_errno("memfd", errno);
    if (write(file.get(), object.data(), object.size()) != static_cast<ssize_t>(object.size()))
        return fail_errno("memfd", errno);
    return file;
}

// busy_budget=0: the kernel's interrupts wake us; we never poll for it.
std::string arguments_of(const InterfacePortSettings& settings, const Fd& object) {
    return "iface=" + settings.interface +
           ",start_queue=0,queue_count=1,busy_budget=0,xdp_prog=" + "/proc/self/fd/" +
           std::to_string(object.get());
}

struct Opened {
    XdpLeftovers leftovers;
    EthDevice device;
    int wake_fd = -1;
    XdpAttachment xdp;
};

Result<Opened> try_to_open(const InterfacePortSettings& settings, const Fd& object) {
    if (Status free = XdpAttachment::check_free(settings.interface_index); !free)
        return tl::unexpected(free.error());
    std::vector<int> before = open_fds();
    Result<EthDevice> device =
        EthDevice::open({.device = {.name = "net_af_xdp" + std::to_string(next_device++),
                                    .arguments = arguments_of(settings, object)}});
    XdpLeftovers leftovers(before);
    if (!device) return tl::unexpected(device.error());
    int program = find_new_fd(before, FdKind::bpf_program);
    int wake_fd = find_new_fd(before, FdKind::xdp_socket);
    if (program < 0 || wake_fd < 0) return fail("DPDK's XDP socket is not to be found");
    Result<XdpAttachment> xdp = XdpAttachment::take_over(program, settings.interface_index);
    if (!xdp) return tl::unexpected(xdp.error());
    return Opened{std::move(leftovers), std::move(*device), wake_fd, std::move(*xdp)};
}

// A netftd that was killed holds its program until it is gone altogether; and the kernel frees the
// queue of an XDP socket a little after it was closed, a cause that the driver does not tell from
// others.
Result<Opened> open_patiently(const InterfacePortSettings& settings, const Fd& object) {
    constexpr int kTries = 10;
    constexpr useconds_t kPauseUs = 20'000;
    for (int i = 1;; ++i) {
        Result<Opened> opened = try_to_open(settings, object);
        if (opened || i == kTries) return opened;
        usleep(kPauseUs);
    }
}

}  // namespace

Result<std::unique_ptr<EthdevPort>> open_af_xdp_port(const InterfacePortSettings& settings) {
    std::string what = settings.local.to_string() + " on " + settings.interface;
    if (settings.mtu > kMtuMax)
        return fail(what + ": MTU " + std::to_string(settings.mtu) +
                    " is too large for port kind af_xdp; at most " + std::to_string(kMtuMax));
    Result<Fd> guard = hold_endpoint(settings);
    if (!guard) return with_context(what, guard.error());
    Result<Fd> object = write_object(settings.local);
    if (!object) return with_context(what, object.error());
    Result<Opened> opened = open_patiently(settings, *object);
    if (!opened) return with_context(what, opened.error());
    return std::make_unique<EthdevPort>(
        EthdevPort::Parts{.leftovers = std::move(opened->leftovers),
                          .device = std::make_shared<EthDevice>(std::move(opened->device)),
                          .exceptions = {},
                          .local = settings.local,
                          .mac = {},
                          .mtu = settings.mtu,
                          .pools = settings.pools,
                          .kind = "af_xdp",
                          .guard = std::move(*guard),
                          .wake_fd = opened->wake_fd,
                          .xdp = std::move(opened->xdp)});
}

}  // namespace netft::dataplane
