#include "netft/daemon/port_keeper.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

#include "netft/dataplane/shared_port.hpp"
#include "netft/dataplane/socket_port.hpp"

namespace netft::daemon {

namespace {

bool wants_port(const routing::LocalEndpoint& endpoint) {
    return endpoint.usable || endpoint.reason == Diagnostic::carrier_lost;
}

std::string name_of(dataplane::NativeDevice& device) {
    return device.settings().device.name + " (" + device.device().driver() + ")";
}

}  // namespace

bool PortKeeper::sync(TimePoint now, const std::vector<routing::LocalEndpoint>& endpoints,
                      std::vector<Failure>& failures, std::vector<EndpointId>& opened) {
    bool changed = retire_unwanted(endpoints);
    for (const routing::LocalEndpoint& endpoint : endpoints) {
        if (!wants_port(endpoint) || ports_.contains(endpoint.id)) continue;
        if (is_closing(endpoint)) continue;
        auto retry = retry_at_.find(endpoint.id);
        if (retry != retry_at_.end() && now < retry->second) continue;
        auto port = open_for_all(endpoint);
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
    return sync_exceptions() || changed;
}

bool PortKeeper::is_closing(const routing::LocalEndpoint& endpoint) const {
    return std::any_of(retired_.begin(), retired_.end(), [&endpoint](const Open& open) {
        return open.endpoint == endpoint.endpoint ||
               open.interface_index == endpoint.interface_index;
    });
}

Status PortKeeper::open_relayed() {
    if (all_pools_.size() == 1) return {};
    auto ports = dataplane::make_relayed_ports(all_pools_);
    if (!ports) return tl::unexpected(ports.error());
    relayed_ = std::move(*ports);
    return {};
}

bool PortKeeper::is_kept(const Open& open, const routing::LocalEndpoint& endpoint) const {
    return wants_port(endpoint) && endpoint.endpoint == open.endpoint &&
           endpoint.interface_index == open.interface_index &&
           (open.ethdev == nullptr || endpoint.mtu == open.mtu) &&
           open.device == devices_->find(endpoint.interface);
}

bool PortKeeper::retire_unwanted(const std::vector<routing::LocalEndpoint>& endpoints) {
    bool changed = false;
    for (auto at = ports_.begin(); at != ports_.end();) {
        auto wanted = std::find_if(endpoints.begin(), endpoints.end(),
                                   [&at](const auto& e) { return e.id == at->first; });
        if (wanted != endpoints.end() && is_kept(at->second, *wanted)) {
            ++at;
            continue;
        }
        retired_.push_back(std::move(at->second));
        at = ports_.erase(at);
        changed = true;
    }
    return changed;
}

// Devices without an endpoint serve the kernel all the same: it may be what brings the address.
bool PortKeeper::sync_exceptions() {
    auto is_served = [this](const std::shared_ptr<dataplane::NativeDevice>& device) {
        return std::any_of(ports_.begin(), ports_.end(),
                           [&device](const auto& port) { return port.second.device == device; });
    };
    auto devices = devices_->devices();
    bool changed = false;
    for (auto at = exceptions_.begin(); at != exceptions_.end();) {
        bool is_here = std::find(devices.begin(), devices.end(), at->device) != devices.end();
        if (is_here && !is_served(at->device)) {
            std::erase(devices, at->device);
            ++at;
            continue;
        }
        retired_.push_back(std::move(*at));
        at = exceptions_.erase(at);
        changed = true;
    }
    for (const auto& device : devices) {
        if (is_served(device)) continue;
        Open open;
        open.port = dataplane::open_exception_port(device, *pools_);
        open.device = device;
        exceptions_.push_back(std::move(open));
        changed = true;
    }
    return changed;
}

Result<PortKeeper::Open> PortKeeper::open_socket(const routing::LocalEndpoint& endpoint) const {
    auto ports = dataplane::open_socket_ports(
        {endpoint.endpoint, endpoint.interface, endpoint.interface_index, pools_}, all_pools_);
    if (!ports) return tl::unexpected(ports.error());
    Open open{std::move(ports->front()),
              nullptr,
              endpoint.endpoint,
              endpoint.interface_index,
              endpoint.interface,
              endpoint.mtu,
              {},
              {}};
    for (std::size_t i = 1; i < ports->size(); ++i) open.others.push_back(std::move((*ports)[i]));
    return open;
}

Result<PortKeeper::Open> PortKeeper::of_ethdev(
    const routing::LocalEndpoint& endpoint,
    Result<std::unique_ptr<dataplane::EthdevPort>> port) const {
    if (!port) return tl::unexpected(port.error());
    dataplane::EthdevPort* ethdev = port->get();
    return Open{std::move(*port),
                ethdev,
                endpoint.endpoint,
                endpoint.interface_index,
                endpoint.interface,
                endpoint.mtu,
                {},
                {}};
}

// An endpoint that somebody else holds is taken for a socket, too.
Result<PortKeeper::Open> PortKeeper::open_xdp(const routing::LocalEndpoint& endpoint) const {
    auto port = of_ethdev(
        endpoint, dataplane::open_af_xdp_port({endpoint.endpoint, endpoint.interface,
                                               endpoint.interface_index, endpoint.mtu, pools_}));
    if (port || port.error().errno_value == EADDRINUSE) return port;
    auto instead = open_socket(endpoint);
    if (instead) instead->note = "no af_xdp port, a kernel socket instead: " + port.error().what;
    return instead;
}

Result<PortKeeper::Open> PortKeeper::open_device(
    const routing::LocalEndpoint& endpoint, std::shared_ptr<dataplane::NativeDevice> device) const {
    for (const auto& [id, open] : ports_)
        if (open.device == device)
            return fail(endpoint.endpoint.to_string() + " on " + endpoint.interface +
                        ": a device has one endpoint, and that is " + open.endpoint.to_string());
    auto port = of_ethdev(endpoint, dataplane::open_device_port(
                                        device, {endpoint.endpoint, endpoint.interface,
                                                 endpoint.interface_index, endpoint.mtu, pools_}));
    if (port) port->device = std::move(device);
    return port;
}

Result<PortKeeper::Open> PortKeeper::open(const routing::LocalEndpoint& endpoint) const {
    if (auto device = devices_->find(endpoint.interface)) return open_device(endpoint, device);
    switch (kind_) {
        case core::PortKind::socket: break;
        case core::PortKind::af_xdp: return open_xdp(endpoint);
        case core::PortKind::af_packet:
            return of_ethdev(endpoint, dataplane::open_af_packet_port(
                                           {endpoint.endpoint, endpoint.interface,
                                            endpoint.interface_index, endpoint.mtu, pools_}));
    }
    return open_socket(endpoint);
}

Result<PortKeeper::Open> PortKeeper::open_for_all(const routing::LocalEndpoint& endpoint) const {
    auto opened = open(endpoint);
    if (!opened || all_pools_.size() == 1) return opened;
    std::vector<std::unique_ptr<dataplane::Port>> ports;
    ports.push_back(std::move(opened->port));
    for (auto& other : opened->others) ports.push_back(std::move(other));
    auto shared = dataplane::share_port(std::move(ports), all_pools_);
    if (!shared) return tl::unexpected(shared.error());
    opened->port = std::move(shared->front());
    opened->others.assign(std::make_move_iterator(shared->begin() + 1),
                          std::make_move_iterator(shared->end()));
    return opened;
}

std::string PortKeeper::note(EndpointId endpoint) const {
    auto at = ports_.find(endpoint);
    return at == ports_.end() ? std::string() : note_of(at->second);
}

std::string PortKeeper::segmentation_note(const Open& open) {
    auto error_of = [](dataplane::Port& port) {
        return port.health() == nullptr ? 0 : port.health()->segmentation_error();
    };
    int error = error_of(*open.port);
    for (const auto& port : open.others)
        if (error == 0) error = error_of(*port);
    if (error == 0) return {};
    return "UDP segmentation fails on " + open.interface + " (" + std::strerror(error) +
           "): datagrams go one by one";
}

std::string PortKeeper::note_of(const Open& open) {
    std::string segmentation = segmentation_note(open);
    if (open.note.empty() || segmentation.empty()) return open.note + segmentation;
    return open.note + "; " + segmentation;
}

std::vector<std::pair<EndpointId, core::PathError>> PortKeeper::poll_health(
    TimePoint now, std::vector<std::string>& said) {
    std::vector<std::pair<EndpointId, core::PathError>> errors;
    for (auto& [id, open] : ports_) {
        auto look = [&, id = id](dataplane::Port& port) {
            if (port.health() == nullptr) return;
            look_after(now, open, port, said);
            while (auto error = port.health()->poll_error()) errors.emplace_back(id, *error);
        };
        look(*open.port);
        for (auto& port : open.others) look(*port);
    }
    return errors;
}

void PortKeeper::look_after(TimePoint now, Open& open, dataplane::Port& port,
                            std::vector<std::string>& said) {
    dataplane::PortHealth& health = *port.health();
    if (health.segmentation_error() != 0) {
        if (!open.segmentation) open.segmentation.emplace();
        auto step = open.segmentation->handle(now, true);
        if (step.is_news) said.push_back(segmentation_note(open));
        if (step.tries) health.allow_segmentation();
    }
    if (health.take_deafness()) open.hears_again = now + kDeaf;
    if (!open.hears_again || now < *open.hears_again) return;
    open.hears_again.reset();
    open.port->hear_errors();
    for (auto& other : open.others) other->hear_errors();
}

std::uint32_t PortKeeper::interface(EndpointId endpoint) const {
    auto at = ports_.find(endpoint);
    return at == ports_.end() ? 0 : at->second.interface_index;
}

std::vector<PortKeeper::View> PortKeeper::views() const {
    std::vector<View> out;
    for (const auto& [id, open] : ports_)
        out.push_back({open.endpoint, open.interface, open.port->kind(), note_of(open),
                       open.device ? name_of(*open.device) : std::string()});
    return out;
}

std::vector<dataplane::PortBinding> PortKeeper::bindings(std::size_t worker) const {
    std::vector<dataplane::PortBinding> out;
    for (const auto& [id, open] : ports_)
        out.push_back({id, worker == 0 ? open.port.get() : open.others[worker - 1].get()});
    if (!relayed_.empty()) out.push_back({core::kRelayedEndpoint, relayed_[worker].get()});
    if (worker != 0) return out;
    for (const Open& open : exceptions_) out.push_back({EndpointId(), open.port.get()});
    return out;
}

std::vector<std::pair<EndpointId, dataplane::EthdevPort*>> PortKeeper::ethdev_ports() const {
    std::vector<std::pair<EndpointId, dataplane::EthdevPort*>> out;
    for (const auto& [id, open] : ports_)
        if (open.ethdev != nullptr) out.emplace_back(id, open.ethdev);
    return out;
}

}  // namespace netft::daemon
