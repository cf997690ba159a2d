#include "environment.hpp"

#include <array>
#include <ostream>

#include "netft/dataplane/eal.hpp"

namespace netft::dataplane::test {
namespace {

// Made before the first test.
struct Environment {
    Environment() {
        Result<Eal> started = Eal::start({});
        BOOST_REQUIRE_MESSAGE(started.has_value(), started.error().what);
        eal.emplace(std::move(*started));
    }
    std::optional<Eal> eal;
};

BOOST_TEST_GLOBAL_FIXTURE(Environment);

}  // namespace

DevicePtr make_device(CryptoChoice choice) {
    Result<DevicePtr> device = CryptoDevice::create(choice);
    BOOST_REQUIRE_MESSAGE(device.has_value(), device.error().what);
    return std::move(*device);
}

CryptoKey add_key(CryptoDevice& device, const Secret32& key, SecurityMode mode, CryptoUse use) {
    Result<CryptoKey> added = device.add_key(key, mode, use);
    BOOST_REQUIRE_MESSAGE(added.has_value(), added.error().what);
    return std::move(*added);
}

Secret32 key_of(std::uint32_t number) {
    Secret32 key;
    std::uint32_t value = number * 2'654'435'761u + 99;
    for (std::uint8_t& byte : key.room()) {
        value = value * 1'664'525u + 1'013'904'223u;
        byte = static_cast<std::uint8_t>(value >> 24);
    }
    return key;
}

Buffer datagram(std::uint64_t counter, std::size_t payload, MessageType type, std::uint16_t space) {
    Buffer out(kHeaderSize + payload + kTagSize);
    ByteWriter writer(out);
    encode({.type = type,
            .flags = 0x5a,
            .space = space,
            .receiver = SessionIndex(0xcafe0001),
            .counter = counter},
           writer);
    for (std::size_t i = 0; i < payload; ++i)
        out[kHeaderSize + i] = static_cast<std::uint8_t>(counter + i * 7 + (i >> 8));
    return out;
}

std::vector<Buffer> datagrams(std::size_t count, std::size_t payload) {
    std::vector<Buffer> out;
    for (std::size_t i = 0; i < count; ++i) out.push_back(datagram(i + 1, payload));
    return out;
}

std::vector<MutableBytes> views(std::vector<Buffer>& buffers) {
    return std::vector<MutableBytes>(buffers.begin(), buffers.end());
}

bool seal_one(CryptoDevice& device, const CryptoKey& key, Buffer& buffer) {
    MutableBytes view = buffer;
    return device.seal(key, {&view, 1});
}

bool open_one(CryptoDevice& device, const CryptoKey& key, Buffer& buffer) {
    MutableBytes view = buffer;
    bool good = false;
    std::size_t count = device.open(key, {&view, 1}, {&good, 1});
    BOOST_TEST(count == (good ? 1u : 0u));
    return good;
}

}  // namespace netft::dataplane::test

namespace netft::dataplane {
std::ostream& operator<<(std::ostream& out, CryptoChoice choice) {
    return out << (choice == CryptoChoice::openssl ? "openssl" : "aesni_gcm");
}
}  // namespace netft::dataplane
namespace netft {
std::ostream& operator<<(std::ostream& out, SecurityMode mode) {
    return out << (mode == SecurityMode::sign ? "sign" : "encrypt");
}
}  // namespace netft
