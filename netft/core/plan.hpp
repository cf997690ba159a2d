// The plan: all that control has decided for the data path, as one immutable value.
//
// PURE. Control builds a plan and publishes it; the engine reconciles itself with each new one.
// Nothing in it changes after publication. Written by control, read by the worker.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "netft/base/address.hpp"
#include "netft/base/ids.hpp"
#include "netft/base/time.hpp"
#include "netft/base/timing.hpp"
#include "netft/core/damping.hpp"
#include "netft/core/inner_addresses.hpp"
#include "netft/core/policy.hpp"
#include "netft/session/keys.hpp"
#include "netft/wire/header.hpp"
#include "netft/wire/heartbeat.hpp"
#include "netft/wire/opening.hpp"

namespace netft::core {

// One session with a peer. A peer has at most kSessionsMax at a time: the one in use, one that it
// has not shown yet, and an old one still received.
struct PlanSession {
    SessionIndex local;             // what the peer writes into its headers
    SessionIndex remote;            // what we write into ours
    std::uint64_t incarnation = 0;  // the peer's; another one means that it restarted
    // We may send on it: we opened it and got the answer, or the peer has shown it.
    bool confirmed = false;
    std::uint64_t serial = 0;      // rises; the newest confirmed or shown session is sent on
    session::SessionKeysPtr keys;  // nullptr in security mode none

    bool operator==(const PlanSession&) const = default;
};
constexpr std::size_t kSessionsMax = 3;

struct PlanPeer {
    PeerId id;
    std::string name;
    MacAddress mac;  // of its adapter; zero until its card has come
    // What ARP and ND say until then: frames to it reach us and get their "unreachable" at once,
    // and what the kernel has cached is still good when the card comes.
    MacAddress alias;
    IpAddress ipv4;
    IpAddress ipv6;
    SharedAddresses others;
    std::vector<PlanSession> sessions;  // newest last
    TrafficRule traffic;
    // Rises when its routes are to be free of all that damping has counted.
    std::uint32_t undamped = 0;

    bool operator==(const PlanPeer&) const = default;
};

struct PlanRoute {
    RouteId id;
    PeerId peer;
    EndpointId local;
    Endpoint local_endpoint;
    Endpoint remote;
    Timing timing;
    std::uint32_t priority = 0;  // lower is preferred
    std::uint16_t mtu = 0;
    bool admin_up = true;
    bool usable = true;                    // interface, address, carrier and far end are there
    Diagnostic reason = Diagnostic::none;  // why not usable

    bool operator==(const PlanRoute&) const = default;
};

// Where datagrams come from and go to that a relay carries: of the endpoint that no interface has
// to the peer's virtual address.
constexpr EndpointId kRelayedEndpoint{0xffff};
inline Endpoint relayed_endpoint(const IpAddress& virtual_ipv6) {
    return {virtual_ipv6.with_scope(0), kNetftPort};
}

struct PlanAdapter {
    MacAddress mac;
    IpAddress ipv4;
    IpAddress ipv6;

    bool operator==(const PlanAdapter&) const = default;
};

// All of a plan but peers and routes.
struct PlanSettings {
    std::uint64_t version = 0;
    PlanAdapter adapter;
    // Largest UDP payload of a data datagram, all routes considered (IP and UDP header off).
    std::uint16_t datagram_bytes_max = 1452;
    std::vector<TrafficClass> classes;  // the first that matches
    // How long a better route must have been up before traffic returns to it.
    Duration hold_down = 5s;
    DampingRule damping;
    // [traffic] relay: a third node carries what no direct route does; and we do so for others.
    bool relay = true;
    SecurityMode security = SecurityMode::none;
    // Datagrams sealed with one key after which control is told (SessionWorn), and after so many
    // times that once more, that the key is good for nothing any longer.
    static constexpr std::uint64_t kRekeysToEnd = 4;
    std::uint64_t rekey_datagrams = std::uint64_t{1} << 36;

    // Bytes behind the payload of every heartbeat, data and control datagram.
    std::uint16_t tag_bytes() const {
        return security == SecurityMode::none ? 0 : static_cast<std::uint16_t>(kTagSize);
    }

    bool operator==(const PlanSettings&) const = default;
};

struct Plan : PlanSettings {
    std::shared_ptr<const InnerAddresses> inner = std::make_shared<InnerAddresses>();
    std::vector<PlanPeer> peers;
    std::vector<PlanRoute> routes;
};

}  // namespace netft::core
