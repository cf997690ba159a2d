#include "netft/core/config_digest.hpp"

#include <algorithm>

namespace netft::core {

namespace {

// FNV-1a: equal on every machine, and good enough against mistakes.
class Hash {
 public:
    void add(std::uint64_t value) {
        for (int i = 0; i < 8; ++i) add_byte(static_cast<std::uint8_t>(value >> (8 * i)));
    }
    void add(Bytes bytes) {
        add(bytes.size());
        for (std::uint8_t byte : bytes) add_byte(byte);
    }
    void add(std::string_view text) {
        add(text.size());
        for (char c : text) add_byte(static_cast<std::uint8_t>(c));
    }
    void add(Duration d) { add(static_cast<std::uint64_t>(d.count())); }
    void add(const IpAddress& address) { add(address.bytes()); }
    void add(const Prefix& prefix) {
        add(prefix.address);
        add(prefix.length);
    }
    template <class T, class Add>
    void add_optional(const std::optional<T>& value, Add each) {
        add(value.has_value() ? 1 : 0);
        if (value) each(*value);
    }
    std::uint32_t value() const { return static_cast<std::uint32_t>(sum_ ^ sum_ >> 32); }

 private:
    void add_byte(std::uint8_t byte) { sum_ = (sum_ ^ byte) * 0x100000001b3; }

    std::uint64_t sum_ = 0xcbf29ce484222325;
};

void add(Hash& hash, const TrafficRule& rule) {
    hash.add(static_cast<std::uint64_t>(rule.policy));
    hash.add(rule.duplicate_small);
}

void add(Hash& hash, const Timing& timing) {
    hash.add(timing.delay);
    for (std::uint8_t value : {timing.threshold, timing.threshold_min, timing.threshold_max})
        hash.add(value);
}

void add(Hash& hash, const std::vector<ValueRange>& ranges) {
    hash.add(ranges.size());
    for (const ValueRange& range : ranges) {
        hash.add(range.first);
        hash.add(range.last);
    }
}

void add(Hash& hash, const NodeSettings& node) {
    hash.add(node.name);
    hash.add(Bytes(node.public_key));
    hash.add(node.ipv4);
    hash.add(node.ipv6);
    for (const auto& extra : {node.extra_ipv4, node.extra_ipv6})
        hash.add_optional(extra, [&hash](const Prefix& prefix) { hash.add(prefix); });
    hash.add_optional(node.traffic, [&hash](const TrafficRule& rule) { add(hash, rule); });
    auto endpoints = node.endpoints;
    std::sort(endpoints.begin(), endpoints.end(), [](const auto& a, const auto& b) {
        return std::tie(a.endpoint, a.interface) < std::tie(b.endpoint, b.interface);
    });
    hash.add(endpoints.size());
    for (const auto& configured : endpoints) {
        hash.add(configured.endpoint.address);
        hash.add(configured.endpoint.port);
    }
}

// The order of the nodes means nothing.
std::uint32_t digest_of_nodes(const Settings& settings) {
    std::vector<const NodeSettings*> nodes;
    for (const NodeSettings& node : settings.nodes) nodes.push_back(&node);
    std::sort(nodes.begin(), nodes.end(), [](const NodeSettings* a, const NodeSettings* b) {
        return a->public_key < b->public_key;
    });
    Hash hash;
    for (const NodeSettings* node : nodes) add(hash, *node);
    return hash.value();
}

std::uint32_t digest_of_heartbeat(const Settings& settings) {
    Hash hash;
    add(hash, settings.topology.same_subnet);
    add(hash, settings.topology.cross_subnet);
    hash.add(settings.topology.plumb_all_cross_subnet_routes ? 1 : 0);
    return hash.value();
}

std::uint32_t digest_of_networks(const Settings& settings) {
    auto networks = settings.topology.networks;
    std::sort(networks.begin(), networks.end(),
              [](const auto& a, const auto& b) { return a.subnet < b.subnet; });
    Hash hash;
    for (const routing::NetworkOverride& network : networks) {
        hash.add(network.subnet);
        hash.add_optional(network.name, [&hash](const std::string& name) { hash.add(name); });
        hash.add_optional(network.role, [&hash](NetworkRole role) {
            hash.add(static_cast<std::uint64_t>(role));
        });
        hash.add_optional(network.metric, [&hash](std::uint32_t metric) { hash.add(metric); });
    }
    return hash.value();
}

std::uint32_t digest_of_traffic(const Settings& settings) {
    Hash hash;
    add(hash, settings.traffic);
    hash.add(settings.hold_down);
    hash.add(settings.relay ? 1 : 0);
    for (const TrafficClass& one : settings.classes) {
        for (const auto* ranges : {&one.dscp, &one.size, &one.udp_port, &one.tcp_port})
            add(hash, *ranges);
        hash.add(static_cast<std::uint64_t>(one.policy));
    }
    return hash.value();
}

std::uint32_t digest_of_damping(const DampingRule& rule) {
    Hash hash;
    hash.add(rule.enabled ? 1 : 0);
    hash.add(rule.half_life);
    hash.add(rule.suppress);
    hash.add(rule.reuse);
    hash.add(rule.max);
    return hash.value();
}

}  // namespace

std::vector<std::uint32_t> config_digests(const Settings& settings) {
    Hash adapter;
    adapter.add_optional(settings.adapter_mtu, [&adapter](std::uint16_t mtu) { adapter.add(mtu); });
    return {digest_of_nodes(settings),     adapter.value(),
            digest_of_heartbeat(settings), digest_of_networks(settings),
            digest_of_traffic(settings),   digest_of_damping(settings.damping)};
}

std::string differing_sections(const std::vector<std::uint32_t>& ours,
                               const std::vector<std::uint32_t>& theirs) {
    std::string out;
    std::size_t common = std::min({ours.size(), theirs.size(), kDigestSections.size()});
    for (std::size_t i = 0; i < common; ++i)
        if (ours[i] != theirs[i])
            out += (out.empty() ? "" : ", ") + std::string(kDigestSections[i]);
    return out;
}

}  // namespace netft::core
