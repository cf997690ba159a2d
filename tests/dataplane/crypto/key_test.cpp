// Keys are wiped when they die, and cost nothing afterwards.
#include <rte_malloc.h>

#include <algorithm>

#include "memory_search.hpp"
#include "reference.hpp"

namespace netft::dataplane::test {
namespace {

std::size_t eal_bytes_in_use() {
    rte_malloc_socket_stats stats{};
    rte_malloc_get_socket_stats(0, &stats);
    return stats.heap_allocsz_bytes;
}

// What follows the key in an expanded AES-256 key: two round keys computed from it. nullopt: no
// place where the key lies is followed by anything but zeros.
std::optional<Needle> expanded_behind(const std::vector<const std::uint8_t*>& places) {
    for (const std::uint8_t* place : places) {
        Bytes behind(place + 32, 32);
        if (std::count(behind.begin(), behind.end(), 0) < 8) return Needle(behind);
    }
    return {};
}

BOOST_AUTO_TEST_SUITE(key)

BOOST_DATA_TEST_CASE(a_key_that_dies_is_nowhere_in_memory, kDrivers* kModes, driver, mode) {
    if (!kCanSearchMemory) return;
    for (CryptoUse use : {CryptoUse::seal, CryptoUse::open}) {
        DevicePtr device = make_device(driver);
        Needle needle(key_of(77).bytes());
        std::optional<Needle> expanded;
        {
            CryptoKey key = add_key(*device, key_of(77), mode, use);
            Buffer buffer = datagram(1, 1000);
            use == CryptoUse::seal ? (void)seal_one(*device, key, buffer)
                                   : (void)open_one(*device, key, buffer);
            auto places = needle.find();
            BOOST_TEST(!places.empty());  // the search does find a living key
            expanded = expanded_behind(places);
        }
        BOOST_TEST(needle.find().empty());
        if (driver == CryptoChoice::aesni_gcm) BOOST_REQUIRE(expanded.has_value());
        if (expanded) BOOST_TEST(expanded->find().empty());
    }
}

BOOST_DATA_TEST_CASE(a_key_that_is_replaced_is_wiped, kDrivers, driver) {
    DevicePtr device = make_device(driver);
    Needle needle(key_of(78).bytes());
    CryptoKey key = add_key(*device, key_of(78), SecurityMode::encrypt, CryptoUse::seal);
    BOOST_TEST((!kCanSearchMemory || !needle.find().empty()));
    key = add_key(*device, key_of(79), SecurityMode::encrypt, CryptoUse::seal);
    BOOST_TEST((!kCanSearchMemory || needle.find().empty()));
    BOOST_TEST(device->keys() == 1u);
    Buffer buffer = datagram(5, 90);
    Buffer expected = reference_sealed(key_of(79), SecurityMode::encrypt, buffer);
    BOOST_TEST(seal_one(*device, key, buffer));
    BOOST_TEST(buffer == expected);
}

BOOST_DATA_TEST_CASE(a_thousand_keys_come_and_go_without_a_leak, kDrivers* kModes, driver, mode) {
    DevicePtr device = make_device(driver);
    std::size_t before = 0;
    for (unsigned round = 0; round < 3; ++round) {
        std::vector<CryptoKey> keys;
        for (unsigned i = 0; i < 1'000; ++i)
            keys.push_back(add_key(*device, key_of(i), mode, CryptoUse::seal));
        BOOST_TEST(device->keys() == 1'000u);
        for (unsigned i = 0; i < 1'000; i += 111) {
            Buffer buffer = datagram(i, 100);
            Buffer expected = reference_sealed(key_of(i), mode, buffer);
            BOOST_TEST(seal_one(*device, keys[i], buffer));
            BOOST_TEST(buffer == expected);
        }
        keys.clear();
        BOOST_TEST(device->keys() == 0u);
        if (round == 0) before = eal_bytes_in_use();  // the pools stay
    }
    BOOST_TEST(eal_bytes_in_use() == before);
}

// Three sessions of 1,000 peers, both ways, within the memory that the EAL has.
BOOST_DATA_TEST_CASE(a_thousand_peers_have_room, kDrivers, driver) {
    std::size_t before = eal_bytes_in_use();
    {
        DevicePtr device = make_device(driver);
        std::vector<CryptoKey> keys;
        for (unsigned i = 0; i < 6'000; ++i)
            keys.push_back(add_key(*device, key_of(i), SecurityMode::encrypt,
                                   i % 2 == 0 ? CryptoUse::seal : CryptoUse::open));
        BOOST_TEST(device->keys() == 6'000u);
        BOOST_TEST_MESSAGE(driver << ": 6,000 keys take " << (eal_bytes_in_use() - before) / 1024
                                  << " KiB of EAL memory");
        keys.clear();
    }
    BOOST_TEST(eal_bytes_in_use() < before + 64 * 1024);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::dataplane::test
