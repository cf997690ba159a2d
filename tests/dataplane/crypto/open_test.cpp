// What does not authenticate is found, and nothing else is.
#include <algorithm>
#include <array>

#include "reference.hpp"

namespace netft::dataplane::test {
namespace {

struct Opener {
    DevicePtr device;
    CryptoKey key;

    Opener(CryptoChoice driver, SecurityMode mode)
        : device(make_device(driver)), key(add_key(*device, key_of(1), mode, CryptoUse::open)) {}
    bool opens(Buffer buffer) { return open_one(*device, key, buffer); }
};

Buffer sealed(SecurityMode mode, std::size_t payload, std::uint64_t counter = 1) {
    return reference_sealed(key_of(1), mode, datagram(counter, payload));
}

BOOST_AUTO_TEST_SUITE(open)

BOOST_DATA_TEST_CASE(every_size_is_opened_in_place, kDrivers* kModes, driver, mode) {
    Opener opener(driver, mode);
    std::vector<Buffer> buffers;
    for (std::size_t payload = 0; payload <= 1500; ++payload)
        buffers.push_back(sealed(mode, payload, payload));
    std::array<bool, 1501> good{};

    std::size_t count = opener.device->open(opener.key, views(buffers), good);

    BOOST_TEST(count == 1501u);
    for (std::size_t payload = 0; payload <= 1500; ++payload) {
        Buffer plain = datagram(payload, payload);
        BOOST_REQUIRE(good[payload]);
        BOOST_REQUIRE(std::equal(plain.begin(), plain.end() - kTagSize, buffers[payload].begin()));
    }
}

// Byte 1 (flags) and the receiver are in no nonce: the tag alone protects them.
BOOST_DATA_TEST_CASE(a_flipped_bit_anywhere_is_refused, kDrivers* kModes, driver, mode) {
    Opener opener(driver, mode);
    Buffer original = sealed(mode, 100 - kHeaderSize - kTagSize);
    BOOST_REQUIRE(original.size() == 100u);
    for (std::size_t at = 0; at < 100; ++at) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            Buffer changed = original;
            changed[at] ^= static_cast<std::uint8_t>(1u << bit);
            BOOST_REQUIRE_MESSAGE(!opener.opens(changed), "byte " << at << " bit " << bit);
        }
    }
    BOOST_TEST(opener.opens(original));
}

BOOST_DATA_TEST_CASE(a_wrong_tag_is_refused, kDrivers* kModes, driver, mode) {
    Opener opener(driver, mode);
    for (std::size_t payload : {0, 1, 64, 1392}) {
        Buffer other = sealed(mode, payload, 2);
        Buffer changed = sealed(mode, payload, 1);
        std::copy(other.end() - kTagSize, other.end(), changed.end() - kTagSize);
        BOOST_TEST(!opener.opens(changed));
        std::fill(changed.end() - kTagSize, changed.end(), 0);
        BOOST_TEST(!opener.opens(changed));
    }
}

BOOST_DATA_TEST_CASE(another_key_or_mode_is_refused, kDrivers* kModes, driver, mode) {
    Opener opener(driver, mode);
    SecurityMode other = mode == SecurityMode::sign ? SecurityMode::encrypt : SecurityMode::sign;
    BOOST_TEST(!opener.opens(reference_sealed(key_of(2), mode, datagram(1, 300))));
    BOOST_TEST(!opener.opens(sealed(other, 300)));
}

BOOST_DATA_TEST_CASE(a_longer_or_shorter_datagram_is_refused, kDrivers* kModes, driver, mode) {
    Opener opener(driver, mode);
    Buffer longer = sealed(mode, 300);
    longer.push_back(0);
    BOOST_TEST(!opener.opens(longer));
    Buffer shorter = sealed(mode, 300);
    shorter.pop_back();
    BOOST_TEST(!opener.opens(shorter));
}

BOOST_DATA_TEST_CASE(too_short_or_too_long_is_not_looked_at, kDrivers* kModes, driver, mode) {
    Opener opener(driver, mode);
    for (std::size_t size = 0; size < kHeaderSize + kTagSize; ++size) {
        Buffer buffer = sealed(mode, 0);
        buffer.resize(size);
        Buffer before = buffer;
        BOOST_TEST(!open_one(*opener.device, opener.key, buffer));
        BOOST_TEST(buffer == before);
    }
    Buffer long_one(CryptoDevice::kDatagramMax + 1);
    BOOST_TEST(!opener.opens(long_one));
}

// 300 datagrams, more than two batches; every 7th changed, every 11th too short.
BOOST_DATA_TEST_CASE(exactly_the_bad_ones_of_a_batch_are_reported, kDrivers* kModes, driver, mode) {
    Opener opener(driver, mode);
    std::vector<Buffer> buffers;
    std::array<bool, 300> expected;
    for (std::size_t i = 0; i < 300; ++i) {
        buffers.push_back(sealed(mode, i * 4, i));
        expected[i] = i % 7 != 0 && i % 11 != 0;
        if (i % 7 == 0) buffers[i][i % buffers[i].size()] ^= 0x10;
        if (i % 11 == 0) buffers[i].resize(i % 32);
    }
    std::array<bool, 300> good;
    good.fill(true);

    std::size_t count = opener.device->open(opener.key, views(buffers), good);

    BOOST_TEST(good == expected, boost::test_tools::per_element());
    BOOST_TEST(count == static_cast<std::size_t>(std::count(good.begin(), good.end(), true)));
    for (std::size_t i = 0; i < 300; ++i) {
        Buffer plain = datagram(i, i * 4);
        if (expected[i])
            BOOST_REQUIRE(std::equal(plain.begin(), plain.end() - kTagSize, buffers[i].begin()));
    }
}

BOOST_DATA_TEST_CASE(a_batch_of_nothing_but_bad_ones_has_none, kDrivers* kModes, driver, mode) {
    Opener opener(driver, mode);
    std::vector<Buffer> buffers = datagrams(128, 200);  // their tags are zeros
    std::array<bool, 128> good;
    good.fill(true);
    BOOST_TEST(opener.device->open(opener.key, views(buffers), good) == 0u);
    BOOST_TEST(std::count(good.begin(), good.end(), true) == 0);
    BOOST_TEST(opener.opens(sealed(mode, 200)));  // and the next is none the worse
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::dataplane::test
