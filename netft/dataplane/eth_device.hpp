// One Ethernet device of DPDK, started with one queue each way; stopped and removed at destruction.
//
// Virtual devices are made and gone with it; a PCI device is probed and, at the end, let go.
// Threads: control, but for rx and tx bursts on id(), rx_interrupt_fd() and arm(): the worker's.
#pragma once

#include <rte_mempool.h>

#include <cstdint>
#include <string>
#include <utility>

#include "netft/base/address.hpp"
#include "netft/base/result.hpp"
#include "netft/core/device_string.hpp"
#include "netft/dataplane/pool.hpp"

namespace netft::dataplane {

// What the device itself does; each is used where it says so.
struct DeviceOffloads {
    bool rx_checksum = false;       // tells of every packet whether its sums are right
    bool tx_checksum = false;       // makes the sums of IP and UDP
    bool tx_segments = false;       // takes a packet in several mbufs
    bool udp_segmentation = false;  // cuts a train into datagrams
};

class EthDevice {
 public:
    struct Settings {
        core::DeviceString device;
        rte_mempool* pool = nullptr;  // nullptr: one of its own, of kOwnMbufs
        // Native devices: use what offloads and interrupts it has; see all multicast.
        bool is_native = false;
        int link_event_fd = -1;  // an eventfd, written when the link changed, where it can tell
    };
    static constexpr unsigned kOwnMbufs = 4'096;
    // A packet must lie in one small mbuf.
    static constexpr std::uint32_t kMtuMax = 1'900;

    static Result<EthDevice> open(const Settings& settings);
    ~EthDevice();
    EthDevice(EthDevice&& other) noexcept;
    EthDevice& operator=(EthDevice&&) = delete;

    std::uint16_t id() const { return id_; }
    rte_mempool* pool() const { return pool_; }
    const std::string& name() const { return device_.name; }
    const std::string& driver() const { return driver_; }  // "net_memif", "net_ixgbe"
    const DeviceOffloads& offloads() const { return offloads_; }
    MacAddress mac() const;
    Status set_mac(const MacAddress& mac);
    std::uint32_t mtu() const;
    Status set_mtu(std::uint32_t mtu);

    bool is_link_up() const;
    // True: link_event_fd is told; else somebody has to look.
    bool tells_link() const { return tells_link_; }
    // The kernel's interface below a virtual device; 0: none. Its carrier counts, too.
    std::uint32_t lower_interface() const { return lower_interface_; }

    // Readable when a packet waits, once arm() was called after the queue was seen empty; -1: the
    // device cannot interrupt.
    int rx_interrupt_fd() const { return rx_interrupt_fd_; }
    void arm();
    // Makes it readable: more packets may wait that will interrupt nobody.
    void wake();

 private:
    EthDevice(core::DeviceString device, rte_mempool* pool)
        : pool_(pool), device_(std::move(device)) {}
    Status attach(const Settings& settings);
    Status start(bool is_native);
    Status configure(bool rx_interrupts);
    bool may_interrupt() const;
    void look_for_interrupts();

    MempoolPtr own_pool_;
    rte_mempool* pool_ = nullptr;  // received mbufs come from here; sent ones had best, too
    core::DeviceString device_;    // name empty: moved from, or never made
    std::string driver_;
    DeviceOffloads offloads_;
    std::uint16_t id_ = 0;
    std::uint32_t lower_interface_ = 0;
    int rx_interrupt_fd_ = -1;
    bool is_level_ = false;  // the descriptor is readable as long as packets wait
    bool tells_link_ = false;
    int link_event_fd_ = -1;
};

}  // namespace netft::dataplane
