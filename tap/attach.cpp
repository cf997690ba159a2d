#include "tap/attach.hpp"

#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "tap/rtnl.hpp"

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

nlattr* find_in(nlattr* nest, int type) {
    if (nest == nullptr) return nullptr;
    return nla_find(static_cast<nlattr*>(nla_data(nest)), nla_len(nest), type);
}

struct QueuedTap {
    bool is_persistent = false;
    bool is_held = false;  // by somebody, attached or not
};

// nullopt: that is no TAP of several queues, or the kernel is too old to say (before 4.17).
std::optional<QueuedTap> parse_queued_tap(const Message& message) {
    nlattr* info = nlmsg_find_attr(nlmsg_hdr(message.get()), sizeof(ifinfomsg), IFLA_LINKINFO);
    nlattr* kind = find_in(info, IFLA_INFO_KIND);
    nlattr* data = find_in(info, IFLA_INFO_DATA);
    if (kind == nullptr || nla_strcmp(kind, "tun") != 0) return {};
    nlattr* type = find_in(data, IFLA_TUN_TYPE);
    nlattr* persistent = find_in(data, IFLA_TUN_PERSIST);
    nlattr* queues = find_in(data, IFLA_TUN_NUM_QUEUES);  // there are several
    nlattr* detached = find_in(data, IFLA_TUN_NUM_DISABLED_QUEUES);
    if (type == nullptr || persistent == nullptr || queues == nullptr || detached == nullptr)
        return {};
    if (nla_get_u8(type) != IFF_TAP) return {};
    return QueuedTap{nla_get_u8(persistent) != 0, nla_get_u32(queues) + nla_get_u32(detached) > 0};
}

std::optional<QueuedTap> find_queued_tap(const std::string& name) {
    ifinfomsg header{};
    header.ifi_index = static_cast<int>(::if_nametoindex(name.c_str()));
    Result<Rtnl> rtnl = Rtnl::open();
    if (!rtnl || header.ifi_index == 0) return {};
    const auto answers = rtnl->query(make_message(RTM_GETLINK, 0, header));
    if (!answers) return {};
    for (const Message& answer : *answers)
        if (auto found = parse_queued_tap(answer)) return found;
    return {};
}

// Joining a TAP of several queues always succeeds, and frames come to whoever has joined: so
// somebody else's is not even tried.
Status remove_left_queues(const AttachWish& wish) {
    const std::optional<QueuedTap> found = find_queued_tap(wish.name);
    if (found && (found->is_held || !found->is_persistent))
        return fail_errno(wish.what + " " + wish.name + ": " + attach_advice(EBUSY, wish.advice),
                          EBUSY);
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
