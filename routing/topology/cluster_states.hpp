// TM's states of networks and interfaces, as all nodes together see them. PURE.
//
// An interface whose own node says why it cannot be used has failed; one that misses only failed
// ones is up, so that a dead one does not make all others look ill. A node that nobody reaches has
// interfaces that are unavailable, and they count for no network.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "routing/topology/cluster_view.hpp"

namespace netft::routing {

enum class NetworkState : std::uint8_t {
    up,           // all who are on it talk
    partitioned,  // some pair of nodes cannot talk on it
    down,         // nobody talks on it
    unavailable,  // fewer than two living nodes are on it
    unknown,      // nobody says anything of it
};
enum class InterfaceState : std::uint8_t {
    up,
    unreachable,  // misses at least one that has not failed
    failed,       // talks to nobody
    unavailable,  // nobody reaches its node
    unknown,
};
std::string_view to_string(NetworkState state);
std::string_view to_string(InterfaceState state);

struct NetworkStatus {
    std::string name;
    NetworkState state = NetworkState::unknown;
    std::vector<std::string> apart;  // "n1 – n2": the pairs that cannot talk, at most kApartMax

    bool operator==(const NetworkStatus&) const = default;
};

struct InterfaceStatus {
    std::string node;
    std::string name;
    std::string address;
    std::string network;
    InterfaceState state = InterfaceState::unknown;
    Diagnostic reason = Diagnostic::none;  // its own, where one is known
    std::vector<std::string> misses;       // nodes

    bool operator==(const InterfaceStatus&) const = default;
};

struct ClusterStates {
    std::vector<NetworkStatus> networks;      // by name
    std::vector<InterfaceStatus> interfaces;  // by network, node, address

    bool operator==(const ClusterStates&) const = default;
};

constexpr std::size_t kApartMax = 16;

ClusterStates states_of(const ClusterView& view);

}  // namespace netft::routing
