#include "netft/control/config_addresses.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "netft/control/config_values.hpp"
#include "netft/core/inner_addresses.hpp"

namespace netft::control {

namespace {

tl::unexpected<ConfigError> refuse_address(std::uint32_t line, std::string what) {
    return tl::unexpected(ConfigError{line, "node.address", std::move(what)});
}

Checked take_chosen(const core::NodeSettings& node, const NodeLines& lines,
                    const ExtraPrefixes& prefixes, VirtualAddresses& out) {
    std::set<AddressPlace> taken;
    for (std::size_t i = 0; i < node.chosen.size(); ++i) {
        auto place = choose_address(node.chosen[i], prefixes, out);
        if (!place) return refuse_address(lines.addresses[i], place.error().what);
        if (!taken.insert(*place).second)
            return refuse_address(lines.addresses[i],
                                  quoted(node.chosen[i].to_string()) +
                                      " is the second of its kind; allowed: one in each network, "
                                      "further ones belong into allowed");
    }
    return {};
}

void take(const VirtualAddresses& assigned, core::NodeSettings& node) {
    node.ipv4 = assigned.ipv4;
    node.ipv6 = assigned.ipv6;
    node.ipv4_moved = assigned.ipv4_moved;
    node.mac = adapter_mac(node.public_key);
    node.extra_ipv4 = assigned.extra_ipv4;
    node.extra_ipv6 = assigned.extra_ipv6;
}

// Which of a node's chosen addresses this is; its size(): none, it is derived.
std::size_t place_of(const core::NodeSettings& node, const IpAddress& address) {
    return static_cast<std::size_t>(std::find(node.chosen.begin(), node.chosen.end(), address) -
                                    node.chosen.begin());
}

// A derived address gives way to no chosen one: its owner has it already.
Checked check_owners(const ConfigEntries& entries) {
    const auto& nodes = entries.settings.nodes;
    std::map<IpAddress, std::size_t> owners;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        for (const IpAddress& address : core::virtual_addresses(nodes[i])) {
            auto [owner, is_new] = owners.emplace(address, i);
            if (is_new) continue;
            bool is_ours = place_of(nodes[i], address) < nodes[i].chosen.size();
            std::size_t asks = is_ours ? i : owner->second;
            std::size_t has = is_ours ? owner->second : i;
            std::size_t place = place_of(nodes[asks], address);
            return refuse_address(entries.node_lines[asks].addresses[place],
                                  quoted(address.to_string()) + " is the address of node " +
                                      quoted(nodes[has].name) +
                                      "; choose another one, or give that node an address, too");
        }
    }
    return {};
}

}  // namespace

Checked assign_virtual_addresses(ConfigEntries& entries) {
    auto& nodes = entries.settings.nodes;
    std::vector<PublicKey> keys;
    for (const core::NodeSettings& node : nodes) keys.push_back(node.public_key);
    auto addresses = assign_addresses(keys, entries.prefixes);
    if (!addresses) return refuse(entries.prefix_line, addresses.error().what);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        auto taken =
            take_chosen(nodes[i], entries.node_lines[i], entries.prefixes, (*addresses)[i]);
        if (!taken) return taken;
        take((*addresses)[i], nodes[i]);
    }
    if (auto checked = check_owners(entries); !checked) return checked;
    // Where nothing is said, what is free of the adapter's own networks is anybody's.
    for (const auto& prefix : {entries.prefixes.ipv4, entries.prefixes.ipv6})
        if (prefix && !entries.has_floating) entries.settings.floating.push_back(*prefix);
    return {};
}

}  // namespace netft::control
