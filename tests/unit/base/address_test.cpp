#include "netft/base/address.hpp"

#include <boost/test/unit_test.hpp>
#include <unordered_set>

#include "netft/base/random.hpp"

using namespace netft;

namespace {

IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }

IpAddress random_address(Random& random) {
    if (random.chance(0.5)) return IpAddress::v4(static_cast<std::uint32_t>(random.next()));
    std::array<std::uint8_t, 16> bytes{};
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.below(256));
    return IpAddress::v6(bytes);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(address)

BOOST_AUTO_TEST_CASE(text_of_an_address_reads_back_as_the_same_address) {
    Random random(1);
    for (int i = 0; i < 2000; ++i) {
        IpAddress address = random_address(random);
        auto again = IpAddress::parse(address.to_string());
        BOOST_REQUIRE(again.has_value());
        BOOST_REQUIRE(*again == address);
    }
}

BOOST_AUTO_TEST_CASE(text_that_is_no_address_is_refused) {
    for (const char* text :
         {"", "10.0.0", "10.0.0.256", "10.0.0.1 ", "010.0.0.1.1", "fe80::1%", "fe80::1%eth0",
          "fe80::1%-1", "::1::", "host", "10.0.0.1%3", "fe80::1%4294967296", "1.2.3.4/24"})
        BOOST_TEST(!IpAddress::parse(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(scope_is_read_kept_and_left_out_of_the_text) {
    IpAddress address = ip("fe80::1%3");
    BOOST_TEST(address.scope() == 3u);
    BOOST_TEST(address.to_string() == "fe80::1");
    BOOST_CHECK(address != ip("fe80::1"));
    BOOST_CHECK(address.with_scope(0) == ip("fe80::1"));
}

BOOST_AUTO_TEST_CASE(kinds_of_addresses_are_told_apart) {
    struct Case {
        const char* text;
        bool v4, unspecified, loopback, multicast, link_local;
    };
    for (const Case& c : {Case{"0.0.0.0", true, true, false, false, false},
                          Case{"127.0.0.53", true, false, true, false, false},
                          Case{"224.0.0.1", true, false, false, true, false},
                          Case{"239.255.255.255", true, false, false, true, false},
                          Case{"240.0.0.1", true, false, false, false, false},
                          Case{"169.254.1.2", true, false, false, false, true},
                          Case{"169.253.1.2", true, false, false, false, false},
                          Case{"::", false, true, false, false, false},
                          Case{"::1", false, false, true, false, false},
                          Case{"::2", false, false, false, false, false},
                          Case{"ff02::1", false, false, false, true, false},
                          Case{"fe80::1", false, false, false, false, true},
                          Case{"febf::1", false, false, false, false, true},
                          Case{"fec0::1", false, false, false, false, false},
                          Case{"fd00::1", false, false, false, false, false}}) {
        IpAddress address = ip(c.text);
        BOOST_TEST_CONTEXT(c.text) {
            BOOST_TEST(address.is_v4() == c.v4);
            BOOST_TEST(address.is_v6() == !c.v4);
            BOOST_TEST(address.is_unspecified() == c.unspecified);
            BOOST_TEST(address.is_loopback() == c.loopback);
            BOOST_TEST(address.is_multicast() == c.multicast);
            BOOST_TEST(address.is_link_local() == c.link_local);
        }
    }
}

BOOST_AUTO_TEST_CASE(an_ipv4_address_has_four_bytes_and_a_value_in_host_order) {
    IpAddress address = IpAddress::v4(0x0a000102u);
    BOOST_TEST(address.to_string() == "10.0.1.2");
    BOOST_TEST(to_hex(address.bytes()) == "0a000102");
    BOOST_TEST(address.v4_value() == 0x0a000102u);
    BOOST_TEST(ip("fd00::1").bytes().size() == 16u);
}

BOOST_AUTO_TEST_CASE(a_prefix_knows_its_network_and_what_it_contains) {
    struct Case {
        const char *prefix, *network, *inside, *outside;
    };
    for (const Case& c : {Case{"10.0.0.1/24", "10.0.0.0/24", "10.0.0.255", "10.0.1.0"},
                          Case{"10.0.3.1/22", "10.0.0.0/22", "10.0.2.9", "10.0.4.0"},
                          Case{"10.0.0.1/32", "10.0.0.1/32", "10.0.0.1", "10.0.0.2"},
                          Case{"10.0.0.1/0", "0.0.0.0/0", "192.0.2.1", "::"},
                          Case{"fd00::1:2/64", "fd00::/64", "fd00::9", "fd00:0:0:1::9"},
                          Case{"fd00::1/127", "fd00::/127", "fd00::", "fd00::2"}}) {
        Prefix prefix = Prefix::parse(c.prefix).value();
        BOOST_TEST_CONTEXT(c.prefix) {
            BOOST_TEST(prefix.to_string() == c.prefix);
            BOOST_TEST(prefix.network().to_string() == c.network);
            BOOST_TEST(prefix.contains(ip(c.inside)));
            BOOST_TEST(!prefix.contains(ip(c.outside)));
        }
    }
}

BOOST_AUTO_TEST_CASE(the_network_of_a_scoped_prefix_has_no_scope) {
    Prefix prefix{ip("fe80::1%3"), 64};
    BOOST_TEST(prefix.network().address.scope() == 0u);
    BOOST_TEST(prefix.contains(ip("fe80::2%7")));
}

BOOST_AUTO_TEST_CASE(text_that_is_no_prefix_is_refused) {
    for (const char* text : {"10.0.0.1", "10.0.0.1/", "10.0.0.1/33", "fd00::/129", "/24",
                             "10.0.0.1/-1", "10.0.0.1/2x", "10.0.0.1/256", "10.0.0.1/24/24"})
        BOOST_TEST(!Prefix::parse(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(an_endpoint_is_written_for_people_and_for_the_cluster_log) {
    BOOST_TEST((Endpoint{ip("10.0.0.1"), 3343}.to_string()) == "10.0.0.1:3343");
    BOOST_TEST((Endpoint{ip("fe80::1"), 1}.to_string()) == "[fe80::1]:1");
    BOOST_TEST((Endpoint{ip("10.0.0.1"), 3343}.to_cluster_log()) == "10.0.0.1:~3343~");
    BOOST_TEST((Endpoint{ip("fe80::1"), 3343}.to_cluster_log()) == "fe80::1:~3343~");
}

BOOST_AUTO_TEST_CASE(the_hash_of_an_endpoint_sees_address_scope_and_port) {
    std::unordered_set<std::size_t> hashes;
    std::hash<Endpoint> hash;
    for (const Endpoint& endpoint :
         {Endpoint{ip("10.0.0.1"), 1}, Endpoint{ip("10.0.0.1"), 2}, Endpoint{ip("10.0.0.2"), 1},
          Endpoint{ip("fe80::1"), 1}, Endpoint{ip("fe80::1%2"), 1}})
        hashes.insert(hash(endpoint));
    BOOST_TEST(hashes.size() == 5u);
}

BOOST_AUTO_TEST_CASE(a_mac_address_reads_back_and_says_what_it_is) {
    MacAddress mac = MacAddress::parse("02:00:5e:Ab:cd:ef").value();
    BOOST_TEST(mac.to_string() == "02:00:5e:ab:cd:ef");
    BOOST_TEST(!mac.is_multicast());
    BOOST_TEST(!mac.is_zero());
    BOOST_TEST(MacAddress{}.is_zero());
    BOOST_TEST(MacAddress::parse("33:33:00:00:00:01").value().is_multicast());
}

BOOST_AUTO_TEST_CASE(text_that_is_no_mac_address_is_refused) {
    for (const char* text : {"", "02:00:5e:ab:cd", "02-00-5e-ab-cd-ef", "02:00:5e:ab:cd:eg",
                             "02:00:5e:ab:cd:ef:", "020:0:5e:ab:cd:ef"})
        BOOST_TEST(!MacAddress::parse(text).has_value(), text);
}

BOOST_AUTO_TEST_SUITE_END()
