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
constexpr std::uint16_t kManyDescriptors = 2'048;  // where the device has its own pool

tl::unexpected<Error> dpdk_failure(const std::string& what, int code) {
    int error = code < 0 ? -code : code;
    return fail(what + ": " + rte_strerror(error), error);
}

}  // namespace

Result<EthDevice> EthDevice::open_with_pool(const std::string& name, const std::string& arguments) {
    Result<MempoolPtr> pool = Pools::create_for_device(kOwnMbufs);
    if (!pool) return with_context(name, pool.error());
    Result<EthDevice> device = open(name, arguments, pool->get());
    if (device) device->own_pool_ = std::move(*pool);
    return device;
}

Result<EthDevice> EthDevice::open(const std::string& name, const std::string& arguments,
                                  rte_mempool* pool) {
    if (int code = rte_eal_hotplug_add("vdev", name.c_str(), arguments.c_str()); code != 0)
        return dpdk_failure(name + ": cannot create device (" + arguments + ")", code);
    EthDevice device(name, pool);  // from here on it is removed on failure
    if (int code = rte_eth_dev_get_port_by_name(name.c_str(), &device.id_); code != 0)
        return dpdk_failure(name + ": not an Ethernet device", code);
    Status started = device.start();
    if (!started) return with_context(name, started.error());
    return device;
}

Status EthDevice::start() {
    std::uint16_t descriptors = pool_->size >= kOwnMbufs ? kManyDescriptors : kDescriptors;
    rte_eth_conf configuration{};
    if (int code = rte_eth_dev_configure(id_, 1, 1, &configuration); code != 0)
        return dpdk_failure("cannot configure", code);
    if (int code = rte_eth_rx_queue_setup(id_, 0, descriptors, SOCKET_ID_ANY, nullptr, pool_);
        code != 0)
        return dpdk_failure("no receive queue", code);
    if (int code = rte_eth_tx_queue_setup(id_, 0, descriptors, SOCKET_ID_ANY, nullptr); code != 0)
        return dpdk_failure("no transmit queue", code);
    if (int code = rte_eth_dev_start(id_); code != 0) return dpdk_failure("cannot start", code);
    return {};
}

EthDevice::EthDevice(EthDevice&& other) noexcept
    : own_pool_(std::move(other.own_pool_)),
      pool_(other.pool_),
      name_(std::exchange(other.name_, {})),
      id_(other.id_) {}

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
