#include "netft/core/policy.hpp"

#include <algorithm>

namespace netft::core {

namespace {

bool is_in(const std::vector<ValueRange>& ranges, std::uint32_t value) {
    return std::any_of(ranges.begin(), ranges.end(),
                       [value](const ValueRange& range) { return range.has(value); });
}

bool has_port(const Flow& flow, std::uint8_t protocol, const std::vector<ValueRange>& ranges) {
    return flow.has_ports && flow.protocol == protocol &&
           (is_in(ranges, flow.source_port) || is_in(ranges, flow.destination_port));
}

bool matches(const TrafficClass& c, const Flow& flow) {
    if (!c.dscp.empty() && !(flow.is_ip && is_in(c.dscp, flow.dscp))) return false;
    if (!c.size.empty() && !is_in(c.size, static_cast<std::uint32_t>(flow.bytes))) return false;
    if (c.udp_port.empty() && c.tcp_port.empty()) return true;
    return has_port(flow, kProtocolUdp, c.udp_port) || has_port(flow, kProtocolTcp, c.tcp_port);
}

}  // namespace

Policy policy_of(const Flow& flow, const TrafficRule& rule,
                 const std::vector<TrafficClass>& classes) {
    for (const TrafficClass& c : classes)
        if (matches(c, flow)) return c.policy;
    bool is_small = rule.duplicate_small > 0 && flow.bytes <= rule.duplicate_small;
    return is_small ? Policy::duplicate : rule.policy;
}

}  // namespace netft::core
