#include "tap/exception_tap.hpp"

#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

#include "tap/kernel_state.hpp"

namespace netft::tap {

namespace {

Result<KernelState> kernel_state(std::uint32_t index) {
    Result<Rtnl> rtnl = Rtnl::open();
    if (!rtnl) return tl::unexpected(rtnl.error());
    return KernelState(std::move(*rtnl), index);
}

}  // namespace

Result<ExceptionTap> ExceptionTap::open(const ExceptionTapSettings& settings) {
    Result<Descriptor> fd = attach({.what = "exception TAP",
                                    .name = settings.name,
                                    .advice = "give the device another name in [node.port]",
                                    .flags = IFF_TAP | IFF_NO_PI});
    if (!fd) return tl::unexpected(fd.error());
    const unsigned index = ::if_nametoindex(settings.name.c_str());
    if (index == 0) return fail_errno("exception TAP " + settings.name, errno);
    ExceptionTap tap(std::move(*fd), settings.name, index);
    if (Status done = tap.set_up(settings); !done)
        return with_context("exception TAP " + settings.name, done.error());
    return tap;
}

Status ExceptionTap::set_up(const ExceptionTapSettings& settings) {
    Result<KernelState> kernel = kernel_state(index_);
    if (!kernel) return tl::unexpected(kernel.error());
    LinkChange change{.mac = {}, .mtu = settings.mtu, .gso_max_size = {}, .gso_ipv4_max_size = {}};
    if (!settings.mac.is_zero()) change.mac = settings.mac;
    if (Status done = kernel->change_link(change); !done)
        return with_context("MAC and MTU", done.error());
    Result<LinkState> link = kernel->link();
    if (!link) return tl::unexpected(link.error());
    mac_ = link->mac;
    if (Status done = set_carrier(false); !done) return done;
    if (Status done = kernel->set_up(); !done) return with_context("set up", done.error());
    return add_addresses(settings.addresses);
}

Status ExceptionTap::add_addresses(const std::vector<Prefix>& addresses) {
    Result<KernelState> kernel = kernel_state(index_);
    if (!kernel) return tl::unexpected(kernel.error());
    for (const Prefix& address : addresses) {
        Status done = kernel->add(AddressState{.prefix = address});
        if (!done && done.error().errno_value != EEXIST)
            return with_context("address " + address.to_string(), done.error());
    }
    return {};
}

Status ExceptionTap::set_carrier(bool is_up) {
    int carrier = is_up ? 1 : 0;
    if (::ioctl(fd_.get(), TUNSETCARRIER, &carrier) == 0) return {};
    return fail_errno("TUNSETCARRIER", errno);
}

std::ptrdiff_t ExceptionTap::read(MutableBytes room) const {
    const ssize_t size = ::read(fd_.get(), room.data(), room.size());
    if (size < 0) return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    return size;
}

std::ptrdiff_t ExceptionTap::write(std::span<const iovec> frame) const {
    const ssize_t size = ::writev(fd_.get(), frame.data(), static_cast<int>(frame.size()));
    return size >= 0 ? size : -errno;
}

}  // namespace netft::tap
