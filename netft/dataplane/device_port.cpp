#include <algorithm>

#include "netft/dataplane/ethdev_port.hpp"
#include "netft/dataplane/native_device.hpp"

namespace netft::dataplane {
namespace {

std::shared_ptr<EthDevice> device_of(const std::shared_ptr<NativeDevice>& native) {
    return {native, &native->device()};
}

std::shared_ptr<const ExceptionPath> exceptions_of(const std::shared_ptr<NativeDevice>& native) {
    return {native, &native->exceptions()};
}

}  // namespace

Result<std::unique_ptr<EthdevPort>> open_device_port(const std::shared_ptr<NativeDevice>& native,
                                                     const InterfacePortSettings& settings) {
    Result<Fd> guard = hold_endpoint(settings);
    if (!guard)
        return with_context(settings.local.to_string() + " on " + settings.interface,
                            guard.error());
    std::uint32_t mtu = std::min(settings.mtu, native->device().mtu());
    return std::make_unique<EthdevPort>(
        EthdevPort::Parts{.leftovers = {},
                          .device = device_of(native),
                          .exceptions = exceptions_of(native),
                          .local = settings.local,
                          .mac = native->mac(),
                          .mtu = mtu,
                          .pools = settings.pools,
                          .kind = "device",
                          .guard = std::move(*guard),
                          .wake_fd = native->device().rx_interrupt_fd()});
}

std::unique_ptr<EthdevPort> open_exception_port(const std::shared_ptr<NativeDevice>& native,
                                                const Pools& pools) {
    return std::make_unique<EthdevPort>(
        EthdevPort::Parts{.leftovers = {},
                          .device = device_of(native),
                          .exceptions = exceptions_of(native),
                          .local = {},
                          .mac = {},
                          .mtu = native->device().mtu(),
                          .pools = &pools,
                          .kind = "device",
                          .guard = {},
                          .wake_fd = native->device().rx_interrupt_fd()});
}

}  // namespace netft::dataplane
