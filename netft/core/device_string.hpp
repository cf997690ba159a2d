// What [node.port] devices names: a PCI device, or a virtual one of DPDK with its arguments. PURE.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "netft/base/result.hpp"

namespace netft::core {

struct DeviceString {
    enum class Bus : std::uint8_t { vdev, pci };
    Bus bus = Bus::vdev;
    std::string name;       // "0000:03:00.0" (lower case, with domain), "net_memif0"
    std::string arguments;  // what follows the first comma; may be empty

    // The driver, as far as the name tells: "net_memif"; empty for PCI.
    std::string driver() const;

    // The value of "key=value"; empty: not there.
    std::string_view argument(std::string_view key) const;

    bool operator==(const DeviceString&) const = default;
};

// "0000:03:00.0", "03:00.0" (domain 0), either with ",key=value,…"; or
// "net_DRIVER<N>[,key=value…]".
Result<DeviceString> parse_device_string(std::string_view text);

}  // namespace netft::core
