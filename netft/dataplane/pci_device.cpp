#include "netft/dataplane/pci_device.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string_view>

namespace netft::dataplane {
namespace {

// Those that hand a device to user space, and those DPDK shares it with.
constexpr std::array<std::string_view, 5> kDrivers{"vfio-pci", "uio_pci_generic", "igb_uio",
                                                   "mlx4_core", "mlx5_core"};

std::string interface_of(const std::filesystem::path& device) {
    std::string names;
    std::error_code error;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(
             device, std::filesystem::directory_options::skip_permission_denied, error)) {
        if (entry.path().parent_path().filename() != "net") continue;
        names += (names.empty() ? "" : ", ") + entry.path().filename().string();
    }
    return names;
}

std::string how_to_bind(const std::string& address) {
    return "; for example: modprobe vfio-pci && dpdk-devbind.py --bind=vfio-pci " + address;
}

}  // namespace

Status check_pci_device(const std::string& address, const std::string& root) {
    std::filesystem::path device = std::filesystem::path(root) / address;
    std::error_code error;
    if (!std::filesystem::exists(device, error))
        return fail(address + ": no such PCI device; lspci -D lists what there is", ENODEV);
    std::string type;
    std::ifstream(device / "class") >> type;
    if (!type.starts_with("0x02"))
        return fail(address + ": is no network device (PCI class " + type + ")", ENODEV);
    std::string driver = std::filesystem::read_symlink(device / "driver", error).filename();
    if (error || driver.empty())
        return fail(address + ": no driver is bound to it" + how_to_bind(address), ENODEV);
    if (std::find(kDrivers.begin(), kDrivers.end(), driver) != kDrivers.end()) return {};
    std::string interface = interface_of(device);
    return fail(address + ": the kernel's driver " + driver + " has it" +
                    (interface.empty() ? "" : ", as interface " + interface) +
                    "; set that down and bind the device to vfio-pci" + how_to_bind(address),
                EBUSY);
}

}  // namespace netft::dataplane
