#include "netft/wire/opening.hpp"

#include "tests/unit/wire/roundtrip.hpp"

using namespace netft;
using namespace netft::test;

namespace {

Opening random_opening(Random& random) {
    return {.cluster = random_array<16>(random),
            .sender = random_array<32>(random),
            .receiver = random_array<32>(random),
            .sender_index = SessionIndex(1 + static_cast<std::uint32_t>(random.below(0xffffffff))),
            .incarnation = random.next(),
            .mode = static_cast<SecurityMode>(random.below(3))};
}

Opening sample() {
    Opening o{.sender_index = SessionIndex(0x01020304),
              .incarnation = 0x05060708090a0b0c,
              .mode = SecurityMode::encrypt};
    o.cluster.fill(0xc1);
    o.sender.fill(0x5e);
    o.receiver.fill(0x3c);
    return o;
}

std::string times(const std::string& text, int n) {
    std::string out;
    while (n-- > 0) out += text;
    return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(opening)

BOOST_AUTO_TEST_CASE(an_opening_has_these_bytes) {
    BOOST_TEST(to_hex(encoded(sample())) == times("c1", 16) + times("5e", 32) + times("3c", 32) +
                                                "01020304"
                                                "05060708090a0b0c"
                                                "02000000");
    BOOST_TEST(encoded(sample()).size() == kOpeningSize);
}

BOOST_AUTO_TEST_CASE(decoding_what_was_encoded_gives_the_same_opening) {
    check_roundtrips(102, random_opening, decode_opening);
}

BOOST_AUTO_TEST_CASE(a_shorter_opening_is_refused) {
    check_truncations(encoded(sample()), decode_opening);
}

BOOST_AUTO_TEST_CASE(an_opening_without_a_session_index_is_refused) {
    Opening o = sample();
    o.sender_index = SessionIndex(0);
    BOOST_TEST(!decode_opening(encoded(o)).has_value());
}

BOOST_AUTO_TEST_CASE(an_unknown_security_mode_is_refused) {
    for (int mode = 0; mode < 256; ++mode) {
        auto bytes = encoded(sample());
        bytes[92] = static_cast<std::uint8_t>(mode);
        BOOST_TEST(decode_opening(bytes).has_value() == (mode <= 2), "mode " << mode);
    }
}

BOOST_AUTO_TEST_CASE(bytes_behind_an_opening_are_ignored) {
    auto bytes = encoded(sample());
    bytes.push_back(0xff);
    BOOST_CHECK(decode_opening(bytes) == sample());
}

BOOST_AUTO_TEST_SUITE_END()
