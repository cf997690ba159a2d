#include "tap/adapter.hpp"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>
#include <utility>

#include "tap/kernel_state.hpp"
#include "tap/sysctl.hpp"

namespace netft::tap {

namespace {

constexpr std::uint32_t kIpv6KernelMetric = 256;  // of the prefix routes the kernel makes
constexpr std::uint32_t kSpoiledFlags = IFA_F_DADFAILED | IFA_F_DEPRECATED;

// What keeps the kernel from adding addresses and packets of its own. addr_gen_mode goes through
// netlink, which works where /proc/sys is read-only.
struct Setting {
    const char* key;
    const char* value;
    bool is_required;
};
constexpr std::array kSettings{
    Setting{"disable_ipv6", "0", true},
    Setting{"accept_ra", "0", false},
    Setting{"router_solicitations", "0", false},
    Setting{"accept_dad", "0", false},
};

Prefix without_scope(const Prefix& prefix) {
    return Prefix{prefix.address.with_scope(0), prefix.length};
}

AddressState wanted_address(const Prefix& prefix, std::uint8_t scope, std::uint32_t flags) {
    AddressState out;
    out.prefix = without_scope(prefix);
    out.scope = scope;
    out.flags = flags;
    return out;
}

std::vector<AddressState> wanted_addresses(const AdapterState& wanted, bool with_ipv6) {
    std::vector<AddressState> out;
    if (!wanted.ipv4.is_unspecified()) {
        out.push_back(wanted_address({wanted.ipv4, 32}, RT_SCOPE_LINK, IFA_F_NOPREFIXROUTE));
    }
    if (with_ipv6 && !wanted.ipv6.is_unspecified()) {
        out.push_back(wanted_address({wanted.ipv6, 64}, RT_SCOPE_LINK, IFA_F_NODAD));
    }
    for (const Prefix& prefix : wanted.extra) {
        if (!prefix.address.is_v4() && !with_ipv6) continue;
        const std::uint32_t flags = prefix.address.is_v4() ? 0 : IFA_F_NODAD;
        out.push_back(wanted_address(prefix, RT_SCOPE_UNIVERSE, flags));
    }
    return out;
}

// The kernel makes this one with the address, but it can be flushed alone.
std::optional<RouteState> prefix_route(const AddressState& address) {
    const IpAddress& ip = address.prefix.address;
    if (address.prefix.length == (ip.is_v4() ? 32 : 128)) return {};
    RouteState out;
    out.destination = address.prefix.network();
    if (ip.is_v4()) out.source = ip;
    if (ip.is_v4()) out.scope = RT_SCOPE_LINK;
    if (!ip.is_v4()) out.metric = kIpv6KernelMetric;
    return out;
}

RouteState peer_route(const IpAddress& peer, const IpAddress& own) {
    RouteState out;
    out.destination = Prefix{peer, 32};
    out.source = own;
    out.scope = RT_SCOPE_LINK;
    return out;
}

bool is_as_wanted(const AddressState& have, const AddressState& wanted) {
    if (have.prefix != wanted.prefix || (have.flags & kSpoiledFlags) != 0) return false;
    return !have.prefix.address.is_v4() || have.scope == wanted.scope;
}

template <class Range, class Predicate>
bool any_of(const Range& range, Predicate predicate) {
    return std::any_of(range.begin(), range.end(), predicate);
}

}  // namespace

struct Adapter::Impl {
    std::string name;
    KernelState kernel;
    bool with_ipv6 = true;
    std::set<std::string> failing = {};       // what could not be done last time, and was said
    std::set<IpAddress> own = {};             // all we ever asked for and may have to take back
    std::vector<IpAddress> others = {};       // addresses left alone
    std::set<std::string> said = {};          // what is reported once, not at every repair
    std::vector<std::string>* log = nullptr;  // of the running apply()
    std::optional<Error> first_error = std::nullopt;

    // Goes on after a failure, so that one bad route does not cost the others.
    bool did(const std::string& what, const Status& status) {
        if (status) {
            failing.erase(what);
            log->push_back(what);
        } else if (failing.insert(what).second && !first_error) {
            first_error =
                Error{name + ": " + what + ": " + status.error().what, status.error().errno_value};
        }
        return status.has_value();
    }
    void say_once(const std::string& what) {
        if (said.insert(what).second) log->push_back(what);
    }

