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
#include "tap/attach.hpp"

namespace netft::tap {

namespace {

// Newer than the oldest kernel headers this builds with.
constexpr unsigned kTunUso4 = 0x20;
constexpr unsigned kTunUso6 = 0x40;

AttachWish wish_of(const std::string& name, bool several_queues) {
    unsigned queues = several_queues ? IFF_MULTI_QUEUE : 0;
    return {.what = "adapter",
            .name = name,
            .advice = "choose another [adapter] name",
            .flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | queues};
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

Status set_queue(int fd, short flag, const std::string& name) {
    ifreq request{};
    request.ifr_flags = flag;
    if (::ioctl(fd, TUNSETQUEUE, &request) == 0) return {};
    return fail_errno("adapter " + name + ": TUNSETQUEUE", errno);
}

}  // namespace

Result<Device> Device::open(const std::string& name, bool several_queues) {
    Result<Descriptor> fd = attach(wish_of(name, several_queues));
    if (!fd) return tl::unexpected(fd.error());
    return prepare(fd->release(), name);
}

Result<Device> Device::add_queue() const {
    Result<Descriptor> fd = add_queue_to(wish_of(name_, true));
    if (!fd) return tl::unexpected(fd.error());
    if (Status set = set_queue(fd->get(), IFF_DETACH_QUEUE, name_); !set)
        return tl::unexpected(set.error());
    return prepare(fd->release(), name_);
}

Status Device::attach_queue() const { return set_queue(fd_, IFF_ATTACH_QUEUE, name_); }
Status Device::detach_queue() const { return set_queue(fd_, IFF_DETACH_QUEUE, name_); }

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
