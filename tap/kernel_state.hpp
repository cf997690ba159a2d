// What the kernel holds for one interface, read and written through rtnetlink. Every function is
// bound to the interface index it is given: nothing else can be reached through here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "netft/base/address.hpp"
#include "netft/base/result.hpp"
#include "tap/rtnl.hpp"

namespace netft::tap {

// rtm_protocol of the routes that netft makes: a value of its own above those the kernel and
// /etc/iproute2/rt_protos give a name, so that `ip route show proto 143` lists them.
constexpr std::uint8_t kRouteProtocol = 143;

struct LinkState {
    std::string name;
    MacAddress mac;
    std::uint32_t mtu = 0;
    bool is_up = false;
    std::uint32_t gso_max_size = 0;
    std::optional<std::uint32_t> gso_ipv4_max_size;  // kernels since 6.3
};

// What is to be changed of a link.
struct LinkChange {
    std::optional<MacAddress> mac;
    std::optional<std::uint32_t> mtu;
    std::optional<std::uint32_t> gso_max_size;
    std::optional<std::uint32_t> gso_ipv4_max_size;
};

struct AddressState {
    Prefix prefix;            // the address with its prefix length, no scope id
    std::uint8_t scope = 0;   // RT_SCOPE_…; the kernel's own choice for IPv6
    std::uint32_t flags = 0;  // IFA_F_…
};

// A unicast route of the main table to the interface itself, without a gateway where on_link.
struct RouteState {
    Prefix destination;
    std::optional<IpAddress> source;
    std::uint8_t scope = 0;
    std::uint8_t protocol = kRouteProtocol;
    std::uint32_t metric = 0;
    bool on_link = true;

    bool operator==(const RouteState&) const = default;
};

class KernelState {
 public:
    KernelState(Rtnl rtnl, std::uint32_t index) : rtnl_(std::move(rtnl)), index_(index) {}

    // ENODEV: the interface is gone.
    Result<LinkState> link();
    Result<std::vector<AddressState>> addresses();
    Result<std::vector<RouteState>> routes();

    Status change_link(const LinkChange& change);
    // IPv6: make no address by itself.
    Status set_addr_gen_mode_none();
    Status set_up();
    Status add(const AddressState& address);
    Status remove(const AddressState& address);
    // EEXIST: an IPv4 route of another interface has the same destination and metric.
    Status add(const RouteState& route);
    Status remove(const RouteState& route);

 private:
    Status routes_of(Family family, std::vector<RouteState>& out);

    Rtnl rtnl_;
    std::uint32_t index_;
};

}  // namespace netft::tap
