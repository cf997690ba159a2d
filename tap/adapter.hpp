// Keeps the adapter's kernel state what it should be: link up, MAC, MTU, GSO size, addresses, one
// /32 route per peer; and puts it back when somebody flushes it.
//
// Only objects bound to the adapter are ever touched. Everything goes through rtnetlink (libnl).
// IPv4: the node's address as /32 (scope link) and, for each peer, a /32 route "dev netft0 src own
// scope link". IPv6: fe80::…/64 (nodad); kernel-made addresses and router solicitations are off
// (addr_gen_mode none, accept_ra 0, router_solicitations 0), accept_dad 0. Extra addresses (from
// ipv4_prefix, ipv6_prefix) with their on-link prefix.
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
    std::vector<Prefix> extra;           // further addresses with prefix
    std::vector<IpAddress> peers_ipv4;   // a /32 route each

    bool operator==(const AdapterState&) const = default;
};

class Adapter {
 public:
    static Result<Adapter> open(const std::string& name, std::uint32_t interface_index);
    ~Adapter();
    Adapter(Adapter&&) noexcept;
    Adapter& operator=(Adapter&&) noexcept;

    // Makes the kernel agree with `wanted`; remembers it. Says in `repaired` what had been missing
    // or foreign since the last call ("route 169.254.1.2/32", …), for the log. First call: all new.
    Status apply(const AdapterState& wanted, std::vector<std::string>& repaired);

 private:
    struct Impl;
    explicit Adapter(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace netft::tap
