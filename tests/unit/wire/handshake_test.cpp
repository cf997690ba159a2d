#include "netft/wire/handshake.hpp"

#include <boost/test/unit_test.hpp>

namespace netft {
namespace {

BOOST_AUTO_TEST_SUITE(handshake_payloads)

BOOST_AUTO_TEST_CASE(initiation_payload_has_its_golden_bytes) {
    InitiationPayload payload{SessionIndex(0x01020304), SecurityMode::sign, 0x1112131415161718,
                              0x2122232425262728};
    std::array<std::uint8_t, kInitiationPayloadSize> bytes{};
    ByteWriter out(bytes);
    encode(payload, out);
    BOOST_TEST(to_hex(bytes) == "010203040100000011121314151617182122232425262728");
    BOOST_TEST((decode_initiation_payload(bytes) == payload));
}

BOOST_AUTO_TEST_CASE(response_payload_has_its_golden_bytes) {
    ResponsePayload payload{SessionIndex(0x01020304), SecurityMode::encrypt,
                            HandshakeStatus::cloned, 0x2122232425262728};
    std::array<std::uint8_t, kResponsePayloadSize> bytes{};
    ByteWriter out(bytes);
    encode(payload, out);
    BOOST_TEST(to_hex(bytes) == "01020304020100002122232425262728");
    BOOST_TEST((decode_response_payload(bytes) == payload));
}

BOOST_AUTO_TEST_CASE(nonsense_is_refused) {
    std::array<std::uint8_t, kInitiationPayloadSize> bytes{};
    bytes[3] = 1;
    bytes[4] = 2;
    BOOST_TEST(decode_initiation_payload(bytes).has_value());
    BOOST_TEST(decode_response_payload(bytes).has_value());
    for (std::size_t size = 0; size < bytes.size(); ++size)
        BOOST_TEST(!decode_initiation_payload(Bytes(bytes).first(size)).has_value());
    for (std::size_t size = 0; size < kResponsePayloadSize; ++size)
        BOOST_TEST(!decode_response_payload(Bytes(bytes).first(size)).has_value());
    bytes[5] = 2;  // a status that is none
    BOOST_TEST(!decode_response_payload(bytes).has_value());
    bytes[5] = 0;
    for (std::uint8_t mode : {0, 3, 255}) {
        bytes[4] = mode;
        BOOST_TEST(!decode_initiation_payload(bytes).has_value());
        BOOST_TEST(!decode_response_payload(bytes).has_value());
    }
    bytes[4] = 1;
    bytes[3] = 0;  // index 0
    BOOST_TEST(!decode_initiation_payload(bytes).has_value());
    BOOST_TEST(!decode_response_payload(bytes).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft
