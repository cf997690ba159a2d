// Which inner addresses belong to whom: what a node may send from over the adapter.
//
// A node may send from its own virtual addresses, from what the configuration allows it, and from
// the addresses that float; never from what is another node's own.
// PURE, immutable once made. Threads: made by control, read by workers.
#pragma once

#include <span>
#include <vector>

#include "netft/base/address.hpp"

namespace netft::core {

struct NodeSettings;
struct Settings;

struct InnerAddresses {
    std::vector<IpAddress> owned;  // sorted: the virtual addresses of all nodes
    std::vector<Prefix> floating;

    // Whether a node may that has these to itself.
    bool is_allowed(const IpAddress& address, std::span<const Prefix> allowed) const;
    bool is_owned(const IpAddress& address) const;
};

// All virtual addresses of one node.
std::vector<IpAddress> virtual_addresses(const NodeSettings& node);
InnerAddresses inner_addresses(const Settings& settings);

}  // namespace netft::core
