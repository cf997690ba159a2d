#include "netft/control/config_checks.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

#include "netft/control/config_subnets.hpp"
#include "netft/control/config_values.hpp"

namespace netft::control {

namespace {

constexpr std::size_t kNamesShownMax = 20;

// Host names differ by more than case.
std::string lower(std::string name) {
    for (char& c : name)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 32);
    return name;
}

tl::unexpected<ConfigErrors> refuse_key(std::uint32_t line, const char* key, std::string what) {
    return tl::unexpected(ConfigErrors(ConfigError{line, key, std::move(what)}));
}

Checked check_names_and_keys(const ConfigEntries& entries) {
    Findings findings;
    std::map<std::string, std::uint32_t> names;
    std::map<PublicKey, std::string> keys;
    for (std::size_t i = 0; i < entries.settings.nodes.size(); ++i) {
        const core::NodeSettings& node = entries.settings.nodes[i];
        const NodeLines& lines = entries.node_lines[i];
        auto [name, new_name] = names.emplace(lower(node.name), lines.name);
        if (!new_name)
            findings.take(refuse_key(lines.name, "node.name",
                                     quoted(node.name) +
                                         " is the name of another node too, in line " +
                                         std::to_string(name->second) + "; each node has its own"));
        auto [key, new_key] = keys.emplace(node.public_key, node.name);
        if (!new_key)
            findings.take(
                refuse_key(lines.public_key, "node.public_key",
                           "is the key of node " + quoted(key->second) +
                               " too; each node has its own, made by netft-key generate"));
    }
    return findings.result();
}

Checked check_endpoints(const ConfigEntries& entries) {
    Findings findings;
    std::map<std::tuple<Endpoint, std::string>, std::string> owners;
    for (std::size_t i = 0; i < entries.settings.nodes.size(); ++i) {
        const core::NodeSettings& node = entries.settings.nodes[i];
        for (std::size_t j = 0; j < node.endpoints.size(); ++j) {
            const auto& [endpoint, interface] = node.endpoints[j];
            auto [owner, is_new] = owners.emplace(std::tuple(endpoint, interface), node.name);
            if (is_new) continue;
            findings.take(refuse_key(entries.node_lines[i].endpoints[j], "node.endpoints",
                                     quoted(endpoint.to_string()) + " of node " +
                                         quoted(node.name) + " is an endpoint of node " +
                                         quoted(owner->second) +
                                         " already; each endpoint stands once"));
        }
    }
    return findings.result();
}

// In a subnet that the file names, its own and its broadcast address are nobody's.
Checked check_hosts(const ConfigEntries& entries) {
    Findings findings;
    for (std::size_t i = 0; i < entries.settings.nodes.size(); ++i) {
        const core::NodeSettings& node = entries.settings.nodes[i];
        for (std::size_t j = 0; j < node.endpoints.size(); ++j)
            for (const auto& network : entries.settings.topology.networks)
                if (auto why = no_host_in(network.subnet, node.endpoints[j].endpoint.address))
                    findings.take(refuse_key(entries.node_lines[i].endpoints[j], "node.endpoints",
                                             *why + "; allowed: an address of this node"));
    }
    return findings.result();
}

// One of two nodes must know where the other is.
Checked check_that_nodes_meet(const ConfigEntries& entries) {
    const core::NodeSettings* silent = nullptr;
    for (std::size_t i = 0; i < entries.settings.nodes.size(); ++i) {
        const core::NodeSettings& node = entries.settings.nodes[i];
        if (!node.endpoints.empty()) continue;
        if (silent != nullptr)
            return refuse_key(entries.node_lines[i].node, "node.endpoints",
                              "nodes " + quoted(silent->name) + " and " + quoted(node.name) +
                                  " both have none and could never meet; at most one node may have "
                                  "none");
        silent = &node;
    }
    return {};
}

bool overlap(const Prefix& a, const Prefix& b) {
    return a.contains(b.address) || b.contains(a.address);
}

Checked check_networks(const ConfigEntries& entries) {
    Findings findings;
    const auto& networks = entries.settings.topology.networks;
    for (std::size_t i = 0; i < networks.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            std::string earlier = " in line " + std::to_string(entries.network_lines[j]);
            if (overlap(networks[i].subnet, networks[j].subnet))
                findings.take(refuse_key(entries.network_lines[i], "network.subnet",
                                         quoted(networks[i].subnet.to_string()) + " overlaps " +
                                             quoted(networks[j].subnet.to_string()) + earlier +
                                             "; an address belongs to one network"));
            if (networks[i].name && networks[i].name == networks[j].name)
                findings.take(refuse_key(entries.network_lines[i], "network.name",
                                         quoted(*networks[i].name) + " is the name of the network" +
                                             earlier + " too; each network has its own"));
        }
    }
    return findings.result();
}

