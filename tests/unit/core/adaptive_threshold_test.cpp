#include "netft/core/adaptive_threshold.hpp"

#include <boost/test/unit_test.hpp>

namespace netft::core {
namespace {

const Timing kTiming{.delay = 100ms, .threshold = 5, .threshold_min = 3, .threshold_max = 10};

struct Listener {
    TimePoint now{1h};
    AdaptiveThreshold adaptive;

    unsigned after(Duration gap) {
        now += gap;
        adaptive.handle_gap(now, gap, kTiming.delay, kTiming);
        return in_force();
    }
    void stay_calm(Duration d) {
        for (TimePoint end = now + d; now < end;) after(90ms);
    }
    unsigned in_force() const { return adaptive.threshold(kTiming.threshold, kTiming); }
};

BOOST_FIXTURE_TEST_SUITE(adaptive_threshold, Listener)

BOOST_AUTO_TEST_CASE(without_bounds_it_is_what_the_peer_says) {
    Timing fixed{100ms, 5};
    adaptive.handle_gap(now, 2s, 100ms, kTiming);
    BOOST_TEST(adaptive.threshold(7, fixed) == 7);
}

BOOST_AUTO_TEST_CASE(it_begins_at_what_the_peer_says_within_the_bounds) {
    BOOST_TEST(adaptive.threshold(5, kTiming) == 5);
    BOOST_TEST(adaptive.threshold(1, kTiming) == 3);
    BOOST_TEST(adaptive.threshold(255, kTiming) == 10);
}

BOOST_AUTO_TEST_CASE(it_rises_at_once_to_half_as_much_again_and_never_above_the_bound) {
    struct Case {
        Duration gap;
        unsigned threshold;
    };
    const Case cases[] = {{90ms, 5},  {300ms, 5},  {340ms, 6}, {430ms, 7},
                          {600ms, 9}, {700ms, 10}, {60s, 10},  {100ms, 10}};
    for (const Case& c : cases) BOOST_TEST(after(c.gap) == c.threshold);
}

BOOST_AUTO_TEST_CASE(it_falls_one_step_each_window_to_what_is_wanted) {
    after(600ms);
    BOOST_TEST(in_force() == 9u);
    stay_calm(58s);
    BOOST_TEST(in_force() == 9u);  // the gap is still remembered
    unsigned last = in_force();
    for (int s = 0; s < 400; ++s) {
        stay_calm(1s);
        BOOST_TEST((in_force() == last || in_force() == last - 1));
        last = in_force();
    }
    BOOST_TEST(last == kTiming.threshold_min);
}

BOOST_AUTO_TEST_CASE(under_the_same_jitter_it_does_not_swing) {
    auto round = [this] {
        after(310ms);
        stay_calm(20s);
    };
    for (int i = 0; i < 20; ++i) round();
    for (int i = 0; i < 40; ++i) {
        round();
        BOOST_TEST(in_force() == 5u);
    }
}

BOOST_AUTO_TEST_CASE(the_longest_gap_is_told_and_forgotten) {
    BOOST_TEST((adaptive.longest_gap(100ms) == 0ms));
    after(430ms);
    BOOST_TEST((adaptive.longest_gap(100ms) == 450ms));
    stay_calm(65s);
    BOOST_TEST((adaptive.longest_gap(100ms) == 100ms));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core
