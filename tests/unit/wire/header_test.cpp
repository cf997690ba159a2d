#include "netft/wire/header.hpp"

#include "tests/unit/wire/roundtrip.hpp"

using namespace netft;
using namespace netft::test;

namespace {

std::optional<Header> decode(Bytes bytes) {
    DropReason why{};
    return decode_header(bytes, why);
}

DropReason refusal(const std::string& hex) {
    DropReason why = DropReason::tx_error;
    BOOST_TEST(!decode_header(unhex(hex), why).has_value(), hex);
    return why;
}

Header random_header(Random& random) {
    return {.type = static_cast<MessageType>(1 + random.below(6)),
            .flags = static_cast<std::uint8_t>(random.below(256)),
            .space = static_cast<std::uint16_t>(random.next()),
            .receiver = SessionIndex(static_cast<std::uint32_t>(random.next())),
            .counter = random.next()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(header)

BOOST_AUTO_TEST_CASE(a_header_has_these_bytes) {
    Header header{.type = MessageType::data,
                  .flags = 0x80,
                  .space = 0x0102,
                  .receiver = SessionIndex(0x03040506),
                  .counter = 0x0708090a0b0c0d0e};
    BOOST_TEST(to_hex(encoded(header)) ==
               "1580010203040506"
               "0708090a0b0c0d0e");
    BOOST_TEST(encoded(header).size() == kHeaderSize);
}

BOOST_AUTO_TEST_CASE(decoding_what_was_encoded_gives_the_same_header) {
    check_roundtrips(101, random_header, decode);
}

BOOST_AUTO_TEST_CASE(a_shorter_datagram_is_truncated) {
    check_truncations(encoded(Header{}), decode);
    BOOST_CHECK(refusal("14000000 00000000 00000000 000000") == DropReason::rx_truncated);
    BOOST_CHECK(refusal("") == DropReason::rx_truncated);
}

BOOST_AUTO_TEST_CASE(every_other_version_is_refused_before_its_type_is_looked_at) {
    for (int version = 0; version < 16; ++version) {
        if (version == kWireVersion) continue;
        auto bytes = encoded(Header{});
        bytes[0] = static_cast<std::uint8_t>(version << 4);
        DropReason why{};
        BOOST_TEST(!decode_header(bytes, why).has_value());
        BOOST_CHECK(why == DropReason::rx_bad_version);
    }
}

BOOST_AUTO_TEST_CASE(types_that_are_not_defined_are_refused) {
    for (int type = 0; type < 16; ++type) {
        auto bytes = encoded(Header{});
        bytes[0] = static_cast<std::uint8_t>(kWireVersion << 4 | type);
        DropReason why{};
        bool defined = type >= 1 && type <= 7;
        BOOST_TEST(decode_header(bytes, why).has_value() == defined, "type " << type);
        if (!defined) BOOST_CHECK(why == DropReason::rx_bad_type);
    }
}

BOOST_AUTO_TEST_CASE(flags_unknown_to_this_version_and_bytes_behind_are_let_through) {
    auto bytes = encoded(Header{});
    bytes[1] = 0xff;
    bytes.push_back(0xaa);
    BOOST_TEST(decode(bytes).value().flags == 0xffu);
}

BOOST_AUTO_TEST_SUITE_END()