// The adapter's addresses would take the way to the endpoints away, and tunnel the tunnel.
Checked check_prefixes(const ConfigEntries& entries) {
    for (const auto& prefix : {entries.prefixes.ipv4, entries.prefixes.ipv6}) {
        if (!prefix) continue;
        for (const core::NodeSettings& node : entries.settings.nodes)
            for (const auto& configured : node.endpoints)
                if (prefix->contains(configured.endpoint.address))
                    return refuse_key(entries.prefix_line, "adapter",
                                      "the prefix " + quoted(prefix->to_string()) +
                                          " contains the endpoint " +
                                          quoted(configured.endpoint.to_string()) +
                                          "; allowed: a subnet that nothing else uses");
        for (const auto& network : entries.settings.topology.networks)
            if (overlap(*prefix, network.subnet))
                return refuse_key(entries.prefix_line, "adapter",
                                  "the prefix " + quoted(prefix->to_string()) +
                                      " overlaps the network " +
                                      quoted(network.subnet.to_string()) +
                                      "; allowed: a subnet that nothing else uses");
    }
    return {};
}

std::optional<core::NodeIndex> find_node(const core::Settings& settings, const std::string& name) {
    for (std::size_t i = 0; i < settings.nodes.size(); ++i)
        if (lower(settings.nodes[i].name) == lower(name))
            return core::NodeIndex(static_cast<std::uint16_t>(i));
    return {};
}

std::string names_of(const core::Settings& settings) {
    std::string names;
    for (std::size_t i = 0; i < std::min(settings.nodes.size(), kNamesShownMax); ++i)
        names += (i == 0 ? "" : ", ") + settings.nodes[i].name;
    if (settings.nodes.size() > kNamesShownMax)
        names += " and " + std::to_string(settings.nodes.size() - kNamesShownMax) + " more";
    return names;
}

}  // namespace

// A worker sends from the port + its number. How many "auto" makes shows at the node only.
Checked check_source_port(const core::NodeSettings& node, unsigned workers, unsigned port,
                          std::uint32_t line, const char* key) {
    if (workers == 0 || port + workers - 1 <= 65'535u) return {};
    return refuse_key(line, key,
                      "the " + std::to_string(workers) + " workers of node " + quoted(node.name) +
                          " send from the ports " + std::to_string(port) +
                          " and up; allowed: a port of " + std::to_string(65'536 - workers) +
                          " at most");
}

Checked check_source_ports(const ConfigEntries& entries) {
    Findings findings;
    for (std::size_t i = 0; i < entries.settings.nodes.size(); ++i) {
        const core::NodeSettings& node = entries.settings.nodes[i];
        const NodeLines& lines = entries.node_lines[i];
        unsigned workers = node.workers.value_or(entries.settings.workers).count;
        for (std::size_t j = 0; j < node.endpoints.size(); ++j)
            findings.take(check_source_port(node, workers, node.endpoints[j].endpoint.port,
                                            lines.endpoints[j], "node.endpoints"));
        // What is not in the list has the cluster's.
        findings.take(check_source_port(node, workers, entries.settings.port, lines.node, "port"));
    }
    return findings.result();
}

Checked check_entries(const ConfigEntries& entries) {
    Findings findings;
    for (auto check : {check_names_and_keys, check_endpoints, check_hosts, check_source_ports,
                       check_that_nodes_meet, check_networks, check_prefixes})
        findings.take(check(entries));
    return findings.result();
}

Checked check_virtual_addresses(const ConfigEntries& entries) {
    Findings findings;
    std::map<IpAddress, std::string> owners;
    for (const core::NodeSettings& node : entries.settings.nodes)
        for (const IpAddress& address : {node.ipv4, node.ipv6}) owners.emplace(address, node.name);
    for (std::size_t i = 0; i < entries.settings.nodes.size(); ++i) {
        const core::NodeSettings& node = entries.settings.nodes[i];
        for (std::size_t j = 0; j < node.endpoints.size(); ++j) {
            const IpAddress& address = node.endpoints[j].endpoint.address;
            auto owner = owners.find(address);
            if (owner == owners.end()) continue;
            findings.take(refuse_key(
                entries.node_lines[i].endpoints[j], "node.endpoints",
                quoted(address.to_string()) + " is the virtual address of node " +
                    quoted(owner->second) + "; allowed: an address of a physical network"));
        }
    }
    return findings.result();
}

tl::expected<core::NodeIndex, ConfigErrors> find_self(const core::Settings& settings,
                                                      const WantedNode& wanted) {
    auto whole = find_node(settings, wanted.name);
    std::string first = wanted.name.substr(0, wanted.name.find('.'));
    auto part = wanted.is_host && first != wanted.name ? find_node(settings, first) : std::nullopt;
    if (whole && part)
        return refuse(0, "this host, " + quoted(wanted.name) + ", may be node " +
                             quoted(settings.nodes[whole->value].name) + " or node " +
                             quoted(settings.nodes[part->value].name) +
                             "; give one of them with --node");
    if (whole) return *whole;
    if (part) return *part;
    return refuse(0, "this host, " + quoted(wanted.name) +
                         ", is none of its nodes; give one of them with --node; allowed: " +
                         names_of(settings));
}

}  // namespace netft::control
