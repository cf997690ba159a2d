#include "netft/base/bytes.hpp"

#include <boost/test/unit_test.hpp>

using namespace netft;

BOOST_AUTO_TEST_SUITE(bytes)

BOOST_AUTO_TEST_CASE(integers_are_big_endian_both_ways) {
    std::array<std::uint8_t, 15> buffer{};
    ByteWriter out(buffer);
    out.u8(0x01);
    out.u16(0x0203);
    out.u32(0x04050607);
    out.u64(0x08090a0b0c0d0e0f);
    BOOST_TEST(out.ok());
    BOOST_TEST(to_hex(out.written()) == "0102030405060708090a0b0c0d0e0f");
    ByteReader in(buffer);
    BOOST_TEST(in.u8() == 0x01u);
    BOOST_TEST(in.u16() == 0x0203u);
    BOOST_TEST(in.u32() == 0x04050607u);
    BOOST_TEST(in.u64() == 0x08090a0b0c0d0e0fu);
    BOOST_TEST(in.ok());
    BOOST_TEST(in.remaining() == 0u);
}

BOOST_AUTO_TEST_CASE(a_reader_that_ran_out_fails_for_good_and_gives_zeros) {
    std::array<std::uint8_t, 3> three{1, 2, 3};
    ByteReader in(three);
    BOOST_TEST(in.u32() == 0u);
    BOOST_TEST(!in.ok());
    BOOST_TEST(in.u8() == 0u);
    BOOST_TEST(in.array<2>()[0] == 0u);
    BOOST_TEST(in.string8().empty());
    BOOST_TEST(in.take(0).empty());
    BOOST_TEST(!in.ok());
}

BOOST_AUTO_TEST_CASE(taking_exactly_the_rest_is_no_failure) {
    std::array<std::uint8_t, 3> three{1, 2, 3};
    ByteReader in(three);
    BOOST_TEST(in.take(3).size() == 3u);
    BOOST_TEST(in.take(0).empty());
    BOOST_TEST(in.ok());
}

BOOST_AUTO_TEST_CASE(a_writer_that_ran_out_fails_for_good_and_writes_nothing_more) {
    std::array<std::uint8_t, 3> buffer{};
    ByteWriter out(buffer);
    out.u16(0x0102);
    out.u16(0x0304);
    BOOST_TEST(!out.ok());
    out.u8(9);
    BOOST_TEST(!out.ok());
    BOOST_TEST(to_hex(buffer) == "010200");
    BOOST_TEST(out.size() == 2u);
}

BOOST_AUTO_TEST_CASE(strings_carry_their_length_in_one_byte) {
    std::array<std::uint8_t, 300> buffer{};
    ByteWriter out(buffer);
    out.string8("eth0");
    out.string8("");
    BOOST_TEST(to_hex(out.written()) == "046574683000");
    ByteReader in(out.written());
    BOOST_TEST(in.string8() == "eth0");
    BOOST_TEST(in.string8() == "");
    BOOST_TEST(in.ok());
    ByteWriter too_long(buffer);
    too_long.string8(std::string(256, 'x'));
    BOOST_TEST(!too_long.ok());
}

BOOST_AUTO_TEST_CASE(a_string_longer_than_what_is_left_fails) {
    std::array<std::uint8_t, 3> buffer{5, 'a', 'b'};
    ByteReader in(buffer);
    BOOST_TEST(in.string8().empty());
    BOOST_TEST(!in.ok());
}

BOOST_AUTO_TEST_CASE(zeros_and_bytes_are_written_as_they_are) {
    std::array<std::uint8_t, 4> buffer{9, 9, 9, 9};
    ByteWriter out(buffer);
    out.zeros(2);
    out.bytes(std::array<std::uint8_t, 2>{7, 8});
    BOOST_TEST(to_hex(buffer) == "00000708");
    out.bytes({});
    BOOST_TEST(out.ok());
}

BOOST_AUTO_TEST_CASE(hexadecimal_reads_both_cases_and_refuses_all_else) {
    std::array<std::uint8_t, 2> out{};
    BOOST_TEST(from_hex("aBcD", out));
    BOOST_TEST(to_hex(out) == "abcd");
    for (const char* text : {"", "abc", "abcde", "abcg", "0x12", "ab d"})
        BOOST_TEST(!from_hex(text, out), text);
}

BOOST_AUTO_TEST_SUITE_END()
