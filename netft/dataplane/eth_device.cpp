#include "netft/dataplane/eth_device.hpp"

#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_log.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "netft/dataplane/eth_device_offloads.hpp"
#include "netft/dataplane/pci_device.hpp"

namespace netft::dataplane {
namespace {

constexpr std::uint16_t kDescriptors = 256;
// Where the device has its own pool. net_af_xdp takes 2,048 mbufs for what is to come and as many
// as these for what is to go: a ring that is full must leave some for receiving.
constexpr std::uint16_t kManyDescriptors = 1'024;

tl::unexpected<Error> dpdk_failure(const std::string& what, int code) {
    int error = code < 0 ? -code : code;
    return fail(what + ": " + rte_strerror(error), error);
}

const char* bus_of(const core::DeviceString& device) {
    return device.bus == core::DeviceString::Bus::pci ? "pci" : "vdev";
}

// EAL's interrupt thread: whatever it was, control looks for itself.
int tell_link(std::uint16_t, rte_eth_event_type, void* fd, void*) {
    std::uint64_t one = 1;
    [[maybe_unused]] ssize_t n =
        write(static_cast<int>(reinterpret_cast<std::intptr_t>(fd)), &one, sizeof(one));
    return 0;
}

void* as_argument(int fd) { return reinterpret_cast<void*>(static_cast<std::intptr_t>(fd)); }

// Asks ethdev something it may not have, without its complaint in our log.
class Hush {
 public:
    Hush() : level_(rte_log_get_level(type())) { rte_log_set_level(type(), RTE_LOG_CRIT); }
    ~Hush() { rte_log_set_level(type(), static_cast<std::uint32_t>(level_)); }
    Hush(const Hush&) = delete;
    Hush& operator=(const Hush&) = delete;

