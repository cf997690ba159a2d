// Which inner addresses belong to whom: what a node may send from over the adapter.
//
// A node may send from its own virtual addresses, from what the configuration allows it, and from
// the addresses that float; never from what is another node's own.
// PURE, immutable once made. Threads: made by control, read by workers.
#pragma once

#include <memory>
#include <span>
#include <utility>
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

// What a node has beyond its two virtual addresses.
struct OtherAddresses {
    std::vector<IpAddress> extra;    // from ipv4_prefix and ipv6_prefix
    std::vector<IpAddress> claimed;  // floating addresses that it has now
    std::vector<Prefix> allowed;     // what else it may send from

    bool operator==(const OtherAddresses&) const = default;
};

// These, held in several places at once (plan, engines), so that each peer costs a pointer there.
// Immutable; equal when the addresses are.
class SharedAddresses {
 public:
    SharedAddresses() = default;  // none
    SharedAddresses(OtherAddresses addresses)
        : addresses_(std::make_shared<const OtherAddresses>(std::move(addresses))) {}
    const OtherAddresses* operator->() const { return addresses_ ? addresses_.get() : &none(); }
    bool operator==(const SharedAddresses& other) const {
        return addresses_ == other.addresses_ || *operator->() == *other.operator->();
    }

 private:
    static const OtherAddresses& none() {
        static const OtherAddresses kNone;
        return kNone;
    }
    std::shared_ptr<const OtherAddresses> addresses_;
};

// All virtual addresses of one node.
std::vector<IpAddress> virtual_addresses(const NodeSettings& node);
InnerAddresses inner_addresses(const Settings& settings);

}  // namespace netft::core
