#include "tap/attach.hpp"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace netft::tap {

namespace {

constexpr const char* kTunPath = "/dev/net/tun";

Status check_name(const AttachWish& wish) {
    const std::string& name = wish.name;
    // "%d" would make the kernel choose a name.
    const bool fine = !name.empty() && name.size() < IFNAMSIZ && name != "." && name != ".." &&
                      name.find_first_of("/:% \t\n") == std::string::npos;
    if (fine) return {};
    return fail(wish.what + " name '" + name +
                "': must be 1 to 15 characters without / : % or space");
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

std::string attach_advice(int error, const std::string& advice) {
    switch (error) {
        case EPERM:
        case EACCES: return "no right to create it: run as root or with CAP_NET_ADMIN";
        case EBUSY: return "a running program owns it: stop that netftd, or " + advice;
        case EINVAL:
        case EEXIST:
            return "the name is taken by an interface that is not a TAP of one queue: remove that "
                   "interface, or " +
                   advice;
    }
    return "TUNSETIFF";
}

Result<Descriptor> attach_once(const AttachWish& wish) {
    Descriptor fd(::open(kTunPath, O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (fd.get() < 0) {
        const int error = errno;
        return fail(std::string(kTunPath) + ": " + std::strerror(error) + tun_path_advice(error),
                    error);
    }
    ifreq request{};
    std::copy(wish.name.begin(), wish.name.end(), request.ifr_name);
    request.ifr_flags = wish.flags;
    if (::ioctl(fd.get(), TUNSETIFF, &request) < 0) {
        const int error = errno;
        return fail_errno(wish.what + " " + wish.name + ": " + attach_advice(error, wish.advice),
                          error);
    }
    return fd;
}

bool is_persistent(int fd) {
    ifreq request{};
    if (::ioctl(fd, TUNGETIFF, &request) < 0) return false;
    return (static_cast<unsigned short>(request.ifr_flags) & IFF_PERSIST) != 0;
}

}  // namespace

Descriptor::~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
}

Result<Descriptor> attach(const AttachWish& wish) {
    if (Status named = check_name(wish); !named) return tl::unexpected(named.error());
    Result<Descriptor> first = attach_once(wish);
    if (!first || !is_persistent(first->get())) return first;
    if (::ioctl(first->get(), TUNSETPERSIST, 0) < 0)
        return fail_errno(wish.what + " " + wish.name + ": cannot take over the persistent TAP",
                          errno);
    { const Descriptor closing = std::move(*first); }
    return attach_once(wish);
}

}  // namespace netft::tap
