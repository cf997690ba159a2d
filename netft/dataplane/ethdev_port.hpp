// Ports over a DPDK Ethernet device: af_packet, af_xdp and native devices.
// netft makes the Ethernet, IP and UDP headers itself and cuts big mbufs into single datagrams.
//
// MAC addresses of next hops are control's business: it hands in a NextHopTable whenever the
// kernel's tables change. A remote that is not in it is tx_no_neighbour.
//
// af_packet: the kernel sees every packet too. So the port holds a kernel socket on the endpoint
//   that throws everything away: it keeps the port number and stops ICMP "port unreachable". DPDK's
//   driver cannot wake anybody; its packet socket can, and is looked up after opening.
// af_xdp: an XDP program of ours (xdp_program.hpp) takes the endpoint's datagrams out before the
//   kernel makes anything of them, and leaves it the rest. DPDK attaches the program so that it
//   would outlive us; xdp_attachment.hpp attaches it anew, so that it goes when we go, however we
//   go. The driver's XDP socket wakes the worker.
// device: a NIC taken from the kernel, or a virtual device of DPDK (native_device.hpp). What is not
//   netft's goes to its exception TAP, and what the kernel sends there goes out. Where the device
//   has interrupts they wake the worker; else it is polled.
//
// A full ring: what it does not take waits, made or not yet made into packets (DeviceQueue,
// Backlog), at most a burst of packets and two of buffers; heartbeats overtake it. A device that
// takes nothing at all for a while loses it (Patience).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "netft/base/result.hpp"
#include "netft/dataplane/backlog.hpp"
#include "netft/dataplane/device_queue.hpp"
#include "netft/dataplane/driver_fds.hpp"
#include "netft/dataplane/eth_device.hpp"
#include "netft/dataplane/exception_path.hpp"
#include "netft/dataplane/fd.hpp"
#include "netft/dataplane/handover.hpp"
#include "netft/dataplane/next_hop_table.hpp"
#include "netft/dataplane/packet.hpp"
#include "netft/dataplane/patience.hpp"
#include "netft/dataplane/pool.hpp"
#include "netft/dataplane/port.hpp"
#include "netft/dataplane/xdp_attachment.hpp"

namespace netft::dataplane {

class NativeDevice;

class EthdevPort final : public Port {
 public:
    struct Parts {
        XdpLeftovers leftovers;  // of af_xdp
        std::shared_ptr<EthDevice> device;
        std::shared_ptr<const ExceptionPath> exceptions;  // of a captured NIC
        Endpoint local;                                   // port 0: none, nothing is ours
        MacAddress mac;                                   // zero: the device's own
        std::uint32_t mtu = 1500;                         // of the interface, bytes of IP packet
        const Pools* pools = nullptr;
        const char* kind = "";
        Fd guard;           // the kernel socket that holds the endpoint; may be closed
        int wake_fd = -1;   // borrowed from the driver; -1: none
        XdpAttachment xdp;  // of af_xdp
    };
    explicit EthdevPort(Parts parts);
    ~EthdevPort() override;

    // Control's: replaces the table.
    void set_next_hops(std::unique_ptr<const NextHopTable> table) {
        next_hops_.offer(std::move(table));
    }
    MacAddress mac() const { return mac_; }  // before the worker has it
    bool is_link_up() const { return parts_.device->is_link_up(); }

    std::size_t receive(std::span<Received> room, std::uint32_t ready,
                        DropCounters& drops) override;
    void send(std::span<Outgoing> burst, DropCounters& drops) override;
    bool is_blocked() const override { return !queue_.is_empty() || !backlog_.is_empty(); }
    void retry(TimePoint now, DropCounters& drops) override;
    std::span<const int> wake_fds() const override {
        return std::span(wake_fds_).first(wake_fd_count_);
    }
    bool must_be_polled() const override { return parts_.wake_fd < 0; }
    void count_losses(DropCounters& drops) override;
    const PortCounters& counters() const override { return counters_; }
    const char* kind() const override { return parts_.kind; }

 private:
    bool take(rte_mbuf* mbuf, Received& out, DropCounters& drops);
    std::uint16_t receive_burst(std::span<rte_mbuf*> room);
    void drop_or_pass_on(rte_mbuf* mbuf, PacketKind kind, DropCounters& drops);
    void serve_kernel(std::uint32_t ready, DropCounters& drops);
    void take_next_hops();
    std::size_t pack(const Outgoing& outgoing, std::size_t from, DropCounters& drops);
    bool makes_room(bool is_heartbeat, DropCounters& drops);
    std::size_t pack_next(const Outgoing& outgoing, const PacketSpec& spec, std::size_t from,
                          DropCounters& drops);
    void keep_rest(const Outgoing& outgoing, std::size_t from, DropCounters& drops);
    void refuse_all(DropCounters& drops);
    std::uint16_t port_of(const Outgoing& outgoing) const {
        return static_cast<std::uint16_t>(parts_.local.port + outgoing.source);
    }
    void flush(DropCounters& drops);

    Parts parts_;
    MacAddress mac_;  // worker: rw
    // What wakes for packets, where there is such, then the exception TAP.
    std::array<int, 2> wake_fds_{};
    std::size_t wake_fd_count_ = 0;
    Handover<NextHopTable> next_hops_;
    PortCounters counters_;
    struct {
        std::uint64_t no_buffer = 0;
        std::uint64_t missed = 0;
    } seen_;                                        // of the device's own counters
    const NextHopTable* next_hop_table_ = nullptr;  // borrowed from next_hops_
    DeviceQueue queue_;
    Backlog backlog_;        // data that queue_ had no room for
    std::size_t begun_ = 0;  // bytes of the backlog's first buffer that are done with
    Patience patience_;
};

// For af_packet and af_xdp.
struct InterfacePortSettings {
    Endpoint local;
    std::string interface;
    std::uint32_t interface_index = 0;
    std::uint32_t mtu = 1500;
    const Pools* pools = nullptr;
};
Result<std::unique_ptr<EthdevPort>> open_af_packet_port(const InterfacePortSettings& settings);
// Fails where the interface, its driver or the kernel does not have it; nothing is left behind.
Result<std::unique_ptr<EthdevPort>> open_af_xdp_port(const InterfacePortSettings& settings);

// A kernel socket that takes everything for the endpoint and keeps nothing: it holds the port
// number, and nobody hears that the port is unreachable.
Result<Fd> hold_endpoint(const InterfacePortSettings& settings);

// On a captured NIC; `settings.interface` is its exception TAP. One endpoint a device: a second
// port would take the datagrams of the first.
Result<std::unique_ptr<EthdevPort>> open_device_port(const std::shared_ptr<NativeDevice>& native,
                                                     const InterfacePortSettings& settings);
// For a captured NIC without an endpoint (yet): it only serves the kernel.
std::unique_ptr<EthdevPort> open_exception_port(const std::shared_ptr<NativeDevice>& native,
                                                const Pools& pools);

}  // namespace netft::dataplane
