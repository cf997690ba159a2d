#include "routing/topology/metric.hpp"

#include <algorithm>
#include <bit>
#include <limits>

namespace netft::routing {

namespace {

// An entry stands for exactly its subnet; where the endpoint's is not known, for what it contains.
const NetworkOverride* find_override(std::span<const NetworkOverride> overrides, const End& end) {
    for (const NetworkOverride& entry : overrides) {
        bool matches = end.prefix_length == 0
                           ? entry.subnet.contains(end.endpoint.address)
                           : entry.subnet.network() == subnet_of(end.endpoint, end.prefix_length);
        if (matches) return &entry;
    }
    return nullptr;
}

std::string found_name(const End& end) {
    if (end.prefix_length == 0) return end.endpoint.address.to_string();
    std::string name = subnet_of(end.endpoint, end.prefix_length).to_string();
    if (!end.endpoint.address.is_v6() || !end.endpoint.address.is_link_local()) return name;
    return name + "%" + end.interface;  // every link has this subnet
}

std::uint16_t clamp_mtu(std::uint32_t mtu) {
    return static_cast<std::uint16_t>(
        std::min<std::uint32_t>(mtu, std::numeric_limits<std::uint16_t>::max()));
}

}  // namespace

std::uint32_t speed_bonus(std::uint32_t speed_mbps) {
    return speed_mbps == 0 ? 0 : static_cast<std::uint32_t>(std::bit_width(speed_mbps) - 1);
}

Prefix subnet_of(const Endpoint& endpoint, std::uint8_t prefix_length) {
    return Prefix{endpoint.address, prefix_length}.network();
}

End local_end(const LocalEndpoint& e, std::span<const NetworkOverride> overrides) {
    End end{.endpoint = {e.endpoint.address.with_scope(0), e.endpoint.port},
            .prefix_length = e.prefix_length,
            .mtu = clamp_mtu(e.mtu),
            .configured = e.configured,
            .usable = e.usable,
            .reason = e.reason,
            .interface = e.interface,
            .id = e.id,
            .interface_index = e.interface_index,
            .nic = e.nic,
            .strict_filter = e.strict_filter};
    const NetworkOverride* entry = find_override(overrides, end);
    auto found = e.default_route ? NetworkRole::cluster_and_client : NetworkRole::cluster;
    end.role = entry != nullptr ? entry->role.value_or(found) : found;
    std::uint32_t base =
        end.role == NetworkRole::cluster_and_client ? kClientMetric : kClusterMetric;
    end.metric = base - speed_bonus(e.speed_mbps);
    if (entry != nullptr) end.metric = entry->metric.value_or(end.metric);
    end.network = entry != nullptr && entry->name ? *entry->name : found_name(end);
    return end;
}

End remote_end(const CardEndpoint& e, bool from_card, std::span<const NetworkOverride> overrides) {
    End end{.endpoint = {e.endpoint.address.with_scope(0), e.endpoint.port},
            .prefix_length = from_card ? e.prefix_length : std::uint8_t{0},
            .configured = true,
            .interface = e.interface};
    const NetworkOverride* entry = find_override(overrides, end);
    if (from_card) {
        end.role = e.role;
        end.metric = e.metric;
        end.mtu = e.mtu;
        end.configured = e.configured;
        end.usable = e.available;
        if (!e.available) end.reason = Diagnostic::remote_endpoint_unavailable;
    } else if (entry != nullptr) {
        end.metric = entry->metric.value_or(0);
    }
    if (entry != nullptr && entry->role == NetworkRole::none) end.role = NetworkRole::none;
    end.network = entry != nullptr && entry->name ? *entry->name : found_name(end);
    return end;
}

}  // namespace netft::routing
