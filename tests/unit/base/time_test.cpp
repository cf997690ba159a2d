#include "netft/base/time.hpp"

#include <boost/test/unit_test.hpp>

#include "netft/base/timing.hpp"

using namespace netft;

BOOST_AUTO_TEST_SUITE(time_values)

BOOST_AUTO_TEST_CASE(nanoseconds_on_the_wire_read_back_as_the_same_instant) {
    for (std::uint64_t ns : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 62})
        BOOST_TEST(to_ns(from_ns(ns)) == ns);
    BOOST_TEST(to_ns(from_ns(1'000'000) + 1ms) == 2'000'000u);
}

BOOST_AUTO_TEST_CASE(durations_are_cut_to_whole_units) {
    BOOST_TEST(to_us(1999ns) == 1);
    BOOST_TEST(to_ms(1999us) == 1);
    BOOST_TEST(to_ms(-1ms) == -1);
}

BOOST_AUTO_TEST_CASE(default_timing_detects_in_half_a_second) {
    Timing timing;
    BOOST_TEST(to_ms(timing.delay * timing.threshold) == 500);
    BOOST_CHECK(timing == (Timing{100ms, 5}));
}

BOOST_AUTO_TEST_SUITE_END()
