// What the tests of the sealer share: DPDK running, a device of each driver, datagrams.
#pragma once

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <vector>

#include "netft/dataplane/crypto_device.hpp"
#include "netft/wire/header.hpp"

namespace netft::dataplane::test {

using Buffer = std::vector<std::uint8_t>;
using DevicePtr = std::unique_ptr<CryptoDevice>;

// What most cases run with: each driver in each mode.
inline const auto kDrivers =
    boost::unit_test::data::make({CryptoChoice::aesni_gcm, CryptoChoice::openssl});
inline const auto kModes =
    boost::unit_test::data::make({SecurityMode::sign, SecurityMode::encrypt});

DevicePtr make_device(CryptoChoice choice);
CryptoKey add_key(CryptoDevice& device, const Secret32& key, SecurityMode mode, CryptoUse use);
// The same for the same number.
Secret32 key_of(std::uint32_t number);

// A datagram with `payload` bytes of something, and zeros for the tag.
Buffer datagram(std::uint64_t counter, std::size_t payload, MessageType type = MessageType::data,
                std::uint16_t space = 0x1234);
// `count` of them; their counters begin at 1.
std::vector<Buffer> datagrams(std::size_t count, std::size_t payload);
std::vector<MutableBytes> views(std::vector<Buffer>& buffers);

bool seal_one(CryptoDevice& device, const CryptoKey& key, Buffer& buffer);
bool open_one(CryptoDevice& device, const CryptoKey& key, Buffer& buffer);

}  // namespace netft::dataplane::test

namespace netft::dataplane {
std::ostream& operator<<(std::ostream& out, CryptoChoice choice);
}
namespace netft {
std::ostream& operator<<(std::ostream& out, SecurityMode mode);
}
