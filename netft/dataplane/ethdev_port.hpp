// Ports over a DPDK Ethernet device: af_packet, af_xdp and memif (and whatever else ethdev drives).
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
// memif: nothing to sleep on, the worker polls it (wake_fds() is empty).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "netft/base/result.hpp"
#include "netft/dataplane/driver_fds.hpp"
#include "netft/dataplane/fd.hpp"
#include "netft/dataplane/handover.hpp"
#include "netft/dataplane/next_hop_table.hpp"
#include "netft/dataplane/packet.hpp"
#include "netft/dataplane/pool.hpp"
#include "netft/dataplane/port.hpp"
#include "netft/dataplane/xdp_attachment.hpp"

namespace netft::dataplane {

// A virtual device of DPDK, started with one queue each way; removed at destruction.
class EthDevice {
 public:
    // `name` begins with the driver's, "net_af_packet0"; unique in the process.
    static Result<EthDevice> open(const std::string& name, const std::string& arguments,
                                  rte_mempool* pool);
    // With a pool of its own, for drivers that keep many mbufs to themselves: kOwnMbufs, which go
    // with the device. The worker must have let go of all that came from it.
    static Result<EthDevice> open_with_pool(const std::string& name, const std::string& arguments);
    ~EthDevice();
    EthDevice(EthDevice&& other) noexcept;
    EthDevice& operator=(EthDevice&&) = delete;

    std::uint16_t id() const { return id_; }
    rte_mempool* pool() const { return pool_; }
    MacAddress mac() const;
    bool is_link_up() const;

    static constexpr unsigned kOwnMbufs = 4'096;

 private:
    EthDevice(std::string name, rte_mempool* pool) : pool_(pool), name_(std::move(name)) {}
    Status start();

    MempoolPtr own_pool_;
    rte_mempool* pool_ = nullptr;  // received mbufs come from here; sent ones had best, too
    std::string name_;             // empty: moved from
    std::uint16_t id_ = 0;
};

class EthdevPort final : public Port {
 public:
    struct Parts {
        XdpLeftovers leftovers;  // of af_xdp
        EthDevice device;
        Endpoint local;
        std::uint32_t mtu = 1500;  // of the interface, bytes of IP packet
        const Pools* pools = nullptr;
        const char* kind = "";
        Fd guard;           // the kernel socket that holds the endpoint; may be closed
        int wake_fd = -1;   // borrowed from the driver; -1: none
        XdpAttachment xdp;  // of af_xdp
    };
    explicit EthdevPort(Parts parts);

    // Control's: replaces the table.
    void set_next_hops(std::unique_ptr<const NextHopTable> table) {
        next_hops_.offer(std::move(table));
    }
    MacAddress mac() const { return mac_; }
    bool is_link_up() const { return parts_.device.is_link_up(); }

    std::size_t receive(std::span<Received> room, std::uint32_t ready,
                        DropCounters& drops) override;
    void send(std::span<Outgoing> burst, DropCounters& drops) override;
    std::span<const int> wake_fds() const override {
        return {&parts_.wake_fd, parts_.wake_fd < 0 ? 0u : 1u};
    }
    const PortCounters& counters() const override { return counters_; }
    const char* kind() const override { return parts_.kind; }

 private:
    bool take(rte_mbuf* mbuf, Received& out, DropCounters& drops);
    void send_train(const Outgoing& outgoing, const PacketSpec& spec, DropCounters& drops);
    void send_datagram(Bytes payload, const PacketSpec& spec, DropCounters& drops);
    void flush(DropCounters& drops);

    Parts parts_;
    MacAddress mac_;
    Handover<NextHopTable> next_hops_;
    PortCounters counters_;
    std::array<rte_mbuf*, kBurstMax> ready_{};  // packets complete, to be sent
    std::size_t ready_count_ = 0;
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

struct MemifPortSettings {
    Endpoint local;
    // DPDK's device string: "net_memif0,role=server,id=0,socket=/run/x.sock,socket-abstract=no".
    // Any other virtual device of DPDK does as well.
    std::string device;
    std::uint32_t mtu = 1500;
    const Pools* pools = nullptr;
};
Result<std::unique_ptr<EthdevPort>> open_memif_port(const MemifPortSettings& settings);

}  // namespace netft::dataplane
