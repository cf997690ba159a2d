// What people should know of how a peer is joined to us. PURE.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "routing/topology/plumbing.hpp"

namespace netft::routing {

// nullopt: nothing to complain about. `from_card`: all of the peer's endpoints are known; else only
// a complete lack of routes is worth a word.
std::optional<std::string> find_warning(const std::string& peer, bool from_card,
                                        std::span<const End> local, std::span<const End> remote,
                                        std::span<const Pair> pairs);

// One for each pair of interfaces on one subnet that are set to different MTUs: what the larger end
// sends to others of that subnet vanishes. netft itself uses the smaller.
std::vector<std::string> find_mtu_warnings(const std::string& peer, std::span<const Pair> pairs);

// Several of our interfaces on one IPv4 subnet, of which the kernel drops what comes by the others.
std::vector<std::string> find_filter_warnings(std::span<const End> local);

// Addresses that both nodes have, so that no route can be made of them.
std::vector<std::string> find_ambiguity_warnings(const std::string& peer,
                                                 std::span<const End> local,
                                                 std::span<const End> remote);

// "10.0.0.0/24", or "10.0.0.0/24 to 10.9.0.0/24" across subnets.
std::string network_name(const Pair& pair);

}  // namespace netft::routing
