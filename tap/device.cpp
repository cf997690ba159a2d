#include "tap/device.hpp"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "netft/base/assert.hpp"
#include "netft/wire/data.hpp"

namespace netft::tap {

namespace {

// Newer than the oldest kernel headers this builds with.
constexpr unsigned kTunUso4 = 0x20;
constexpr unsigned kTunUso6 = 0x40;

constexpr const char* kTunPath = "/dev/net/tun";

// Closes what open() gives up on the way.
class Descriptor {
 public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    int get() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }

 private:
    int fd_;
};

Status check_name(const std::string& name) {
    // "%d" would make the kernel choose a name.
    const bool fine = !name.empty() && name.size() < IFNAMSIZ && name != "." && name != ".." &&
                      name.find_first_of("/:% \t\n") == std::string::npos;
    if (fine) return {};
    return fail("adapter name '" + name + "': must be 1 to 15 characters without / : % or space");
}

std::string tun_path_advice(int error) {
    switch (error) {
        case ENOENT:
        case ENODEV:
        case ENXIO:
            return " (load the kernel's TUN driver: modprobe tun; a container must be given "
                   "/dev/net/tun)";
        case EACCES:
        case EPERM: return " (run as root, or with CAP_NET_ADMIN and access to /dev/net/tun)";
    }
    return "";
}

std::string attach_advice(int error) {
    switch (error) {
        case EPERM:
        case EACCES: return "no right to create it: run as root or with CAP_NET_ADMIN";
        case EBUSY:
            return "a running program owns it: stop that netftd, or choose another [adapter] name";
        case EINVAL:
        case EEXIST:
            return "the name is taken by an interface that is not a TAP, or by another program's "
                   "TAP "
                   "of several queues: remove that interface, or choose another [adapter] name";
    }
    return "TUNSETIFF";
}

// `flags`: what is asked for beyond a TAP with virtio headers.
Result<Descriptor> attach(const std::string& name, unsigned flags) {
    Descriptor fd(::open(kTunPath, O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (fd.get() < 0) {
        const int error = errno;
        return fail(std::string(kTunPath) + ": " + std::strerror(error) + tun_path_advice(error),
                    error);
    }
    ifreq request{};
    std::copy(name.begin(), name.end(), request.ifr_name);
    request.ifr_flags = static_cast<short>(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | flags);
    if (::ioctl(fd.get(), TUNSETIFF, &request) < 0) {
        const int error = errno;
        return fail_errno("adapter " + name + ": " + attach_advice(error), error);
    }
    return fd;
}

bool is_persistent(int fd) {
    ifreq request{};
    if (::ioctl(fd, TUNGETIFF, &request) < 0) return false;
    return (static_cast<unsigned short>(request.ifr_flags) & IFF_PERSIST) != 0;
}

Status take_over(const std::string& name, int fd) {
    if (::ioctl(fd, TUNSETPERSIST, 0) == 0) return {};
    return fail_errno("adapter " + name + ": cannot take over the persistent TAP", errno);
}

// Joining a TAP of several queues always succeeds: one that is not persistent has an owner that
// runs.
Status remove_left_queues(const std::string& name) {
    Result<Descriptor> joined = attach(name, IFF_MULTI_QUEUE);
    if (!joined) return tl::unexpected(joined.error());
    if (is_persistent(joined->get())) return take_over(name, joined->get());
    return fail_errno("adapter " + name + ": " + attach_advice(EBUSY), EBUSY);
}

// A persistent interface carries whatever its dead owner left (addresses, routes, flags). It goes
// with its last descriptor, and a new one takes its name.
Status remove_left(const std::string& name) {
    Result<Descriptor> first = attach(name, 0);
    if (!first && first.error().errno_value == EINVAL) return remove_left_queues(name);
    if (!first) return tl::unexpected(first.error());
    return is_persistent(first->get()) ? take_over(name, first->get()) : Status();
}

Result<Descriptor> attach_fresh(const std::string& name, unsigned flags) {
    Result<Descriptor> first = attach(name, flags | IFF_TUN_EXCL);
    if (first || first.error().errno_value != EBUSY) return first;
    if (Status removed = remove_left(name); !removed) return tl::unexpected(removed.error());
    return attach(name, flags | IFF_TUN_EXCL);
}

Status set_headers(int fd) {
    int size = static_cast<int>(kVirtioHeaderSize);
    if (::ioctl(fd, TUNSETVNETHDRSZ, &size) < 0) return fail_errno("TUNSETVNETHDRSZ", errno);
    int little_endian = 1;  // the same bytes on every machine: they cross the cluster
    if (::ioctl(fd, TUNSETVNETLE, &little_endian) < 0) return fail_errno("TUNSETVNETLE", errno);
    return {};
}

// True: with UDP segmentation.
Result<bool> set_offloads(int fd) {
    const unsigned long basic = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
    if (::ioctl(fd, TUNSETOFFLOAD, basic | kTunUso4 | kTunUso6) == 0) return true;
    if (::ioctl(fd, TUNSETOFFLOAD, basic) == 0) return false;
    return fail_errno("TUNSETOFFLOAD", errno);
}

}  // namespace

Result<Device> Device::open(const std::string& name, bool several_queues) {
    if (Status named = check_name(name); !named) return tl::unexpected(named.error());
    Result<Descriptor> fd = attach_fresh(name, several_queues ? IFF_MULTI_QUEUE : 0u);
    if (!fd) return tl::unexpected(fd.error());
    return prepare(fd->release(), name);
}

Result<Device> Device::add_queue() const {
    Result<Descriptor> fd = attach(name_, IFF_MULTI_QUEUE);
    if (!fd) return tl::unexpected(fd.error());
    return prepare(fd->release(), name_);
}

Result<Device> Device::adopt(int fd, const std::string& name, bool several_queues) {
    constexpr unsigned kKind = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
    Descriptor owned(fd);
    ifreq request{};
    const bool is_tun = ::ioctl(fd, TUNGETIFF, &request) == 0;
    const unsigned flags = is_tun ? static_cast<unsigned short>(request.ifr_flags) : 0;
    if ((flags & kKind) != kKind || name != request.ifr_name)
        return fail("adapter " + name + ": what was handed over is not this adapter", EINVAL);
    if (several_queues && (flags & IFF_MULTI_QUEUE) == 0)
        return fail("adapter " + name +
                        ": what was handed over has one queue, and several workers "
                        "need more: stop netftd and start it anew",
                    EINVAL);
    (void)::fcntl(fd, F_SETFD, FD_CLOEXEC);
    return prepare(owned.release(), name);
}

Result<Device> Device::prepare(int fd, const std::string& name) {
    Descriptor owned(fd);
    if (Status set = set_headers(fd); !set) return with_context("adapter " + name, set.error());
    const Result<bool> uso = set_offloads(fd);
    if (!uso) return with_context("adapter " + name, uso.error());
    const unsigned index = ::if_nametoindex(name.c_str());
    if (index == 0) return fail_errno("adapter " + name + ": no interface index", errno);
    return Device(owned.release(), name, index, *uso);
}

Device::Device(int fd, std::string name, std::uint32_t index, bool has_uso)
    : fd_(fd), name_(std::move(name)), index_(index), has_uso_(has_uso) {}

Device::~Device() {
    if (fd_ >= 0) ::close(fd_);
}

Device::Device(Device&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      name_(std::move(other.name_)),
      index_(other.index_),
      has_uso_(other.has_uso_) {}

Device& Device::operator=(Device&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(name_, other.name_);
    std::swap(index_, other.index_);
    std::swap(has_uso_, other.has_uso_);
    return *this;
}

std::ptrdiff_t Device::read(std::span<const iovec> room) const {
    NETFT_ASSERT(!room.empty() && room[0].iov_len >= kVirtioHeaderSize);
    const ssize_t size = ::readv(fd_, room.data(), static_cast<int>(room.size()));
    if (size < 0) return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    // Older kernels leave num_buffers as it was: stale bytes of ours must not cross the cluster.
    std::memset(static_cast<std::uint8_t*>(room[0].iov_base) + kVirtioHeaderSize - 2, 0, 2);
    return size;
}

std::ptrdiff_t Device::write(std::span<const iovec> frame) const {
    const ssize_t size = ::writev(fd_, frame.data(), static_cast<int>(frame.size()));
    return size >= 0 ? size : -errno;
}

}  // namespace netft::tap
