// IM, the interface manager: which local endpoints exist and which of them can be used now.
//
// PURE. Input: facts about all kernel interfaces, whole lists each time (routing/netlink makes
// them). Output: a stable list of local endpoints.
// Parts: choose (which addresses), describe (lines for the log), this file (ids and memory).
//
// Which addresses become endpoints
//  - Every address the configuration lists for this node, wherever it is (an excluded interface
//    and a foreign TUN/TAP included; loopback and our own adapter never). One that is on no
//    interface is listed too: unusable, prefix_length 0 (not known), interface empty or the one
//    named.
//  - On every other interface that is neither excluded nor of another overlay (TUN/TAP, VXLAN,
//    WireGuard, …; but the TAPs of captured NICs are taken) nor a bridge of containers alone, one:
//    the first of global IPv4, global or unique-local IPv6, IPv6 link-local. A second address on
//    the same interface would be no second path. Within a kind the interface's own comes before
//    deprecated ones, before those lent to it (a virtual IP: /32 or /128 beside another) and
//    secondary ones; then who was an endpoint first; then permanent ones; then the older. So a
//    virtual IP that stood in for a while gives the place back.
//  - Never by choice: 169.254.0.0/16 (virtual addresses of this and other nodes live there).
//
// What stays. An endpoint that was seen once stays listed when its address, interface or carrier
// goes away, unusable with the reason, so that people see what is missing. The reason is the most
// basic one: interface gone, set down, carrier lost, address gone (`ip link set down` takes IPv6
// addresses along; the reason then is the former). While an interface is down or without carrier
// its speed and default route are remembered, so that metrics do not change with the carrier.
// An endpoint leaves the list when
//  - its address is still there but another one is now chosen on the interface (a better kind, or
//    a configured one);
//  - it was on an interface over another one (VLAN, macvlan) that is deleted, and is not
//  configured;
//  - its address is gone and one of the same subnet is chosen on the same interface. One of
//    another subnet does not replace it: both are listed. A /32 or /128 that is gone is not missed
//    where the interface has another endpoint;
//  - the settings exclude its interface, no longer list it, or change the port;
//  - more than kMissingMax unconfigured endpoints are missing: the oldest go;
//  - the daemon restarts.
//
// Identity. An endpoint is its address and port, so it keeps its id when the interface is renamed,
// comes back with another index, or when the address moves to another interface; interface,
// interface_index and scope follow. A link-local one is also its interface, known by index or name.
// Threads: control only.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "netft/base/address.hpp"
#include "netft/base/ids.hpp"
#include "netft/base/time.hpp"
#include "netft/wire/heartbeat.hpp"

namespace netft::routing {

// An address of an interface, and what the kernel says of it.
struct OwnAddress : Prefix {
    OwnAddress(const Prefix& prefix) : Prefix(prefix) {}
    OwnAddress(const IpAddress& own, std::uint8_t bits) : Prefix{own, bits} {}

    // The other end of a point-to-point link: what both ends have is no subnet, but the link.
    std::optional<IpAddress> peer;
    bool deprecated = false;  // not to be used for anything new
    bool secondary = false;   // IPv4: another one of its subnet was there first
    bool dynamic = false;     // it has a lifetime (DHCP, router advertisement)

    bool operator==(const OwnAddress&) const = default;
};

// What the kernel says of one interface.
struct InterfaceFact {
    std::uint32_t index = 0;
    std::uint32_t master = 0;  // index of the bridge, bond, … whose port it is; 0: none
    std::uint32_t lower = 0;   // index of what it runs over (VLAN, macvlan, tunnel); 0: none
    std::string name;
    std::string kind;  // IFLA_INFO_KIND: "veth", "bridge", "tun", …; empty for a physical NIC
    MacAddress mac;
    std::uint32_t mtu = 0;
    std::uint32_t speed_mbps = 0;  // 0: not known
    bool loopback = false;
    bool admin_up = false;       // IFF_UP
    bool carrier = false;        // IFF_LOWER_UP
    bool default_route = false;  // a default route of either family leaves by it
    bool strict_filter = false;  // rp_filter = 1: what the FIB would not send out here is dropped
    // Usable addresses (neither tentative nor failed DAD), the oldest first; link-local ones with
    // scope = index.
    std::vector<OwnAddress> addresses;

    bool operator==(const InterfaceFact&) const = default;
};

// An address the configuration lists for this node. `interface` is given for link-local ones
// ("fe80::1%eth0") and empty for the rest.
struct ConfiguredEndpoint {
    Endpoint endpoint;
    std::string interface;

    bool operator==(const ConfiguredEndpoint&) const = default;
};

struct InterfaceSettings {
    std::string adapter_name = "netft0";
    std::vector<std::string> exclude;  // shell globs (fnmatch) of interface names
    std::vector<ConfiguredEndpoint> configured;
    // Exception TAPs of NICs that netft has taken: eligible, whatever their kind and name.
    std::vector<std::string> captured;
    std::uint16_t port = kNetftPort;

    bool operator==(const InterfaceSettings&) const = default;
};

struct LocalEndpoint {
    EndpointId id;
    Endpoint endpoint;               // scope = interface index where link-local
    std::uint8_t prefix_length = 0;  // 0: not known (configured, never seen)
    std::uint32_t interface_index = 0;
    std::string interface;
    std::uint32_t mtu = 0;  // of the interface, bytes of IP packet
    std::uint32_t speed_mbps = 0;
    bool default_route = false;
    bool strict_filter = false;
    std::string nic;  // the interface below it, with which it dies; empty: itself
    bool configured = false;
    bool usable = false;
    Diagnostic reason = Diagnostic::none;  // why not usable

    bool operator==(const LocalEndpoint&) const = default;
};

// A line for the log: what changed, for people.
struct InterfaceEvent {
    std::string interface;
    std::string what;  // "carrier lost", "address 10.0.0.1/24 gone", "mtu 1500 -> 9000", …
};

class InterfaceManager {
 public:
    explicit InterfaceManager(InterfaceSettings settings);

    // Both give true when endpoints() is no longer what it was.
    bool handle_facts(TimePoint now, std::span<const InterfaceFact> facts);
    bool handle_settings(TimePoint now, InterfaceSettings settings);

    // The interface may have an endpoint: by choice, or because the configuration names an address
    // that it has.
    bool may_use(const InterfaceFact& fact) const;

    // In order of id.
    const std::vector<LocalEndpoint>& endpoints() const { return endpoints_; }
    // Takes the next event; nullopt when there is none. At most kEventsMax wait, the oldest go.
    std::optional<InterfaceEvent> poll_event();

    static constexpr std::size_t kEventsMax = 256;
    static constexpr std::size_t kMissingMax = 16;

 private:
    bool refresh();
    std::vector<LocalEndpoint> work_out();
    void keep_events(std::vector<InterfaceEvent> events);

    InterfaceSettings settings_;
    std::vector<InterfaceFact> facts_;
    std::vector<LocalEndpoint> endpoints_;
    std::deque<InterfaceEvent> events_;
    std::uint16_t next_id_ = 1;  // 0: all given away; new addresses are then ignored
};

}  // namespace netft::routing
