#include "netft/daemon/port_keeper.hpp"

#include <algorithm>

#include "netft/dataplane/socket_port.hpp"

namespace netft::daemon {

namespace {

bool wants_port(const routing::LocalEndpoint& endpoint) {
    return endpoint.usable || endpoint.reason == Diagnostic::carrier_lost;
}

}  // namespace

bool PortKeeper::sync(TimePoint now, const std::vector<routing::LocalEndpoint>& endpoints,
                      std::vector<Failure>& failures, std::vector<EndpointId>& opened) {
    bool changed = false;
    for (auto at = ports_.begin(); at != ports_.end();) {
        auto wanted = std::find_if(endpoints.begin(), endpoints.end(),
                                   [&at](const auto& e) { return e.id == at->first; });
        bool keep = wanted != endpoints.end() && wants_port(*wanted) &&
                    wanted->endpoint == at->second.endpoint &&
                    wanted->interface_index == at->second.interface_index;
        if (keep) {
            ++at;
            continue;
        }
        retired_.push_back(std::move(at->second));
        at = ports_.erase(at);
        changed = true;
    }
    for (const routing::LocalEndpoint& endpoint : endpoints) {
        if (!wants_port(endpoint) || ports_.contains(endpoint.id)) continue;
        auto retry = retry_at_.find(endpoint.id);
        if (retry != retry_at_.end() && now < retry->second) continue;
        auto port = open(endpoint);
        if (!port) {
            retry_at_[endpoint.id] = now + kRetry;
            failures.push_back({endpoint.id, port.error()});
            continue;
        }
        retry_at_.erase(endpoint.id);
        ports_.emplace(endpoint.id, std::move(*port));
        opened.push_back(endpoint.id);
        changed = true;
    }
    return changed;
}

Result<PortKeeper::Open> PortKeeper::open(const routing::LocalEndpoint& endpoint) const {
    Open out{nullptr, nullptr, endpoint.endpoint, endpoint.interface_index};
    auto device = std::find_if(devices_.begin(), devices_.end(), [&endpoint](const auto& entry) {
        return entry.first == endpoint.interface;
    });
    switch (kind_) {
        case core::PortKind::socket: {
            auto port = dataplane::open_socket_port(
                {endpoint.endpoint, endpoint.interface, endpoint.interface_index, pools_});
            if (!port) return tl::unexpected(port.error());
            out.port = std::move(*port);
            return out;
        }
        case core::PortKind::af_packet: {
            auto port =
                dataplane::open_af_packet_port({endpoint.endpoint, endpoint.interface,
                                                endpoint.interface_index, endpoint.mtu, pools_});
            if (!port) return tl::unexpected(port.error());
            out.ethdev = port->get();
            out.port = std::move(*port);
            return out;
        }
        case core::PortKind::memif: break;
    }
    if (device == devices_.end())
        return fail(endpoint.interface + ": [node.port] devices names no memif device for it");
    auto port =
        dataplane::open_memif_port({endpoint.endpoint, device->second, endpoint.mtu, pools_});
    if (!port) return tl::unexpected(port.error());
    out.ethdev = port->get();
    out.port = std::move(*port);
    return out;
}

std::vector<dataplane::PortBinding> PortKeeper::bindings() const {
    std::vector<dataplane::PortBinding> out;
    for (const auto& [id, open] : ports_) out.push_back({id, open.port.get()});
    return out;
}

std::vector<std::pair<EndpointId, dataplane::EthdevPort*>> PortKeeper::ethdev_ports() const {
    std::vector<std::pair<EndpointId, dataplane::EthdevPort*>> out;
    for (const auto& [id, open] : ports_)
        if (open.ethdev != nullptr) out.emplace_back(id, open.ethdev);
    return out;
}

}  // namespace netft::daemon