    Status run(const AdapterState& wanted);
    void repair_link(const LinkState& link, const AdapterState& wanted);
    void repair_settings(const std::string& interface);
    void repair_setting(const std::string& interface, const Setting& setting);
    Status repair_addresses(const std::vector<AddressState>& wanted);
    bool is_foreign(const AddressState& have, const std::vector<AddressState>& wanted) const;
    Status repair_routes(const AdapterState& wanted, const std::vector<AddressState>& addresses);
    void repair_peer_route(const RouteState& wanted, const std::vector<RouteState>& have);
    void add_route(const RouteState& route);
};

void Adapter::Impl::repair_link(const LinkState& link, const AdapterState& wanted) {
    LinkChange mac;
    if (link.mac != wanted.mac) mac.mac = wanted.mac;
    if (mac.mac) did("MAC " + wanted.mac.to_string(), kernel.change_link(mac));

    LinkChange mtu;
    if (link.mtu != wanted.mtu) mtu.mtu = wanted.mtu;
    if (mtu.mtu) did("MTU " + std::to_string(wanted.mtu), kernel.change_link(mtu));

    const std::uint32_t size = wanted.gso_max_size;
    if (size == 0) return;
    const bool differs = link.gso_max_size != size || link.gso_ipv4_max_size.value_or(size) != size;
    LinkChange gso;
    gso.gso_max_size = size;
    if (link.gso_ipv4_max_size) gso.gso_ipv4_max_size = size;
    if (differs) did("GSO size " + std::to_string(size), kernel.change_link(gso));
}

void Adapter::Impl::repair_setting(const std::string& interface, const Setting& setting) {
    const Result<std::string> have = read_sysctl(interface, setting.key);
    if (have && *have == setting.value) return;
    const Status written = write_sysctl(interface, setting.key, setting.value);
    const std::string what = std::string(setting.key) + " = " + setting.value;
    const bool is_refused =
        !written && (written.error().errno_value == EROFS || written.error().errno_value == EACCES);
    if (written || (setting.is_required && !is_refused)) {
        did(what, written);
    } else {
        say_once("could not set " + what + " (" + written.error().what + ")");
    }
}

void Adapter::Impl::repair_settings(const std::string& interface) {
    for (const Setting& setting : kSettings) repair_setting(interface, setting);
    const Result<std::string> mode = read_sysctl(interface, "addr_gen_mode");
    if (mode && *mode == "1") return;
    did("addr_gen_mode none", kernel.set_addr_gen_mode_none());
}

// Link-local addresses that are not ours were made by the kernel or a zero-configuration daemon and
// would be chosen as source addresses; an administrator's other addresses are left alone.
bool Adapter::Impl::is_foreign(const AddressState& have,
                               const std::vector<AddressState>& wanted) const {
    const auto is_this = [&](const AddressState& one) { return is_as_wanted(have, one); };
    if (any_of(wanted, is_this)) return false;
    const IpAddress& address = have.prefix.address;
    return address.is_link_local() || own.count(address) != 0;
}

Status Adapter::Impl::repair_addresses(const std::vector<AddressState>& wanted) {
    Result<std::vector<AddressState>> have = kernel.addresses();
    if (!have) return with_context(name + ": addresses", have.error());
    for (const AddressState& address : wanted) own.insert(address.prefix.address);
    others.clear();
    for (const AddressState& one : *have) {
        const auto is_this = [&](const AddressState& other) { return is_as_wanted(one, other); };
        if (!is_foreign(one, wanted)) {
            const bool is_usable = (one.flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) == 0;
            if (!any_of(wanted, is_this) && is_usable) others.push_back(one.prefix.address);
            continue;
        }
        did("foreign address " + one.prefix.to_string() + " removed", kernel.remove(one));
    }
    for (const AddressState& one : wanted) {
        const auto is_this = [&](const AddressState& other) { return is_as_wanted(other, one); };
        if (any_of(*have, is_this)) continue;
        did("address " + one.prefix.to_string(), kernel.add(one));
    }
    return {};
}

void Adapter::Impl::add_route(const RouteState& route) {
    const Status added = kernel.add(route);
    if (!added && added.error().errno_value == EEXIST) {
        const char* advice = "another interface has a route to exactly this: remove it";
        did("route " + route.destination.to_string(), fail(advice, EEXIST));
        return;
    }
    did("route " + route.destination.to_string(), added);
}

void Adapter::Impl::repair_peer_route(const RouteState& wanted,
                                      const std::vector<RouteState>& have) {
    bool is_there = false;
    for (const RouteState& one : have) {
        if (one == wanted) is_there = true;
        const bool is_in_the_way =
            one.destination == wanted.destination && one.metric == wanted.metric && one != wanted;
        if (!is_in_the_way) continue;
        did("foreign route " + one.destination.to_string() + " removed", kernel.remove(one));
    }
    if (!is_there) add_route(wanted);
}

Status Adapter::Impl::repair_routes(const AdapterState& wanted,
                                    const std::vector<AddressState>& addresses) {
    Result<std::vector<RouteState>> have = kernel.routes();
    if (!have) return with_context(name + ": routes", have.error());
    std::set<Prefix> needed;
    for (const IpAddress& peer : wanted.peers_ipv4) {
        needed.insert(Prefix{peer, 32});
        repair_peer_route(peer_route(peer, wanted.ipv4), *have);
    }
    for (const AddressState& address : addresses) {
        const std::optional<RouteState> route = prefix_route(address);
        if (!route || !needed.insert(route->destination).second) continue;
        const auto leads_there = [&](const RouteState& one) {
            return one.on_link && one.destination == route->destination;
        };
        if (!any_of(*have, leads_there)) add_route(*route);
    }
    for (const RouteState& one : *have) {
        if (one.protocol != kRouteProtocol || needed.count(one.destination) != 0) continue;
        did("old route " + one.destination.to_string() + " removed", kernel.remove(one));
    }
    return {};
}

// In the order in which one thing rests on the other: an address needs the link, a route its
// source.
Status Adapter::Impl::run(const AdapterState& wanted) {
    const Result<LinkState> link = kernel.link();
    if (!link && link.error().errno_value == ENODEV) {
        return fail(name + ": the interface is gone", ENODEV);
    }
    if (!link) return with_context(name, link.error());
    repair_link(*link, wanted);
    with_ipv6 = tap::has_ipv6(link->name);
    if (with_ipv6) repair_settings(link->name);
    // Where /proc/sys cannot be written it stays as it is.
    const Result<std::string> off = read_sysctl(link->name, "disable_ipv6");
    if (off && *off == "1") with_ipv6 = false;
    if (!with_ipv6) say_once("no IPv6: off in this kernel, or the MTU is below 1280");
    if (!link->is_up) did("link up", kernel.set_up());
    const std::vector<AddressState> addresses = wanted_addresses(wanted, with_ipv6);
    if (Status done = repair_addresses(addresses); !done) return done;
    return repair_routes(wanted, addresses);
}

Adapter::Adapter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Adapter::~Adapter() = default;
Adapter::Adapter(Adapter&&) noexcept = default;
Adapter& Adapter::operator=(Adapter&&) noexcept = default;

Result<Adapter> Adapter::open(const std::string& name, std::uint32_t interface_index) {
    Result<Rtnl> rtnl = Rtnl::open();
    if (!rtnl) return with_context("adapter " + name, rtnl.error());
    return Adapter(
        std::make_unique<Impl>(Impl{name, KernelState(std::move(*rtnl), interface_index)}));
}

const std::vector<IpAddress>& Adapter::others() const { return impl_->others; }
bool Adapter::has_ipv6() const { return impl_->with_ipv6; }
Status Adapter::apply(const AdapterState& wanted, std::vector<std::string>& repaired) {
    repaired.clear();
    impl_->log = &repaired;
    impl_->first_error.reset();
    const Status done = impl_->run(wanted);
    impl_->log = nullptr;
    if (!done) return done;
    if (impl_->first_error) return tl::unexpected(*impl_->first_error);
    return {};
}

}  // namespace netft::tap
