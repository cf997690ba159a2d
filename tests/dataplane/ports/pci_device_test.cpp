#include "netft/dataplane/pci_device.hpp"

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>

#include "netft/dataplane/eal.hpp"

namespace netft::dataplane::test {
namespace {

namespace fs = std::filesystem;

// A /sys/bus/pci/devices of our own.
struct Sysfs {
    fs::path root = fs::temp_directory_path() / ("netft-sysfs-" + std::to_string(getpid()));

    Sysfs() { fs::create_directories(root); }
    ~Sysfs() { fs::remove_all(root); }

    void add(const std::string& address, const std::string& type, const std::string& driver,
             const std::string& interface = "") const {
        fs::create_directories(root / address);
        std::ofstream(root / address / "class") << type << "\n";
        if (!driver.empty()) fs::create_symlink("../drivers/" + driver, root / address / "driver");
        if (!interface.empty()) fs::create_directories(root / address / "net" / interface);
    }
    std::string check(const std::string& address) const {
        Status done = check_pci_device(address, root);
        return done ? "good" : done.error().what;
    }
};

BOOST_FIXTURE_TEST_SUITE(pci_device, Sysfs)

BOOST_AUTO_TEST_CASE(a_nic_that_was_handed_to_user_space_is_good) {
    add("0000:03:00.0", "0x020000", "vfio-pci");
    BOOST_TEST(check("0000:03:00.0") == "good");
    add("0000:04:00.0", "0x020000", "mlx5_core", "eth5");  // shared with the kernel
    BOOST_TEST(check("0000:04:00.0") == "good");
}

BOOST_AUTO_TEST_CASE(the_rest_is_told_apart_with_what_to_do) {
    BOOST_TEST(check("0000:09:00.0") ==
               "0000:09:00.0: no such PCI device; lspci -D lists what there is");
    add("0000:05:00.0", "0x010802", "nvme");
    BOOST_TEST(check("0000:05:00.0") == "0000:05:00.0: is no network device (PCI class 0x010802)");
    add("0000:06:00.0", "0x020000", "");
    BOOST_TEST(check("0000:06:00.0") ==
               "0000:06:00.0: no driver is bound to it; for example: modprobe vfio-pci && "
               "dpdk-devbind.py --bind=vfio-pci 0000:06:00.0");
    add("0000:07:00.0", "0x020000", "ixgbe", "eth2");
    BOOST_TEST(check("0000:07:00.0") ==
               "0000:07:00.0: the kernel's driver ixgbe has it, as interface eth2; set that down "
               "and bind the device to vfio-pci; for example: modprobe vfio-pci && "
               "dpdk-devbind.py --bind=vfio-pci 0000:07:00.0");
}

BOOST_AUTO_TEST_CASE(free_hugepages_of_all_sizes_count) {
    BOOST_TEST(free_huge_megabytes((root / "nothing").string()) == 0u);
    for (auto [size, pages] : {std::pair{"hugepages-2048kB", 10}, {"hugepages-1048576kB", 1}}) {
        fs::create_directories(root / size);
        std::ofstream(root / size / "free_hugepages") << pages << "\n";
    }
    BOOST_TEST(free_huge_megabytes(root.string()) == 1044u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::dataplane::test
