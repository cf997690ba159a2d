// Keeps a port open for every local endpoint that has its address, and closes the others when the
// worker has let go of them.
//
// A port whose endpoint comes back before the worker has let go of the former one (an interface
// that is set down and up) waits for that: the two cannot have the address both. A port stays open
// while only the carrier is away: the socket keeps what it had. Ports over DPDK devices are opened
// anew when the interface's MTU changes: their buffers may not fit. A port that cannot be opened is
// tried again every kRetry; the coordinator is told, so that its routes say why they are down.
// Where af_xdp is not to be had for an endpoint (driver, MTU, another program on the interface), a
// kernel socket does instead, and views() say so.
// A device of [node.port] has one port: that of its endpoint, or one that only serves the kernel.
// Threads: control only.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "netft/base/result.hpp"
#include "netft/core/settings.hpp"
#include "netft/daemon/device_keeper.hpp"
#include "netft/daemon/segmentation_backoff.hpp"
#include "netft/dataplane/ethdev_port.hpp"
#include "netft/dataplane/pool.hpp"
#include "netft/dataplane/port_health.hpp"
#include "netft/dataplane/worker.hpp"
#include "routing/interfaces/interface_manager.hpp"

namespace netft::daemon {

class PortKeeper {
 public:
    static constexpr Duration kRetry = 1s;
    // ICMP errors are not heard for so long where there were too many.
    static constexpr Duration kDeaf = 10s;

    struct Failure {
        EndpointId endpoint;
        Error error;
    };

    // `devices` are borrowed. `pools`: of the workers, each of which gets a port of its own for
    // each endpoint.
    PortKeeper(core::PortKind kind, const DeviceKeeper& devices,
               std::vector<const dataplane::Pools*> pools)
        : kind_(kind), devices_(&devices), pools_(pools.front()), all_pools_(std::move(pools)) {}

    // Once, before bindings(): what several workers need beside the ports of endpoints.
    Status open_relayed();
    // Opens and retires ports to match. True when bindings() changed. `failures`: what could not be
    // opened now; `opened`: what can be used from now on.
    bool sync(TimePoint now, const std::vector<routing::LocalEndpoint>& endpoints,
              std::vector<Failure>& failures, std::vector<EndpointId>& opened);
    // What could not be opened may be tried again at once.
    void retry_now() { retry_at_.clear(); }
    std::vector<dataplane::PortBinding> bindings(std::size_t worker) const;
    // Closes retired ports; call it when the worker holds nothing but its current snapshot.
    void close_retired() { retired_.clear(); }
    bool has_retired() const { return !retired_.empty(); }
    // Ports that need next hops from control, with their endpoints.
    std::vector<std::pair<EndpointId, dataplane::EthdevPort*>> ethdev_ports() const;
    std::size_t size() const { return ports_.size(); }

    struct View {
        Endpoint endpoint;
        std::string interface;
        std::string kind;
        std::string note;    // why it is not of the kind that is configured; "" where it is
        std::string device;  // "0000:03:00.0 (net_ixgbe)"; empty but for devices
    };
    std::vector<View> views() const;
    std::string note(EndpointId endpoint) const;
    // What the ports have learnt of their way since the last call: now and then. `said`: for the
    // log.
    std::vector<std::pair<EndpointId, core::PathError>> poll_health(TimePoint now,
                                                                    std::vector<std::string>& said);
    // Its index; 0: no port is open for the endpoint.
    std::uint32_t interface(EndpointId endpoint) const;

 private:
    struct Open {
        std::unique_ptr<dataplane::Port> port;    // the first worker's
        dataplane::EthdevPort* ethdev = nullptr;  // the same port, or under it, where it is one
        Endpoint endpoint;
        std::uint32_t interface_index = 0;
        std::string interface;
        std::uint32_t mtu = 0;
        std::string note;  // see View
        std::shared_ptr<dataplane::NativeDevice> device;
        std::vector<std::unique_ptr<dataplane::Port>> others{};  // of the other workers, in order
        std::optional<SegmentationBackoff> segmentation{};
        std::optional<TimePoint> hears_again{};  // ICMP errors, of which there were too many
    };
    Result<Open> open_socket(const routing::LocalEndpoint& endpoint) const;
    Result<Open> of_ethdev(const routing::LocalEndpoint& endpoint,
                           Result<std::unique_ptr<dataplane::EthdevPort>> port) const;
    Result<Open> open_xdp(const routing::LocalEndpoint& endpoint) const;
    Result<Open> open_device(const routing::LocalEndpoint& endpoint,
                             std::shared_ptr<dataplane::NativeDevice> device) const;
    Result<Open> open(const routing::LocalEndpoint& endpoint) const;
    Result<Open> open_for_all(const routing::LocalEndpoint& endpoint) const;
    bool is_kept(const Open& open, const routing::LocalEndpoint& endpoint) const;
    bool retire_unwanted(const std::vector<routing::LocalEndpoint>& endpoints);
    bool sync_exceptions();
    bool is_closing(const routing::LocalEndpoint& endpoint) const;
    void look_after(TimePoint now, Open& open, dataplane::Port& port,
                    std::vector<std::string>& said);
    static std::string segmentation_note(const Open& open);
    static std::string note_of(const Open& open);

    core::PortKind kind_;
    const DeviceKeeper* devices_;
    const dataplane::Pools* pools_;  // the first worker's
    std::vector<const dataplane::Pools*> all_pools_;
    std::vector<std::unique_ptr<dataplane::Port>> relayed_;  // by worker, of several
    std::map<EndpointId, Open> ports_;
    std::vector<Open> exceptions_;  // of devices without an endpoint
    std::map<EndpointId, TimePoint> retry_at_;
    std::vector<Open> retired_;
};

}  // namespace netft::daemon
