#include "netft/control/status_flow.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

namespace netft::control {

namespace {

using nlohmann::json;

constexpr std::int64_t kFrameBytesMax = 65'535;

struct Limits {
    std::int64_t least = 0;
    std::int64_t most = 0;
};

// nullopt: not named.
Result<std::optional<std::size_t>> number_in(const json& request, const char* key, Limits limits) {
    auto value = request.find(key);
    if (value == request.end() || value->is_null()) return std::nullopt;
    if (value->is_number_integer()) {
        auto number = value->get<std::int64_t>();
        if (limits.least <= number && number <= limits.most)
            return static_cast<std::size_t>(number);
    }
    return fail(std::string(key) + ": " + std::to_string(limits.least) + " to " +
                std::to_string(limits.most));
}

// nullopt: not named.
Result<std::optional<std::uint8_t>> protocol_in(const json& request) {
    auto value = request.find("protocol");
    if (value == request.end() || value->is_null()) return std::nullopt;
    if (*value == "tcp") return core::kProtocolTcp;
    if (*value == "udp") return core::kProtocolUdp;
    return fail("protocol: tcp or udp");
}

core::RouteUse use_by(core::Policy policy, bool is_first) {
    if (policy == core::Policy::spread) return core::RouteUse::share;
    return is_first ? core::RouteUse::main : core::RouteUse::copy;
}

}  // namespace

Result<std::optional<core::Flow>> flow_of_request(const json& request, std::size_t frame_bytes) {
    auto dscp = number_in(request, "dscp", {0, 63});
    auto port = number_in(request, "port", {1, 65'535});
    auto size = number_in(request, "size", {1, kFrameBytesMax});
    auto protocol = protocol_in(request);
    for (const auto* number : {&dscp, &port, &size})
        if (!*number) return tl::unexpected(number->error());
    if (!protocol) return tl::unexpected(protocol.error());
    if (!*dscp && !*port && !*size && !*protocol) return std::nullopt;
    core::Flow flow;
    flow.is_ip = true;
    flow.bytes = size->value_or(frame_bytes);
    flow.dscp = static_cast<std::uint8_t>(dscp->value_or(0));
    if (*port || *protocol) flow.protocol = protocol->value_or(core::kProtocolTcp);
    flow.has_ports = port->has_value();
    flow.destination_port = static_cast<std::uint16_t>(port->value_or(0));
    return flow;
}

json flow_to_json(const core::Flow& flow) {
    json protocol;
    if (flow.protocol == core::kProtocolTcp) protocol = "tcp";
    if (flow.protocol == core::kProtocolUdp) protocol = "udp";
    return {{"dscp", flow.dscp},
            {"protocol", protocol},
            {"port", flow.has_ports ? json(flow.destination_port) : json()},
            {"size", flow.bytes}};
}

std::vector<RouteStatus> routes_for(const PeerStatus& peer, core::Policy policy) {
    std::vector<RouteStatus> up;
    for (const RouteStatus& route : peer.routes)
        if (route.report.state == BfdState::up) up.push_back(route);
    auto rank = [&peer](const RouteStatus& route) {
        return std::tuple(route.route.id != peer.selected, route.report.suspect,
                          route.report.damped, route.route.priority, route.route.id);
    };
    std::sort(up.begin(), up.end(),
              [rank](const RouteStatus& a, const RouteStatus& b) { return rank(a) < rank(b); });
    if (up.empty()) return up;
    bool is_suspect = up.front().report.suspect;
    bool is_damped = up.front().report.damped;
    if (policy == core::Policy::failover && !is_suspect) up.resize(1);  // else copies are sent
    if (policy == core::Policy::spread)
        std::erase_if(up, [is_suspect, is_damped](const RouteStatus& route) {
            return route.report.suspect != is_suspect || route.report.damped != is_damped;
        });
    for (RouteStatus& route : up) route.report.use = use_by(policy, &route == &up.front());
    return up;
}

}  // namespace netft::control
