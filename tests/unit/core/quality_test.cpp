#include "netft/core/quality.hpp"

#include <boost/test/unit_test.hpp>

namespace netft::core {
namespace {

BOOST_AUTO_TEST_SUITE(quality)

BOOST_AUTO_TEST_CASE(percentiles_are_of_the_last_samples) {
    RttWindow window;
    BOOST_TEST(!window.percentile(50).has_value());
    for (std::uint32_t us = 1; us <= 8'000; ++us) window.add(us);
    BOOST_TEST(*window.percentile(0) == 8'000 - RttWindow::kSamples + 1);
    BOOST_TEST(*window.percentile(100) == 8'000u);
    BOOST_TEST(*window.percentile(50) == 8'000 - RttWindow::kSamples / 2);
}

BOOST_AUTO_TEST_CASE(a_long_round_trip_is_kept_to_one_in_four_thousand) {
    for (std::uint32_t us = 1; us < 134'000'000; us += us / 100 + 1) {
        RttWindow window;
        window.add(us);
        std::uint32_t kept = *window.percentile(50);
        BOOST_REQUIRE(kept <= us);
        BOOST_REQUIRE(us - kept <= (us < 8'192 ? 0 : us / 4'096));
    }
    RttWindow window;
    window.add(0xffffffff);
    BOOST_TEST(*window.percentile(50) > 134'000'000u);
}

BOOST_AUTO_TEST_CASE(jitter_is_nought_for_a_steady_path_whatever_the_clocks_say) {
    JitterMeter meter;
    for (int i = 0; i < 100; ++i)
        meter.add(static_cast<std::uint64_t>(77'000'000 + i * 1'000'000), TimePoint(1h + i * 1ms));
    BOOST_TEST(meter.jitter_us() == 0u);
    for (int i = 100; i < 400; ++i)
        meter.add(static_cast<std::uint64_t>(77'000'000 + i * 1'000'000),
                  TimePoint(1h + i * 1ms + (i % 2) * 160us));
    BOOST_TEST(meter.jitter_us() > 150u);
    BOOST_TEST(meter.jitter_us() <= 160u);
}

BOOST_AUTO_TEST_CASE(jitter_takes_any_clock_without_harm) {
    JitterMeter meter;
    for (std::uint64_t sent : {std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{1} << 63,
                               std::uint64_t{1}, ~std::uint64_t{0} >> 1})
        meter.add(sent, TimePoint(1h));
    BOOST_TEST(meter.jitter_us() == 0u);
}

BOOST_AUTO_TEST_CASE(loss_is_of_the_last_hundred) {
    LossMeter meter;
    std::uint64_t received = 0;
    for (std::uint64_t expected = 1; expected <= 1000; ++expected) {
        received += expected % 5 != 0;  // 20 %
        meter.update(expected, received);
    }
    BOOST_TEST(*meter.loss() == 0.2, boost::test_tools::tolerance(0.1));
    for (std::uint64_t expected = 1001; expected <= 1150; ++expected)
        meter.update(expected, ++received);
    BOOST_TEST(*meter.loss() == 0.0);
}

BOOST_AUTO_TEST_CASE(loss_is_the_same_where_totals_pass_32_bits) {
    constexpr std::uint64_t kBase = (std::uint64_t{7} << 32) - 150;
    LossMeter meter;
    for (std::uint64_t i = 1; i <= 300; ++i) meter.update(kBase + i, kBase + i - i / 4);
    BOOST_TEST(*meter.loss() == 0.25, boost::test_tools::tolerance(0.1));
}

BOOST_AUTO_TEST_CASE(loss_says_nothing_before_it_knows) {
    LossMeter meter;
    meter.update(1, 1);
    meter.update(9, 5);
    BOOST_TEST(!meter.loss().has_value());
}

BOOST_AUTO_TEST_CASE(loss_begins_anew_when_the_other_side_does) {
    LossMeter meter;
    for (std::uint64_t i = 1; i < 200; ++i) meter.update(i, i / 2);
    meter.update(1, 1);
    for (std::uint64_t i = 2; i < 50; ++i) meter.update(i, i);
    BOOST_TEST(*meter.loss() == 0.0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core
