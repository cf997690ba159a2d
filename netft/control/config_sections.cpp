#include "netft/control/config_sections.hpp"

#include <algorithm>
#include <cmath>

#include "netft/control/config.hpp"
#include "netft/control/config_port.hpp"
#include "netft/control/config_values.hpp"
#include "netft/wire/data.hpp"

namespace netft::control {

namespace {

constexpr std::int64_t kMetricMax = 1'000'000;
constexpr std::size_t kExcludesMax = 256;
constexpr std::size_t kPrefixesMax = 64;  // of what floats, or is allowed to one node
constexpr std::int64_t kCoreMax = 1023;   // of the kernel's cpu_set_t

Read mtu(std::optional<std::uint16_t>& out) {
    return [&out](const toml::node& node) -> Checked {
        const auto* word = node.as_string();
        if (word != nullptr && word->get() == "auto") {
            out.reset();
            return {};
        }
        if (!node.is_integer()) return refuse(line_of(node), "allowed: \"auto\" or 576 to 65535");
        return integer_between(576, 65535, [&out](std::int64_t value) {
            out = static_cast<std::uint16_t>(value);
        })(node);
    };
}

Read timing(Timing& out) {
    return table_of({{"delay", duration_between(1ms, 60s, out.delay)},
                     {"threshold", integer_between(1, 255, [&out](std::int64_t value) {
                          out.threshold = static_cast<std::uint8_t>(value);
                      })}});
}

// Notes the line of a value beside reading it.
Read with_line(std::uint32_t& line, Read read) {
    return [&line, read = std::move(read)](const toml::node& node) {
        line = line_of(node);
        return read(node);
    };
}

Read prefixes(std::vector<Prefix>& out) {
    return texts([&out](std::string_view value, std::uint32_t) -> Status {
        auto prefix = parse_inner_prefix(value);
        if (!prefix) return tl::unexpected(prefix.error());
        if (out.size() == kPrefixesMax)
            return fail("too many; allowed: " + std::to_string(kPrefixesMax));
        out.push_back(*prefix);
        return {};
    });
}

Read floating(ConfigEntries& out) {
    return [&out](const toml::node& node) {
        out.has_floating = true;
        return prefixes(out.settings.floating)(node);
    };
}

Read adapter(ConfigEntries& out) {
    return table_of(
        {{"name", text(parse_interface_name, out.settings.adapter_name)},
         {"mtu", mtu(out.settings.adapter_mtu)},
         {"ipv4_prefix", with_line(out.prefix_line, text(parse_ipv4_prefix, out.prefixes.ipv4))},
         {"ipv6_prefix", with_line(out.prefix_line, text(parse_ipv6_prefix, out.prefixes.ipv6))},
         {"floating", floating(out)},
         {"rule_priority", integer_between(1, 32'765, [&out](std::int64_t value) {
              out.settings.rule_priority = static_cast<std::uint32_t>(value);
          })}});
}

Read threshold_bound(std::uint8_t& out) {
    return integer_between(2, 255,
                           [&out](std::int64_t value) { out = static_cast<std::uint8_t>(value); });
}

// After the thresholds, which must lie within the bounds.
Read adaptive(routing::TopologySettings& out) {
    return [&out](const toml::node& node) -> Checked {
        Timing bounds;
        auto read = table_of({{"min", threshold_bound(bounds.threshold_min), true},
                              {"max", threshold_bound(bounds.threshold_max), true}})(node);
        if (!read) return read;
        for (Timing* timing : {&out.same_subnet, &out.cross_subnet}) {
            bool is_within = bounds.threshold_min <= timing->threshold &&
                             timing->threshold <= bounds.threshold_max;
            if (!is_within)
                return refuse(line_of(node), "the threshold " + std::to_string(timing->threshold) +
                                                 " is not within the bounds; allowed: min up to "
                                                 "every threshold, max from there");
            timing->threshold_min = bounds.threshold_min;
            timing->threshold_max = bounds.threshold_max;
        }
        return {};
    };
}

Read heartbeat(core::Settings& out) {
    return table_of({{"same_subnet", timing(out.topology.same_subnet)},
                     {"cross_subnet", timing(out.topology.cross_subnet)},
                     {"adaptive", adaptive(out.topology)}});
}

Read security(ConfigEntries& out) {
    return table_of(
        {{"mode", text(parse_security_mode, out.settings.security)},
         {"key_file", with_line(out.key_file_line, text(parse_path, out.key_file))},
         {"crypto", text(parse_crypto_kind, out.settings.crypto)},
         {"rekey", duration_between(1s, std::chrono::hours(24), out.settings.rekey_after)}});
}

constexpr std::int64_t kFrameBytesMax = 65'535;
constexpr std::size_t kRangesMax = 64;

// A number, a range "FIRST-LAST", or an array of such.
Read ranges(std::uint32_t max, std::vector<core::ValueRange>& out) {
    auto add = [max, &out](const toml::node& node) -> Checked {
        if (out.size() == kRangesMax) return refuse(line_of(node), "too many; allowed: 64");
        if (node.is_string())
            return text_by([max, &out](std::string_view value) -> Status {
                auto range = parse_range(value, max);
                if (!range) return tl::unexpected(range.error());
                out.push_back(*range);
                return {};
            })(node);
        return integer_between(0, max, [&out](std::int64_t value) {
            out.push_back({static_cast<std::uint32_t>(value), static_cast<std::uint32_t>(value)});
        })(node);
    };
    return [add](const toml::node& node) -> Checked {
        const toml::array* list = node.as_array();
        if (list == nullptr) return add(node);
        if (list->empty()) return refuse(line_of(node), "an empty list matches nothing");
        for (const toml::node& entry : *list)
            if (auto added = add(entry); !added) return added;
        return {};
    };
}

Checked read_class(const toml::table& table, core::Settings& out) {
    core::TrafficClass c;
    Fields fields{{"dscp", ranges(63, c.dscp)},
                  {"size", ranges(kFrameBytesMax, c.size)},
                  {"udp_port", ranges(65'535, c.udp_port)},
                  {"tcp_port", ranges(65'535, c.tcp_port)},
                  {"policy", text(parse_policy, c.policy), true}};
    if (auto read = read_table(table, fields); !read) return read;
    bool is_empty = c.dscp.empty() && c.size.empty() && c.udp_port.empty() && c.tcp_port.empty();
    if (is_empty)
        return refuse(line_of(table),
                      "it matches nothing; needed: dscp, size, udp_port or tcp_port");
    out.classes.push_back(std::move(c));
    return {};
}

Read duplicate_small(core::TrafficRule& out) {
    return integer_between(0, kFrameBytesMax, [&out](std::int64_t value) {
        out.duplicate_small = static_cast<std::uint32_t>(value);
    });
}

Read traffic(core::Settings& out) {
    return table_of(
        {{"policy", text(parse_policy, out.traffic.policy)},
         {"duplicate_small", duplicate_small(out.traffic)},
         {"hold_down", duration_between(0s, 3600s, out.hold_down)},
         {"relay", boolean(out.relay)},
         {"class", tables("traffic.class", core::kTrafficClassesMax,
                          [&out](const toml::table& t) { return read_class(t, out); })}});
}

constexpr std::int64_t kPenaltyMax = 20'000;

Read penalty(std::uint32_t& out) {
    return integer_between(1, kPenaltyMax,
                           [&out](std::int64_t value) { out = static_cast<std::uint32_t>(value); });
}

// Values that are each allowed and together would never damp, or never end it.
Checked check_damping(const core::DampingRule& rule, std::uint32_t line) {
    if (rule.suppress <= rule.reuse)
        return refuse(line, "suppress is " + std::to_string(rule.suppress) +
                                "; allowed: above reuse, which is " + std::to_string(rule.reuse));
    double ceiling = core::penalty_ceiling(rule);
    if (ceiling < rule.suppress + 1.0)
        return refuse(line, "max lets no penalty be above " + std::to_string(std::lround(ceiling)) +
                                "; allowed: a longer max, a shorter half_life, or suppress below "
                                "that");
    return {};
}

Read damping(core::DampingRule& out) {
    return [&out](const toml::node& node) -> Checked {
        auto read = table_of({{"enabled", boolean(out.enabled)},
                              {"half_life", duration_between(1s, 3600s, out.half_life)},
                              {"suppress", penalty(out.suppress)},
                              {"reuse", penalty(out.reuse)},
                              {"max", duration_between(1s, 24h, out.max)}})(node);
        return read ? check_damping(out, line_of(node)) : read;
    };
}

// What it does not name is the cluster's.
Read node_traffic(core::NodeSettings& node, const core::TrafficRule& cluster) {
    return [&node, &cluster](const toml::node& value) -> Checked {
        node.traffic = cluster;
        return table_of({{"policy", text(parse_policy, node.traffic->policy)},
                         {"duplicate_small", duplicate_small(*node.traffic)}})(value);
    };
}

Read interfaces(core::Settings& out) {
    Read globs = texts([&out](std::string_view value, std::uint32_t) -> Status {
        auto glob = parse_printable(value);
        if (!glob) return tl::unexpected(glob.error());
        if (out.exclude_interfaces.size() == kExcludesMax) return fail("too many; allowed: 256");
        out.exclude_interfaces.push_back(*std::move(glob));
        return {};
    });
    return table_of({{"exclude", [&out, globs](const toml::node& node) {
                          out.exclude_interfaces.clear();  // the file's list replaces the default
                          return globs(node);
                      }}});
}

Read routes(core::Settings& out) {
    return table_of(
        {{"plumb_all_cross_subnet_routes", boolean(out.topology.plumb_all_cross_subnet_routes)}});
}

Read worker_count(core::WorkerCount& out) {
    return [&out](const toml::node& node) -> Checked {
        const auto* word = node.as_string();
        bool is_auto = word != nullptr && word->get() == "auto";
        if (is_auto) out.count = 0;
        if (is_auto) return {};
        if (!node.is_integer()) return refuse(line_of(node), "allowed: \"auto\" or 1 to 16");
        return integer_between(1, kDataSpacesMax, [&out](std::int64_t value) {
            out.count = static_cast<std::uint16_t>(value);
        })(node);
    };
}

Read worker_cores(core::WorkerCount& out) {
    return [&out](const toml::node& node) -> Checked {
        const toml::array* list = node.as_array();
        if (list == nullptr) return refuse(line_of(node), "allowed: an array of processor numbers");
        out.cores.clear();
        for (const toml::node& entry : *list) {
            auto read = integer_between(0, kCoreMax, [&out](std::int64_t value) {
                out.cores.push_back(static_cast<std::uint16_t>(value));
            })(entry);
            if (!read) return read;
            bool is_twice = std::count(out.cores.begin(), out.cores.end(), out.cores.back()) > 1;
            if (is_twice)
                return refuse(line_of(entry), "processor " + std::to_string(out.cores.back()) +
                                                  " is named twice; allowed: one worker each");
        }
        if (out.count != 0 && out.cores.size() > out.count)
            return refuse(line_of(node), std::to_string(out.cores.size()) + " processors for " +
                                             std::to_string(out.count) +
                                             " workers; allowed: at most one each");
        return {};
    };
}

Read worker(core::Settings& out) {
    return table_of({{"spin", duration_between(0s, 1s, out.spin)},
                     {"count", worker_count(out.workers)},
                     {"cores", worker_cores(out.workers)}});
}

// What it does not name is the cluster's.
Read node_worker(core::NodeSettings& node, const core::WorkerCount& cluster) {
    return [&node, &cluster](const toml::node& value) -> Checked {
        core::WorkerCount& own = node.workers.emplace(cluster);
        auto read = table_of({{"count", worker_count(own)}, {"cores", worker_cores(own)}})(value);
        // The cluster's processors may be more than this node has workers.
        if (own.count != 0 && own.cores.size() > own.count) own.cores.resize(own.count);
        return read;
    };
}

Checked read_network(const toml::table& table, ConfigEntries& out) {
    routing::NetworkOverride network;
    Fields fields{{"subnet", text(parse_subnet, network.subnet), true},
                  {"name", text(parse_cluster_name, network.name)},
                  {"role", text(parse_role, network.role)},
                  {"metric", integer_between(1, kMetricMax, [&network](std::int64_t value) {
                       network.metric = static_cast<std::uint32_t>(value);
                   })}};
    if (auto read = read_table(table, fields); !read) return read;
    out.settings.topology.networks.push_back(std::move(network));
    out.network_lines.push_back(line_of(table));
    return {};
}

Read endpoints(core::NodeSettings& node, NodeLines& lines, std::uint16_t port) {
    return texts([&node, &lines, port](std::string_view value, std::uint32_t line) -> Status {
        auto endpoint = parse_endpoint(value, port);
        if (!endpoint) return tl::unexpected(endpoint.error());
        if (node.endpoints.size() == kCardEndpointsMax)
            return fail("too many endpoints; allowed: " + std::to_string(kCardEndpointsMax));
        node.endpoints.push_back(*std::move(endpoint));
        lines.endpoints.push_back(line);
        return {};
    });
}

Read chosen_addresses(core::NodeSettings& node, NodeLines& lines) {
    return texts([&node, &lines](std::string_view value, std::uint32_t line) -> Status {
        auto address = parse_address(value);
        if (!address) return tl::unexpected(address.error());
        node.chosen.push_back(*address);
        lines.addresses.push_back(line);
        return {};
    });
}

Checked read_node(const toml::table& table, ConfigEntries& out) {
    core::NodeSettings node;
    NodeLines lines{.node = line_of(table)};
    Fields fields{
        {"name", with_line(lines.name, text(parse_node_name, node.name)), true},
        {"public_key", with_line(lines.public_key, text(parse_key, node.public_key)), true},
        {"endpoints", endpoints(node, lines, out.settings.port)},
        {"address", chosen_addresses(node, lines)},
        {"allowed", prefixes(node.allowed)},
        {"port", node_port(node, out.settings.adapter_name)},
        {"traffic", node_traffic(node, out.settings.traffic)},
        {"worker", node_worker(node, out.settings.workers)}};
    if (auto read = read_table(table, fields); !read) return read;
    out.settings.nodes.push_back(std::move(node));
    out.node_lines.push_back(std::move(lines));
    return {};
}

}  // namespace

std::vector<std::string> default_excluded_interfaces() {
    return {"docker*", "virbr*",   "cni*",    "flannel*", "cali*",    "lxc*",     "vnet*",
            "br-*",    "tap*",     "tun*",    "wg*",      "wt*",      "zt*",      "tailscale*",
            "nebula*", "netbird*", "podman*", "lxdbr*",   "incusbr*", "nerdctl*", "cilium_*",
            "kube-*",  "weave",    "veth*",   "vxlan*",   "vmnet*",   "vboxnet*", "ovn-k8s-*"};
}

Checked read_sections(const toml::table& file, ConfigEntries& out) {
    core::Settings& settings = out.settings;
    settings.exclude_interfaces = default_excluded_interfaces();
    // `port`, `traffic` and `worker` stand before the nodes, which take of them.
    Fields fields{
        {"cluster", text(parse_cluster_name, settings.cluster), true},
        {"port", integer_between(1, 65535,
                                 [&settings](std::int64_t value) {
                                     settings.port = static_cast<std::uint16_t>(value);
                                 })},
        {"adapter", adapter(out)},
        {"heartbeat", heartbeat(settings)},
        {"security", security(out)},
        {"traffic", traffic(settings)},
        {"damping", damping(settings.damping)},
        {"routes", routes(settings)},
        {"interfaces", interfaces(settings)},
        {"worker", worker(settings)},
        {"network", tables("network", kNetworksMax,
                           [&out](const toml::table& t) { return read_network(t, out); })},
        {"node",
         tables("node", kNodesMax, [&out](const toml::table& t) { return read_node(t, out); })}};
    return read_table(file, fields);
}

}  // namespace netft::control
