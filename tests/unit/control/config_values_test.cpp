#include "netft/control/config_values.hpp"

#include <boost/test/unit_test.hpp>
#include <optional>

#include "netft/control/config_reader.hpp"

using namespace netft;
using namespace netft::control;

BOOST_AUTO_TEST_SUITE(config_values)

BOOST_AUTO_TEST_CASE(durations_have_a_whole_number_and_a_unit) {
    struct {
        const char* text;
        std::optional<Duration> value;
    } const kRows[] = {{"1us", 1us},
                       {"250us", 250us},
                       {"100ms", 100ms},
                       {"5s", 5s},
                       {"0s", 0s},
                       {"9223372036s", 9223372036s},
                       {"9223372037s", {}},
                       {"99999999999999999999s", {}},
                       {"", {}},
                       {"5", {}},
                       {"ms", {}},
                       {"-5s", {}},
                       {"+5s", {}},
                       {" 5s", {}},
                       {"5 s", {}},
                       {"5s ", {}},
                       {"1.5s", {}},
                       {"2m", 120s},
                       {"24h", 24h},
                       {"2562048h", {}},
                       {"5d", {}},
                       {"5 m", {}},
                       {"5S", {}}};
    for (const auto& row : kRows) {
        auto parsed = parse_duration(row.text);
        BOOST_TEST(parsed.has_value() == row.value.has_value(), row.text);
        if (parsed && row.value) BOOST_TEST((*parsed == *row.value), row.text);
    }
}

BOOST_AUTO_TEST_CASE(durations_are_written_in_the_largest_unit_that_fits) {
    BOOST_TEST(to_text(Duration(100ms)) == "100ms");
    BOOST_TEST(to_text(Duration(1500us)) == "1500us");
    BOOST_TEST(to_text(Duration(61s)) == "61s");
    BOOST_TEST(to_text(Duration(120s)) == "2m");
    BOOST_TEST(to_text(Duration(24h)) == "24h");
    BOOST_TEST(to_text(Duration(0s)) == "0s");
}

BOOST_AUTO_TEST_CASE(endpoints_are_read_in_every_form) {
    struct {
        const char* text;
        const char* endpoint;
        const char* interface;
    } const kRows[] = {{"10.0.0.1", "10.0.0.1:3343", ""},
                       {"10.0.0.1:3344", "10.0.0.1:3344", ""},
                       {"fd00::1", "[fd00::1]:3343", ""},
                       {"[fd00::1]", "[fd00::1]:3343", ""},
                       {"[fd00::1]:3344", "[fd00::1]:3344", ""},
                       {"fe80::1%eth0", "[fe80::1]:3343", "eth0"},
                       {"[fe80::1%eth0.7]:1", "[fe80::1]:1", "eth0.7"}};
    for (const auto& row : kRows) {
        auto parsed = parse_endpoint(row.text, kNetftPort);
        BOOST_REQUIRE_MESSAGE(parsed.has_value(), row.text);
        BOOST_TEST(parsed->endpoint.to_string() == row.endpoint);
        BOOST_TEST(parsed->interface == row.interface);
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_endpoint_is_refused_with_the_reason) {
    struct {
        const char* text;
        const char* why;
    } const kRows[] = {{"", "is not an endpoint"},
                       {"n2", "is not an endpoint"},
                       {"10.0.0", "is not an endpoint"},
                       {"10.0.0.1/24", "is not an endpoint"},
                       {"[10.0.0.1]:3344", "is not an endpoint"},
                       {"[fd00::1", "is not an endpoint"},
                       {"[fd00::1]3344", "is not an endpoint"},
                       {"[]", "is not an endpoint"},
                       {"10.0.0.1:", "bad port; allowed: 1 to 65535"},
                       {"10.0.0.1:0", "bad port"},
                       {"10.0.0.1:65536", "bad port"},
                       {"10.0.0.1:1x", "bad port"},
                       {"[fd00::1]:", "bad port"},
                       {"0.0.0.0", "no unicast address"},
                       {"::", "no unicast address"},
                       {"224.0.0.1", "no unicast address"},
                       {"ff02::1", "no unicast address"},
                       {"255.255.255.255", "no unicast address"},
                       {"240.0.0.1", "no unicast address"},
                       {"0.0.0.7", "no unicast address"},
                       {"127.0.0.1", "loopback address"},
                       {"127.8.0.1", "loopback address"},
                       {"::1", "loopback address"},
                       {"::ffff:10.0.7.9", "in disguise; write it as \"10.0.7.9\""},
                       {"fe80::1", "needs its interface"},
                       {"fe80::1%", "is not an interface name"},
                       {"fe80::1%a%b", "is not an interface name"},
                       {"fd00::1%eth0", "leave out"},
                       {"10.0.0.1%eth0", "leave out"}};
    for (const auto& row : kRows) {
        auto parsed = parse_endpoint(row.text, kNetftPort);
        BOOST_REQUIRE_MESSAGE(!parsed.has_value(), row.text);
        BOOST_TEST(parsed.error().what.find(row.why) != std::string::npos,
                   row.text << ": " << parsed.error().what);
    }
}

BOOST_AUTO_TEST_CASE(base64_is_that_of_rfc_4648_section_10) {
    struct {
        std::string plain;
        const char* text;
    } const kRows[] = {{"", ""},
                       {"f", "Zg=="},
                       {"fo", "Zm8="},
                       {"foo", "Zm9v"},
                       {"foob", "Zm9vYg=="},
                       {"fooba", "Zm9vYmE="},
                       {"foobar", "Zm9vYmFy"}};
    for (const auto& row : kRows) {
        std::vector<std::uint8_t> bytes(row.plain.begin(), row.plain.end());
        BOOST_TEST(to_base64(bytes) == row.text);
        std::vector<std::uint8_t> back(bytes.size());
        BOOST_TEST(from_base64(row.text, back));
        BOOST_TEST(back == bytes);
    }
}

BOOST_AUTO_TEST_CASE(only_the_canonical_base64_is_read) {
    std::array<std::uint8_t, 1> one{};
    for (const char* text :
         {"", "Zg=", "Zg", "Zg===", "Zh==", "Z===", "====", "Z=g=", "Zg\n=", "Zm8="})
        BOOST_TEST(!from_base64(text, one), text);
}

BOOST_AUTO_TEST_CASE(a_near_miss_is_found_and_a_far_one_is_not) {
    std::vector<std::string_view> keys{"name", "public_key", "endpoints", "port"};
    struct {
        const char* key;
        const char* near;
    } const kRows[] = {{"nmae", "name"},
                       {"Name", "name"},
                       {"public-key", "public_key"},
                       {"publickey", "public_key"},
                       {"endpoint", "endpoints"},
                       {"prot", "port"},
                       {"zebra", ""},
                       {"", ""}};
    for (const auto& row : kRows) BOOST_TEST(nearest(row.key, keys) == row.near, row.key);
    BOOST_TEST(nearest(std::string(100000, 'x'), keys) == "");
}

BOOST_AUTO_TEST_CASE(quoted_text_is_short_and_plain) {
    BOOST_TEST(quoted("a\x1b[2J\"b") == "\"a?[2J?b\"");
    BOOST_TEST(quoted(std::string(1000, 'x')).size() < 100);
}

BOOST_AUTO_TEST_SUITE_END()
