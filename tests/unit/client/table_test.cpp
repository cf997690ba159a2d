#include "netft/client/table.hpp"

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <sstream>

#include "netft/client/fields.hpp"
#include "netft/client/human.hpp"

using namespace netft::client;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(output)

BOOST_AUTO_TEST_CASE(columns_are_aligned_by_what_is_seen_not_by_bytes) {
    Table table({{"NAME"}, {"RTT µs", Align::right}, {"STATE"}});
    table.add({{"é日"}, {"90"}, {"up"}});
    table.add({{"n2"}, {"12345678"}, {"down"}});
    std::ostringstream out;
    table.print(out, false);
    BOOST_TEST(out.str() ==
               "NAME    RTT µs  STATE\n"
               "é日         90  up\n"
               "n2    12345678  down\n");
}

BOOST_AUTO_TEST_CASE(empty_columns_are_left_out_and_no_line_ends_in_blanks) {
    Table table({{"A"}, {"B"}, {"C"}});
    table.add({{"1"}, {""}, {""}});
    table.add({{"2"}, {""}, {"x"}});
    std::ostringstream out;
    table.print(out, false);
    BOOST_TEST(out.str() == "A  C\n1\n2  x\n");
}

BOOST_AUTO_TEST_CASE(a_table_without_rows_prints_nothing) {
    std::ostringstream out;
    Table({{"A"}}).print(out, true);
    BOOST_TEST(out.str().empty());
}

BOOST_AUTO_TEST_CASE(colour_does_not_shift_columns_and_control_characters_do_no_harm) {
    Table table({{"A"}, {"B"}});
    table.add({{"x\033[2J", Tone::bad}, {"y"}});
    std::ostringstream out;
    table.print(out, true);
    BOOST_TEST(out.str().find("\033[1;31mx?[2J\033[0m  y\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(widths_of_odd_text) {
    struct Case {
        std::string text;
        std::size_t width;
    };
    for (const Case& c : {Case{"", 0}, Case{"abc", 3}, Case{"µs", 2}, Case{"日本", 4},
                          Case{"e\xcc\x81", 1}, Case{"\xff\xfe", 2}, Case{"\xe6\x97", 2}})
        BOOST_TEST(display_width(c.text) == c.width);
}

BOOST_AUTO_TEST_CASE(no_color_is_honoured) {
    ::setenv("NO_COLOR", "1", 1);
    BOOST_TEST(!colour_wanted(1));
    ::unsetenv("NO_COLOR");
    BOOST_TEST(!colour_wanted(-1));
}

BOOST_AUTO_TEST_CASE(ages_and_instants_read_well) {
    BOOST_TEST(age_text(420ms) == "0.4s");
    BOOST_TEST(age_text(59s) == "59s");
    BOOST_TEST(age_text(192s) == "3m12s");
    BOOST_TEST(age_text(2h + 5min) == "2h05m");
    BOOST_TEST(age_text(99h) == "4d03h");
    BOOST_TEST(age_text(-5s) == "0.0s");
    auto then = parse_rfc3339("2026-11-21T10:00:00.500000Z");
    BOOST_REQUIRE(then.has_value());
    BOOST_TEST(since_text("2026-11-21T10:00:00.000000Z", *then) == "0.5s");
    for (const char* bad : {"", "yesterday", "2026-11-21T10:00:00", "2026-11-21T10:00:00.5Zx"})
        BOOST_TEST(!parse_rfc3339(bad).has_value());
}

BOOST_AUTO_TEST_CASE(documents_of_another_shape_read_as_empty) {
    nlohmann::json odd{{"a", 5}, {"b", "x"}, {"c", nullptr}, {"d", -1}};
    BOOST_TEST(text(odd, "a") == "");
    BOOST_TEST(plain(odd, "a") == "5");
    BOOST_TEST(whole(odd, "b") == 0u);
    BOOST_TEST(whole(odd, "d") == 0u);
    BOOST_TEST(!number(odd, "c").has_value());
    BOOST_TEST(member(odd, "z").is_null());
    BOOST_TEST(text(nlohmann::json(3), "a") == "");
    BOOST_TEST(without_default_port("[fe80::1]:3343") == "fe80::1");
    BOOST_TEST(without_default_port("10.0.0.1:99") == "10.0.0.1:99");
}

BOOST_AUTO_TEST_SUITE_END()
