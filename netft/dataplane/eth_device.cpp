#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include <algorithm>
#include <utility>

#include "netft/dataplane/ethdev_port.hpp"

namespace netft::dataplane {
namespace {

constexpr std::uint16_t kDescriptors = 256;

tl::unexpected<Error> dpdk_failure(const std::string& what, int code) {
    int error = code < 0 ? -code : code;
    return fail(what + ": " + rte_strerror(error), error);
}

}  // namespace

Result<EthDevice> EthDevice::open(const std::string& name, const std::string& arguments,
                                  const Pools& pools) {
    if (int code = rte_eal_hotplug_add("vdev", name.c_str(), arguments.c_str()); code != 0)
        return dpdk_failure(name + ": cannot create device (" + arguments + ")", code);
    EthDevice device(name, 0);  // from here on it is removed on failure
    if (int code = rte_eth_dev_get_port_by_name(name.c_str(), &device.id_); code != 0)
        return dpdk_failure(name + ": not an Ethernet device", code);
    Status started = device.start(pools);
    if (!started) return with_context(name, started.error());
    return device;
}

Status EthDevice::start(const Pools& pools) {
    rte_eth_conf configuration{};
    if (int code = rte_eth_dev_configure(id_, 1, 1, &configuration); code != 0)
        return dpdk_failure("cannot configure", code);
    if (int code = rte_eth_rx_queue_setup(id_, 0, kDescriptors, SOCKET_ID_ANY, nullptr,
                                          pools.small_pool());
        code != 0)
        return dpdk_failure("no receive queue", code);
    if (int code = rte_eth_tx_queue_setup(id_, 0, kDescriptors, SOCKET_ID_ANY, nullptr); code != 0)
        return dpdk_failure("no transmit queue", code);
    if (int code = rte_eth_dev_start(id_); code != 0) return dpdk_failure("cannot start", code);
    return {};
}

EthDevice::EthDevice(EthDevice&& other) noexcept
    : name_(std::exchange(other.name_, {})), id_(other.id_) {}

EthDevice::~EthDevice() {
    if (name_.empty()) return;
    rte_eth_dev_stop(id_);
    rte_eal_hotplug_remove("vdev", name_.c_str());
}

MacAddress EthDevice::mac() const {
    rte_ether_addr address{};
    MacAddress mac;
    if (rte_eth_macaddr_get(id_, &address) == 0)
        std::copy_n(address.addr_bytes, mac.bytes.size(), mac.bytes.begin());
    return mac;
}

bool EthDevice::is_link_up() const {
    rte_eth_link link{};
    return rte_eth_link_get_nowait(id_, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

}  // namespace netft::dataplane
