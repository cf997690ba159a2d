#include "netft/wire/data.hpp"

#include "netft/wire/header.hpp"
#include "tests/unit/wire/roundtrip.hpp"

using namespace netft;
using namespace netft::test;

BOOST_AUTO_TEST_SUITE(train_prefix)

BOOST_AUTO_TEST_CASE(a_prefix_has_these_bytes) {
    BOOST_TEST(to_hex(encoded(TrainPrefix{.index = 0x0001, .count = 0x0020})) == "00010020");
}

BOOST_AUTO_TEST_CASE(decoding_what_was_encoded_before_a_body_gives_the_same_prefix) {
    for (std::uint16_t count = 1; count <= kTrainDatagramsMax; ++count) {
        for (std::uint16_t index = 0; index < count; ++index) {
            TrainPrefix prefix{index, count};
            auto bytes = encoded(prefix);
            bytes.push_back(0);
            BOOST_REQUIRE(decode_train_prefix(bytes) == prefix);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_place_that_no_train_has_is_refused) {
    for (const char* hex : {"",             // nothing
                            "000000",       // truncated
                            "00000001",     // no body
                            "00000000 aa",  // a train of none
                            "00010001 aa",  // index = count
                            "ffff0001 aa",  // index far above
                            "00000081 aa",  // more than kTrainDatagramsMax
                            "0000ffff aa"})
        BOOST_TEST(!decode_train_prefix(unhex(hex)).has_value(), hex);
    BOOST_TEST(decode_train_prefix(unhex("007f0080 aa")).has_value());
}

BOOST_AUTO_TEST_CASE(the_longest_train_fits_the_length_of_a_buffer) {
    BOOST_TEST(kTrainBytesMax + kHeaderSize + kTrainPrefixSize <= 65'535u);
}

BOOST_AUTO_TEST_SUITE_END()
