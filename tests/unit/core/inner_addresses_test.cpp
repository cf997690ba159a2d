#include "netft/core/inner_addresses.hpp"

#include <boost/test/unit_test.hpp>

#include "netft/core/settings.hpp"

namespace netft::core {
namespace {

InnerAddresses of_two_nodes() {
    Settings settings;
    settings.floating = {*Prefix::parse("10.99.0.0/24"), *Prefix::parse("0.0.0.0/0")};
    for (std::uint8_t i = 1; i <= 2; ++i) {
        NodeSettings node;
        node.ipv4 = IpAddress::v4({169, 254, 1, i});
        node.ipv6 = IpAddress::v6({0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, i});
        node.extra_ipv4 = Prefix{IpAddress::v4({10, 99, 0, i}), 24};
        settings.nodes.push_back(node);
    }
    return inner_addresses(settings);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(inner_addresses_tests)

BOOST_AUTO_TEST_CASE(what_floats_is_anybodys_but_a_nodes_own) {
    InnerAddresses inner = of_two_nodes();
    const std::vector<Prefix> allowed{*Prefix::parse("fd88::/64"), *Prefix::parse("fe80::/10")};
    auto is_allowed = [&](const char* text) {
        return inner.is_allowed(*IpAddress::parse(text), allowed);
    };
    for (const char* text : {"10.99.0.250", "172.17.0.2", "fd88::5", "fe80::77"})
        BOOST_TEST(is_allowed(text), text);
    for (const char* text : {"10.99.0.1", "10.99.0.2", "169.254.1.1", "fe80::1", "fd89::1",
                             "224.0.0.1", "127.0.0.1", "0.0.0.0", "255.255.255.255", "::"})
        BOOST_TEST(!is_allowed(text), text);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace netft::core