 private:
    static std::uint32_t type() {
        return static_cast<std::uint32_t>(
            rte_log_register_type_and_pick_level("lib.ethdev", RTE_LOG_INFO));
    }
    int level_;
};

}  // namespace

Result<EthDevice> EthDevice::open(const Settings& settings) {
    const std::string& name = settings.device.name;
    if (settings.device.bus == core::DeviceString::Bus::pci)
        if (Status usable = check_pci_device(name); !usable) return tl::unexpected(usable.error());
    EthDevice device({}, settings.pool);
    if (settings.pool == nullptr) {
        Result<MempoolPtr> pool = Pools::create_for_device(kOwnMbufs);
        if (!pool) return with_context(name, pool.error());
        device.own_pool_ = std::move(*pool);
        device.pool_ = device.own_pool_.get();
    }
    if (Status done = device.attach(settings); !done) return tl::unexpected(done.error());
    if (Status done = device.start(settings.is_native); !done)
        return with_context(name, done.error());
    return device;
}

Status EthDevice::attach(const Settings& settings) {
    const core::DeviceString& wanted = settings.device;
    // EAL has probed the PCI devices it was started for.
    bool is_there = rte_eth_dev_get_port_by_name(wanted.name.c_str(), &id_) == 0;
    if (is_there && wanted.bus == core::DeviceString::Bus::vdev)
        return fail(wanted.name + ": there is such a device already", EEXIST);
    bool is_pci = wanted.bus == core::DeviceString::Bus::pci;
    if (!is_there && is_pci && rte_eal_has_pci() == 0)
        return fail(wanted.name + ": netftd was started without a PCI device: restart it", ENODEV);
    if (!is_there) {
        int code =
            rte_eal_hotplug_add(bus_of(wanted), wanted.name.c_str(), wanted.arguments.c_str());
        if (code != 0)
            return dpdk_failure(wanted.name + ": cannot create device (" + wanted.arguments + ")",
                                code);
    }
    device_ = wanted;  // from here on it is removed on failure
    if (int code = rte_eth_dev_get_port_by_name(wanted.name.c_str(), &id_); code != 0)
        return dpdk_failure(wanted.name + ": not an Ethernet device", code);
    rte_eth_dev_info info{};
    if (int code = rte_eth_dev_info_get(id_, &info); code != 0)
        return dpdk_failure(wanted.name + ": says nothing of itself", code);
    driver_ = info.driver_name == nullptr ? "" : info.driver_name;
    lower_interface_ = info.if_index;
    if (settings.is_native) {
        offloads_ = choose_offloads(info);
        tells_link_ = (*info.dev_flags & RTE_ETH_DEV_INTR_LSC) != 0 && settings.link_event_fd >= 0;
        link_event_fd_ = settings.link_event_fd;
    }
    return {};
}

Status EthDevice::start(bool is_native) {
    if (!is_native) return configure(false);
    if (tells_link_)
        for (rte_eth_event_type event : {RTE_ETH_EVENT_INTR_LSC, RTE_ETH_EVENT_INTR_RMV})
            (void)rte_eth_dev_callback_register(id_, event, tell_link, as_argument(link_event_fd_));
    if (may_interrupt())
        if (Status done = configure(true); done) look_for_interrupts();
    if (rx_interrupt_fd_ < 0) {
        if (may_interrupt()) (void)rte_eth_dev_stop(id_);
        if (Status done = configure(false); !done) return done;
    }
    // The kernel joins groups by the MAC it is sent to (neighbour discovery); we do not follow
    // that.
    if (rte_eth_allmulticast_enable(id_) != 0) (void)rte_eth_promiscuous_enable(id_);
    return {};
}

// A device does not say so before it was started. Of the virtual ones net_tap has interrupts, and a
// memif that is started and stopped has told its peer of a link.
bool EthDevice::may_interrupt() const {
    return device_.bus == core::DeviceString::Bus::pci || driver_ == "net_tap";
}

Status EthDevice::configure(bool rx_interrupts) {
    std::uint16_t rx = own_pool_ ? kManyDescriptors : kDescriptors;
    std::uint16_t tx = rx;
    rte_eth_conf configuration{};
    configuration.rxmode.offloads = rx_flags(offloads_);
    configuration.txmode.offloads = tx_flags(offloads_);
    configuration.intr_conf.lsc = tells_link_ ? 1 : 0;
    configuration.intr_conf.rxq = rx_interrupts ? 1 : 0;
    if (int code = rte_eth_dev_configure(id_, 1, 1, &configuration); code != 0)
        return dpdk_failure("cannot configure", code);
    (void)rte_eth_dev_adjust_nb_rx_tx_desc(id_, &rx, &tx);
    if (int code = rte_eth_rx_queue_setup(id_, 0, rx, SOCKET_ID_ANY, nullptr, pool_); code != 0)
        return dpdk_failure("no receive queue", code);
    if (int code = rte_eth_tx_queue_setup(id_, 0, tx, SOCKET_ID_ANY, nullptr); code != 0)
        return dpdk_failure("no transmit queue", code);
    if (int code = rte_eth_dev_start(id_); code != 0) return dpdk_failure("cannot start", code);
    return {};
}

void EthDevice::look_for_interrupts() {
    Hush hush;
    rx_interrupt_fd_ = rte_eth_dev_rx_intr_ctl_q_get_fd(id_, 0);
    if (rx_interrupt_fd_ < 0) return;
    int code = rte_eth_dev_rx_intr_enable(id_, 0);
    is_level_ = code == -ENOTSUP;  // net_tap: the descriptor is where the packets are
    if (code != 0 && !is_level_) rx_interrupt_fd_ = -1;
}

void EthDevice::arm() {
    if (is_level_ || rx_interrupt_fd_ < 0) return;
    std::uint64_t count = 0;
    [[maybe_unused]] ssize_t n = read(rx_interrupt_fd_, &count, sizeof(count));
    (void)rte_eth_dev_rx_intr_enable(id_, 0);
}

void EthDevice::wake() {
    if (is_level_ || rx_interrupt_fd_ < 0) return;
    std::uint64_t one = 1;
    [[maybe_unused]] ssize_t n = write(rx_interrupt_fd_, &one, sizeof(one));
}

EthDevice::EthDevice(EthDevice&& other) noexcept
    : own_pool_(std::move(other.own_pool_)),
      pool_(other.pool_),
      device_(std::exchange(other.device_, {})),
      driver_(std::move(other.driver_)),
      offloads_(other.offloads_),
      id_(other.id_),
      lower_interface_(other.lower_interface_),
      rx_interrupt_fd_(other.rx_interrupt_fd_),
      is_level_(other.is_level_),
      tells_link_(other.tells_link_),
      link_event_fd_(other.link_event_fd_) {}

EthDevice::~EthDevice() {
    if (device_.name.empty()) return;
    for (rte_eth_event_type event : {RTE_ETH_EVENT_INTR_LSC, RTE_ETH_EVENT_INTR_RMV})
        if (tells_link_)
            (void)rte_eth_dev_callback_unregister(id_, event, tell_link,
                                                  as_argument(link_event_fd_));
    rte_eth_dev_stop(id_);
    rte_eal_hotplug_remove(bus_of(device_), device_.name.c_str());
}

MacAddress EthDevice::mac() const {
    rte_ether_addr address{};
    MacAddress mac;
    if (rte_eth_macaddr_get(id_, &address) == 0)
        std::copy_n(address.addr_bytes, mac.bytes.size(), mac.bytes.begin());
    return mac;
}

Status EthDevice::set_mac(const MacAddress& mac) {
    rte_ether_addr address{};
    std::copy_n(mac.bytes.begin(), mac.bytes.size(), address.addr_bytes);
    if (int code = rte_eth_dev_default_mac_addr_set(id_, &address); code != 0)
        return dpdk_failure(device_.name + ": cannot take the MAC address " + mac.to_string(),
                            code);
    return {};
}

std::uint32_t EthDevice::mtu() const {
    std::uint16_t mtu = 0;
    return rte_eth_dev_get_mtu(id_, &mtu) == 0 ? mtu : 0;
}

Status EthDevice::set_mtu(std::uint32_t mtu) {
    if (mtu > kMtuMax)
        return fail(device_.name + ": MTU " + std::to_string(mtu) + " is too large; at most " +
                        std::to_string(kMtuMax),
                    EINVAL);
    if (int code = rte_eth_dev_set_mtu(id_, static_cast<std::uint16_t>(mtu)); code != 0)
        return dpdk_failure(device_.name + ": cannot take MTU " + std::to_string(mtu), code);
    return {};
}

bool EthDevice::is_link_up() const {
    rte_eth_link link{};
    return rte_eth_link_get_nowait(id_, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

}  // namespace netft::dataplane
