// What the configuration file says, as values: the input of the coordinator.
//
// PURE. netft/control/config reads the file, checks it, derives the virtual addresses and gives
// this; nothing below knows of TOML.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "netft/base/address.hpp"
#include "netft/base/assert.hpp"
#include "netft/base/ids.hpp"
#include "netft/base/secret.hpp"
#include "netft/base/time.hpp"
#include "netft/core/damping.hpp"
#include "netft/core/device_string.hpp"
#include "netft/core/policy.hpp"
#include "netft/wire/opening.hpp"
#include "routing/interfaces/interface_manager.hpp"
#include "routing/topology/topology_manager.hpp"

namespace netft::core {

// What seals datagrams.
enum class CryptoKind : std::uint8_t { automatic, aesni_gcm, openssl };

enum class PortKind : std::uint8_t { socket, af_packet, af_xdp };

// [node.port] devices: a NIC that netft takes from the kernel, or a virtual device of DPDK.
struct PortDevice {
    std::string interface;  // the exception TAP, which the kernel has instead
    DeviceString device;
    std::vector<Prefix> addresses;  // netftd gives the TAP these; others may be put there, too

    bool operator==(const PortDevice&) const = default;
};

// [worker] count and cores, or [node.worker].
struct WorkerCount {
    std::uint16_t count = 1;           // 0: "auto"
    std::vector<std::uint16_t> cores;  // of the first workers; those beyond float

    bool operator==(const WorkerCount&) const = default;
};

// [[node]].
struct NodeSettings {
    std::string name;
    PublicKey public_key{};
    std::vector<routing::ConfiguredEndpoint> endpoints;
    IpAddress ipv4;                    // virtual, derived, collisions resolved
    IpAddress ipv6;                    // virtual, derived
    bool ipv4_moved = false;           // a collision made it take its second or later choice
    MacAddress mac;                    // of its adapter, derived from the key; zero: not known
    std::optional<Prefix> extra_ipv4;  // from [adapter] ipv4_prefix
    std::optional<Prefix> extra_ipv6;  // from [adapter] ipv6_prefix
    std::vector<IpAddress> chosen;     // of these, those that `address` names
    std::vector<Prefix> allowed;       // what else it may send from
    PortKind port = PortKind::socket;  // [node.port] kind
    std::vector<PortDevice> port_devices;

    // [node.traffic]: for what it sends and what is sent to it.
    std::optional<TrafficRule> traffic;
    std::optional<WorkerCount> workers;  // [node.worker]

    bool operator==(const NodeSettings&) const = default;
};

// A place in Settings::nodes, of these settings and no others: a reload may move every node. Who is
// meant over reloads is a PeerId.
using NodeIndex = StrongId<struct NodeIndexTag, std::uint16_t>;

constexpr std::size_t kClusterKeysMax = 2;

struct Settings {
    std::string cluster;
    ClusterId cluster_id{};
    SecurityMode security = SecurityMode::encrypt;
    // At most kClusterKeysMax; the first is the one we answer with, all are accepted. Empty: 32
    // zero bytes (the node keys alone keep strangers out).
    std::vector<Secret32> cluster_keys;
    CryptoKind crypto = CryptoKind::automatic;               // [security] crypto
    Duration rekey_after = 120s;                             // [security] rekey
    std::uint64_t rekey_datagrams = std::uint64_t{1} << 36;  // not in the file: for tests
    std::string adapter_name = "netft0";
    std::optional<std::uint16_t> adapter_mtu;  // nullopt: "auto"
    std::uint32_t rule_priority = 1;           // [adapter] rule_priority
    std::vector<Prefix> floating;  // [adapter] floating: what any node may send from and take over
    std::uint16_t port = kNetftPort;
    routing::TopologySettings topology;  // heartbeats and networks
    std::vector<std::string> exclude_interfaces;
    TrafficRule traffic;                // [traffic]
    std::vector<TrafficClass> classes;  // [[traffic.class]], in the order of the file
    Duration hold_down = 5s;            // [traffic] hold_down
    bool relay = true;                  // [traffic] relay
    DampingRule damping;                // [damping]
    Duration spin = 200us;              // [worker] spin: how long a busy worker spins at most
    WorkerCount workers;                // [worker] count and cores
    std::vector<NodeSettings> nodes;
    NodeIndex self;  // our place in nodes

    const NodeSettings& self_node() const {
        NETFT_ASSERT(self.value < nodes.size());
        return nodes[self.value];
    }

    // What holds for traffic from us to a peer: its own rule, else ours, else the cluster's.
    const TrafficRule& traffic_to(const NodeSettings& peer) const {
        if (peer.traffic) return *peer.traffic;
        return self_node().traffic ? *self_node().traffic : traffic;
    }

    const WorkerCount& own_workers() const {
        const auto& own = self_node().workers;
        return own ? *own : workers;
    }

    bool operator==(const Settings&) const = default;
};

}  // namespace netft::core
