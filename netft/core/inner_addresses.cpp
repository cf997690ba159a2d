#include "netft/core/inner_addresses.hpp"

#include <algorithm>

#include "netft/core/settings.hpp"

namespace netft::core {

namespace {

bool contains(std::span<const Prefix> prefixes, const IpAddress& address) {
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [&](const Prefix& prefix) { return prefix.contains(address); });
}

// What no packet on a link comes from, however wide a prefix is written.
bool is_no_source(const IpAddress& address) {
    return address.is_multicast() || address.is_loopback() || address.is_unspecified() ||
           (address.is_v4() && address.v4_value() == 0xffff'ffff);
}

}  // namespace

bool InnerAddresses::is_owned(const IpAddress& address) const {
    return std::binary_search(owned.begin(), owned.end(), address);
}

bool InnerAddresses::is_allowed(const IpAddress& address, std::span<const Prefix> allowed) const {
    if (!contains(allowed, address) && !contains(floating, address)) return false;
    return !is_owned(address) && !is_no_source(address);
}

std::vector<IpAddress> virtual_addresses(const NodeSettings& node) {
    std::vector<IpAddress> out{node.ipv4, node.ipv6.with_scope(0)};
    for (const auto& extra : {node.extra_ipv4, node.extra_ipv6})
        if (extra) out.push_back(extra->address);
    return out;
}

InnerAddresses inner_addresses(const Settings& settings) {
    InnerAddresses out;
    out.floating = settings.floating;
    for (const NodeSettings& node : settings.nodes)
        for (const IpAddress& address : virtual_addresses(node)) out.owned.push_back(address);
    std::sort(out.owned.begin(), out.owned.end());
    return out;
}

}  // namespace netft::core
