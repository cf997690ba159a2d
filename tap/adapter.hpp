// Keeps the adapter's kernel state what it should be: link up, MAC, MTU, GSO size, addresses, one
// /32 route per peer; and puts it back when somebody flushes it.
//
// Only objects bound to the adapter are ever touched. Everything goes through rtnetlink (libnl),
// and through /proc/sys/net/ipv6 where there is no attribute for it. IPv4: the node's address as
// /32 (scope link) and, for each peer, a /32 route "dev netft0 proto 143 src own scope link".
// IPv6: fe80::…/64 (nodad) with the prefix route that the kernel makes of it; kernel-made
// addresses and router solicitations are off (addr_gen_mode none, accept_ra 0,
// router_solicitations 0), accept_dad 0. Extra addresses (from ipv4_prefix, ipv6_prefix) with
// their on-link prefix.
//
// Foreign, and removed: link-local addresses that are not ours (made by the kernel or by a zero-
// configuration daemon), addresses that an earlier apply() had asked for, routes of protocol 143
// that are no longer wanted, and routes on the adapter that stand where one of ours belongs.
// Other addresses and routes that an administrator puts on the adapter are left alone. Limits:
// below an MTU of 1280, and where the kernel has IPv6 off, the IPv6 part is left out.
//
// Threads: control only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "netft/base/address.hpp"
#include "netft/base/result.hpp"

namespace netft::tap {

struct AdapterState {
    MacAddress mac;
    std::uint16_t mtu = 1400;
    // Longest packet the kernel may hand over unsegmented; 0: leave the kernel's default.
    std::uint32_t gso_max_size = 0;
    IpAddress ipv4;
    IpAddress ipv6;
    std::vector<Prefix> extra;          // further addresses with prefix
    std::vector<IpAddress> peers_ipv4;  // a /32 route each

    bool operator==(const AdapterState&) const = default;
};

class Adapter {
 public:
    static Result<Adapter> open(const std::string& name, std::uint32_t interface_index);
    ~Adapter();
    Adapter(Adapter&&) noexcept;
    Adapter& operator=(Adapter&&) noexcept;

    // Makes the kernel agree with `wanted`, whole in one call, whatever is missing. Says in
    // `repaired` what was done for it ("route 169.254.1.2/32", …), for the log; empty: nothing was
    // missing or foreign. The first call does, and names, everything. A failure does not keep it
    // from doing the rest; the first one is returned. ENODEV: the interface itself is gone.
    Status apply(const AdapterState& wanted, std::vector<std::string>& repaired);
    // What else was on the interface at the last apply(): an administrator's, or a floating
    // address that a cluster manager has put there.
    const std::vector<IpAddress>& others() const;
    // Whether the kernel does IPv6 on it: not where that is off, or the MTU is below 1280.
    bool has_ipv6() const;

 private:
    struct Impl;
    explicit Adapter(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace netft::tap
