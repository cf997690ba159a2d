// What is sealed is what the protocol says, whatever driver did it.
#include <algorithm>

#include "reference.hpp"

namespace netft::dataplane::test {
namespace {

BOOST_AUTO_TEST_SUITE(seal)

BOOST_DATA_TEST_CASE(every_size_agrees_with_libcrypto, kDrivers* kModes, driver, mode) {
    DevicePtr device = make_device(driver);
    CryptoKey key = add_key(*device, key_of(1), mode, CryptoUse::seal);
    std::vector<Buffer> buffers;
    for (std::size_t payload = 0; payload <= 1500; ++payload)
        buffers.push_back(datagram(0x0102030405060708 + payload, payload));
    std::vector<Buffer> expected;
    for (const Buffer& plain : buffers)
        expected.push_back(reference_sealed(key_of(1), mode, plain));

    BOOST_TEST(device->seal(key, views(buffers)));

    for (std::size_t payload = 0; payload <= 1500; ++payload)
        BOOST_REQUIRE_MESSAGE(buffers[payload] == expected[payload], payload << " bytes");
}

BOOST_DATA_TEST_CASE(batches_of_the_longest_datagrams_agree, kDrivers* kModes, driver, mode) {
    DevicePtr device = make_device(driver);
    CryptoKey key = add_key(*device, key_of(2), mode, CryptoUse::seal);
    std::size_t longest = CryptoDevice::kDatagramMax - kHeaderSize - kTagSize;
    std::vector<Buffer> buffers = datagrams(128, longest);
    std::vector<Buffer> plain = buffers;

    BOOST_TEST(device->seal(key, views(buffers)));

    for (std::size_t i = 0; i < buffers.size(); ++i)
        BOOST_REQUIRE(buffers[i] == reference_sealed(key_of(2), mode, plain[i]));
}

BOOST_DATA_TEST_CASE(type_space_and_counter_make_the_nonce, kDrivers* kModes, driver, mode) {
    DevicePtr device = make_device(driver);
    CryptoKey key = add_key(*device, key_of(3), mode, CryptoUse::seal);
    for (MessageType type : {MessageType::heartbeat, MessageType::data, MessageType::control}) {
        for (std::uint16_t space : {0, 1, 0x0100, 0xffff}) {
            Buffer buffer = datagram(~std::uint64_t{0}, 64, type, space);
            Buffer expected = reference_sealed(key_of(3), mode, buffer);
            BOOST_TEST(seal_one(*device, key, buffer));
            BOOST_TEST(buffer == expected);
        }
    }
}

BOOST_DATA_TEST_CASE(sign_leaves_the_payload_readable, kDrivers, driver) {
    DevicePtr device = make_device(driver);
    CryptoKey key = add_key(*device, key_of(4), SecurityMode::sign, CryptoUse::seal);
    Buffer plain = datagram(1, 500);
    Buffer sealed = plain;
    BOOST_TEST(seal_one(*device, key, sealed));
    BOOST_TEST(std::equal(plain.begin(), plain.end() - kTagSize, sealed.begin()));
}

BOOST_DATA_TEST_CASE(neighbours_in_a_train_are_untouched, kDrivers* kModes, driver, mode) {
    DevicePtr device = make_device(driver);
    CryptoKey key = add_key(*device, key_of(5), mode, CryptoUse::seal);
    // Two datagrams that touch, and a byte before and after them: alignment is nobody's promise.
    Buffer one = datagram(1, 77);
    Buffer two = datagram(2, 1301);
    Buffer train{0xee};
    train.insert(train.end(), one.begin(), one.end());
    train.insert(train.end(), two.begin(), two.end());
    train.push_back(0xdd);
    MutableBytes all = train;
    std::vector<MutableBytes> parts{all.subspan(1, one.size()),
                                    all.subspan(1 + one.size(), two.size())};

    BOOST_TEST(device->seal(key, parts));

    Buffer expected{0xee};
    for (const Buffer& plain : {one, two}) {
        Buffer sealed = reference_sealed(key_of(5), mode, plain);
        expected.insert(expected.end(), sealed.begin(), sealed.end());
    }
    expected.push_back(0xdd);
    BOOST_TEST(train == expected);
}

BOOST_DATA_TEST_CASE(nothing_to_seal_is_sealed, kDrivers, driver) {
    DevicePtr device = make_device(driver);
    CryptoKey key = add_key(*device, key_of(6), SecurityMode::encrypt, CryptoUse::seal);
    BOOST_TEST(device->seal(key, {}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::dataplane::test
