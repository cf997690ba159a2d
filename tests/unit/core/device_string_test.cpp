#include "netft/core/device_string.hpp"

#include <boost/test/unit_test.hpp>

namespace netft::core {
namespace {

BOOST_AUTO_TEST_SUITE(device_string)

BOOST_AUTO_TEST_CASE(pci_addresses_are_written_in_one_way) {
    for (const char* text : {"0000:03:00.1", "03:00.1", "0000:03:00.1,mac=1"}) {
        auto device = parse_device_string(text);
        BOOST_REQUIRE_MESSAGE(device.has_value(), text);
        BOOST_TEST((device->bus == DeviceString::Bus::pci));
        BOOST_TEST(device->name == "0000:03:00.1");
        BOOST_TEST(device->driver() == "");
    }
    BOOST_TEST(parse_device_string("00AF:1B:00.0")->name == "00af:1b:00.0");
}

BOOST_AUTO_TEST_CASE(a_virtual_device_is_its_driver_a_number_and_arguments) {
    auto device = parse_device_string("net_af_packet12,iface=eth0,qpairs=1");
    BOOST_REQUIRE(device.has_value());
    BOOST_TEST((device->bus == DeviceString::Bus::vdev));
    BOOST_TEST(device->name == "net_af_packet12");
    BOOST_TEST(device->arguments == "iface=eth0,qpairs=1");
    BOOST_TEST(device->driver() == "net_af_packet");
    BOOST_TEST(device->argument("iface") == "eth0");
    BOOST_TEST(device->argument("qpairs") == "1");
    BOOST_TEST(device->argument("if") == "");
    BOOST_TEST(parse_device_string("net_ring0")->arguments == "");
}

BOOST_AUTO_TEST_CASE(everything_else_is_refused) {
    for (const char* text :
         {"", "eth0", "net_", "net_0", "net_ring", "NET_RING0", "net_ring0,", "net_ring0,=1",
          "net_ring0,a,,b", "net_ring0, a", "net ring0", "0000:03:00", "0000:03:00.8",
          "0000:03:0g.0", "00000:03:00.0", "3:0.0", "crypto_null0", "net_ring-0", ",a=1"})
        BOOST_TEST(!parse_device_string(text).has_value(), text);
    BOOST_TEST(!parse_device_string("net_" + std::string(80, 'a') + "0").has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core
