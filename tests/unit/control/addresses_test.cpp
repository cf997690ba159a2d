#include "netft/control/addresses.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <set>

#include "netft/base/random.hpp"

using namespace netft;
using namespace netft::control;

namespace {

std::vector<PublicKey> random_keys(std::size_t count, std::uint64_t seed) {
    Random random(seed);
    std::vector<PublicKey> keys(count);
    for (PublicKey& key : keys)
        for (std::uint8_t& byte : key) byte = static_cast<std::uint8_t>(random.next());
    return keys;
}

std::vector<VirtualAddresses> assigned(std::span<const PublicKey> keys,
                                       const ExtraPrefixes& prefixes = {}) {
    auto result = assign_addresses(keys, prefixes);
    BOOST_REQUIRE(result.has_value());
    return *result;
}

bool is_reserved(std::uint32_t address) {
    std::uint32_t third = address >> 8 & 0xff, last = address & 0xff;
    return third == 0 || third == 20 || third == 169 || third == 170 || third == 255 || last == 0 ||
           last == 255;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(addresses)

// SHA-256 of 32 zero bytes is 66687aadf862bd77 6c8f c18b 8e9f 8e20…: written down here so that
// no later version gives a running cluster other addresses.
BOOST_AUTO_TEST_CASE(the_addresses_of_a_known_key_stay_what_they_are) {
    PublicKey zero{};
    auto one = assigned(std::span(&zero, 1), {.ipv4 = Prefix::parse("10.9.0.0/16"),
                                              .ipv6 = Prefix::parse("fd00:9::/48")})[0];
    BOOST_TEST(one.ipv6.to_string() == "fe80::6468:7aad:f862:bd77");
    BOOST_TEST(one.ipv4.to_string() == "169.254.108.143");
    BOOST_TEST(one.extra_ipv4->to_string() == "10.9.142.159/16");
    BOOST_TEST(one.extra_ipv6->to_string() == "fd00:9::6468:7aad:f862:bd77/48");
    BOOST_TEST(!one.ipv4_moved);
}

BOOST_AUTO_TEST_CASE(a_thousand_nodes_get_different_addresses_outside_what_others_own) {
    auto keys = random_keys(1024, 1);
    auto all = assigned(keys, {.ipv4 = Prefix::parse("10.8.0.0/20")});
    std::set<IpAddress> ipv4, ipv6, extra;
    for (const VirtualAddresses& one : all) {
        BOOST_TEST((one.ipv4.v4_value() >> 16) == 0xa9feu);
        BOOST_TEST(!is_reserved(one.ipv4.v4_value()));
        BOOST_TEST((one.ipv6.bytes()[8] & 2) == 0);
        BOOST_TEST(Prefix::parse("10.8.0.0/20")->contains(one.extra_ipv4->address));
        ipv4.insert(one.ipv4);
        ipv6.insert(one.ipv6);
        extra.insert(one.extra_ipv4->address);
    }
    BOOST_TEST(ipv4.size() == keys.size());
    BOOST_TEST(ipv6.size() == keys.size());
    BOOST_TEST(extra.size() == keys.size());
}

BOOST_AUTO_TEST_CASE(in_a_collision_the_later_in_the_file_moves_and_the_earlier_stays) {
    auto keys = random_keys(1024, 2);
    auto all = assigned(keys);
    std::size_t moved = 0;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        auto alone = assigned(std::span(&keys[i], 1))[0];
        BOOST_TEST((all[i].ipv4 == alone.ipv4) == !all[i].ipv4_moved);
        if (!all[i].ipv4_moved) continue;
        ++moved;
        // Whoever has its first choice comes earlier.
        auto owner = std::ranges::find(all, alone.ipv4, &VirtualAddresses::ipv4);
        BOOST_REQUIRE((owner != all.end()));
        BOOST_TEST(static_cast<std::size_t>(owner - all.begin()) < i);
    }
    BOOST_TEST(moved > 0);  // 1024 keys in 63754 addresses: about 8
}

BOOST_AUTO_TEST_CASE(nodes_that_are_added_move_nobody_even_where_it_is_crowded) {
    auto keys = random_keys(14, 3);
    ExtraPrefixes prefixes{.ipv4 = Prefix::parse("10.7.0.0/28")};
    auto before = assigned(std::span(keys).first(6), prefixes);
    for (std::size_t count = 7; count <= keys.size(); ++count) {
        auto after = assigned(std::span(keys).first(count), prefixes);
        BOOST_TEST(std::equal(before.begin(), before.end(), after.begin()), count);
    }
}

BOOST_AUTO_TEST_CASE(a_small_prefix_is_filled_to_its_last_address_and_then_refused) {
    auto keys = random_keys(255, 4);
    ExtraPrefixes prefixes{.ipv4 = Prefix::parse("10.7.0.0/24")};
    std::set<IpAddress> seen;
    for (const auto& one : assigned(std::span(keys).first(254), prefixes))
        seen.insert(one.extra_ipv4->address);
    BOOST_TEST(seen.size() == 254);
    BOOST_TEST(assign_addresses(keys, prefixes).error().what ==
               "10.7.0.0/24 has no room for so many nodes");
}

BOOST_AUTO_TEST_CASE(the_cluster_id_is_the_beginning_of_a_hash_of_its_name) {
    // printf 'netft1demo' | sha256sum
    BOOST_TEST(to_hex(cluster_id_of("demo")) == "4b42627b3a0fce27476568c2664d89da");
    BOOST_TEST((cluster_id_of("demo") != cluster_id_of("demo2")));
}

BOOST_AUTO_TEST_CASE(the_adapter_mac_is_local_unicast_and_the_keys) {
    PublicKey key{};
    BOOST_TEST(adapter_mac(key).to_string() == "02:8e:20:08:97:14");
    key[31] = 1;
    BOOST_TEST(adapter_mac(key).to_string() != "02:8e:20:08:97:14");
    BOOST_TEST(adapter_mac(key).bytes[0] == 2);
}

BOOST_AUTO_TEST_SUITE_END()
