#include "netft/dataplane/ethdev_port.hpp"

namespace netft::dataplane {

Result<std::unique_ptr<EthdevPort>> open_memif_port(const MemifPortSettings& settings) {
    std::size_t comma = settings.device.find(',');
    std::string name = settings.device.substr(0, comma);
    std::string arguments = comma == std::string::npos ? "" : settings.device.substr(comma + 1);
    if (settings.mtu > Pools::kSmallRoom - kHeadersMax)
        return fail(settings.device + ": MTU " + std::to_string(settings.mtu) +
                    " is too large for this kind of port; at most " +
                    std::to_string(Pools::kSmallRoom - kHeadersMax));
    Result<EthDevice> device = EthDevice::open(name, arguments, settings.pools->small_pool());
    if (!device) return tl::unexpected(device.error());
    return std::make_unique<EthdevPort>(EthdevPort::Parts{.leftovers = {},
                                                          .device = std::move(*device),
                                                          .local = settings.local,
                                                          .mtu = settings.mtu,
                                                          .pools = settings.pools,
                                                          .kind = "memif"});
}

}  // namespace netft::dataplane
