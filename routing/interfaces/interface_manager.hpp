// IM, the interface manager: which local endpoints exist and which of them can be used now.
//
// PURE. Input: facts about all kernel interfaces, whole lists each time (routing/netlink makes
// them). Output: a stable list of local endpoints. An endpoint that was seen once stays in the list
// when its address, interface or carrier goes away, marked unusable with the reason, so that people
// see what is missing; it leaves only when another address of the same subnet replaces it on the
// same interface, when the settings exclude it, or when a restart forgets it.
//
// Which addresses become endpoints:
//  - every address the configuration lists for this node, wherever it is;
//  - else one per interface that is not excluded, not loopback, not our adapter: the first usable
//    one of: global IPv4, global or unique-local IPv6, IPv6 link-local. A second address on the
//    same interface would be no second path.
// Threads: control only.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "netft/base/address.hpp"
#include "netft/base/ids.hpp"
#include "netft/base/time.hpp"
#include "netft/wire/heartbeat.hpp"

namespace netft::routing {

// What the kernel says of one interface.
struct InterfaceFact {
    std::uint32_t index = 0;
    std::string name;
    std::string kind;  // IFLA_INFO_KIND: "veth", "bridge", "tun", …; empty for a physical NIC
    MacAddress mac;
    std::uint32_t mtu = 0;
    std::uint32_t speed_mbps = 0;  // 0: not known
    bool loopback = false;
    bool admin_up = false;       // IFF_UP
    bool carrier = false;        // IFF_LOWER_UP
    bool default_route = false;  // a default route of either family leaves by it
    // Usable addresses (neither tentative nor failed DAD); link-local ones with scope = index.
    std::vector<Prefix> addresses;

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
    std::uint16_t port = kNetftPort;

    bool operator==(const InterfaceSettings&) const = default;
};

struct LocalEndpoint {
    EndpointId id;
    Endpoint endpoint;  // scope = interface index where link-local
    std::uint8_t prefix_length = 0;
    std::uint32_t interface_index = 0;
    std::string interface;
    std::uint32_t mtu = 0;  // of the interface, bytes of IP packet
    std::uint32_t speed_mbps = 0;
    bool default_route = false;
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

    // In order of id.
    const std::vector<LocalEndpoint>& endpoints() const { return endpoints_; }
    // Takes the next event; nullopt when there is none. At most kEventsMax wait, the oldest go.
    std::optional<InterfaceEvent> poll_event();

    static constexpr std::size_t kEventsMax = 256;

 private:
    InterfaceSettings settings_;
    std::vector<InterfaceFact> facts_;
    std::vector<LocalEndpoint> endpoints_;
    std::vector<InterfaceEvent> events_;
    std::uint16_t next_id_ = 1;
};

}  // namespace netft::routing
