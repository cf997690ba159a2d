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
            return "the name is taken by an interface that is not a TAP, or by another program's "
                   "TAP "
                   "of several queues: remove that interface, or " +
                   advice;
    }
    return "TUNSETIFF";
}

// `flags`: instead of the wish's.
Result<Descriptor> attach_once(const AttachWish& wish, unsigned flags) {
    Descriptor fd(::open(kTunPath, O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (fd.get() < 0) {
        const int error = errno;
        return fail(std::string(kTunPath) + ": " + std::strerror(error) + tun_path_advice(error),
                    error);
    }
    ifreq request{};
    std::copy(wish.name.begin(), wish.name.end(), request.ifr_name);
    request.ifr_flags = static_cast<short>(flags);
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

Status take_over(const AttachWish& wish, int fd) {
    if (::ioctl(fd, TUNSETPERSIST, 0) == 0) return {};
    return fail_errno(wish.what + " " + wish.name + ": cannot take over the persistent TAP", errno);
}

// Joining a TAP of several queues always succeeds: one that is not persistent has an owner that
// runs.
Status remove_left_queues(const AttachWish& wish) {
    Result<Descriptor> joined = attach_once(wish, wish.flags | IFF_MULTI_QUEUE);
    if (!joined) return tl::unexpected(joined.error());
    if (is_persistent(joined->get())) return take_over(wish, joined->get());
    return fail_errno(wish.what + " " + wish.name + ": " + attach_advice(EBUSY, wish.advice),
                      EBUSY);
}

// A persistent interface goes with its last descriptor, and a new one takes its name.
Status remove_left(const AttachWish& wish) {
    Result<Descriptor> first = attach_once(wish, wish.flags & ~unsigned{IFF_MULTI_QUEUE});
    if (!first && first.error().errno_value == EINVAL) return remove_left_queues(wish);
    if (!first) return tl::unexpected(first.error());
    return is_persistent(first->get()) ? take_over(wish, first->get()) : Status();
}

}  // namespace

Descriptor::~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
}

Result<Descriptor> attach(const AttachWish& wish) {
    if (Status named = check_name(wish); !named) return tl::unexpected(named.error());
    Result<Descriptor> first = attach_once(wish, wish.flags | IFF_TUN_EXCL);
    if (first || first.error().errno_value != EBUSY) return first;
    if (Status removed = remove_left(wish); !removed) return tl::unexpected(removed.error());
    return attach_once(wish, wish.flags | IFF_TUN_EXCL);
}

Result<Descriptor> add_queue_to(const AttachWish& wish) { return attach_once(wish, wish.flags); }

}  // namespace netft::tap
