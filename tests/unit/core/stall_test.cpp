// What the worker's clock readings say of its absence, and what patience follows.
#include <boost/test/unit_test.hpp>

#include "netft/core/local_health.hpp"
#include "netft/core/stall_meter.hpp"

namespace netft::core {
namespace {

const TimePoint kStart{1h};

BOOST_AUTO_TEST_SUITE(stall)

BOOST_AUTO_TEST_CASE(waking_in_time_is_no_stall) {
    StallMeter meter(kStart);
    meter.handle_sleep(kStart + 1ms, kStart + 100ms);
    BOOST_TEST(!meter.handle_wake(kStart + 101ms));
    meter.handle_sleep(kStart + 102ms, {});
    BOOST_TEST(!meter.handle_wake(kStart + 3600s));  // asleep by its own will
}

BOOST_AUTO_TEST_CASE(waking_late_counts_all_of_the_sleep) {
    StallMeter meter(kStart);
    meter.handle_sleep(kStart, kStart + 100ms);
    std::optional<Stall> stall = meter.handle_wake(kStart + 3s);
    BOOST_REQUIRE(stall.has_value());
    BOOST_TEST((stall->kind == StallKind::stopped));
    BOOST_TEST((stall->gap == 3s));
    meter.handle_sleep(kStart + 3s, kStart + 3s + 10ms);
    BOOST_TEST(!meter.handle_wake(kStart + 3s + 10ms));
}

BOOST_AUTO_TEST_CASE(stopped_at_work_is_a_stall) {
    StallMeter meter(kStart);
    meter.handle_sleep(kStart + 1s, kStart + 1s);
    std::optional<Stall> stall = meter.handle_wake(kStart + 1s);
    BOOST_REQUIRE(stall.has_value());
    BOOST_TEST((stall->gap == 1s));
}

BOOST_AUTO_TEST_CASE(suspend_and_a_stepped_clock_are_told_apart) {
    StallMeter meter(kStart);
    Duration mono = kStart.time_since_epoch();
    BOOST_TEST(meter.wants_clocks(kStart));
    BOOST_TEST(!meter.handle_clocks(kStart, mono + 5s, mono + 100s));
    BOOST_TEST(!meter.wants_clocks(kStart + 50ms));
    BOOST_TEST(meter.wants_clocks(kStart + 100ms));
    auto suspended = meter.handle_clocks(kStart + 1s, mono + 66s, mono + 161s);
    BOOST_REQUIRE(suspended.has_value());
    BOOST_TEST((suspended->kind == StallKind::suspended));
    BOOST_TEST((suspended->gap == 60s));
    auto stepped = meter.handle_clocks(kStart + 2s, mono + 67s, mono + 100s);
    BOOST_REQUIRE(stepped.has_value());
    BOOST_TEST((stepped->kind == StallKind::clock_stepped));
    BOOST_TEST((stepped->gap == -62s));
    BOOST_TEST(!meter.handle_clocks(kStart + 3s, mono + 68s, mono + 101s));
}

BOOST_AUTO_TEST_CASE(one_stall_makes_nobody_patient_many_do_within_bounds) {
    LocalHealth health;
    health.handle_stall(kStart);
    health.handle_stall(kStart);
    BOOST_TEST(health.patience(kStart) == LocalHealth::kPatienceMin);
    for (int i = 0; i < 100; ++i) health.handle_stall(kStart);
    BOOST_TEST(health.score(kStart) == LocalHealth::kScoreMax);
    BOOST_TEST(health.patience(kStart) == LocalHealth::kPatienceMax);
    BOOST_TEST(health.patience(kStart + 4s) == LocalHealth::kPatienceMax - 4);
    BOOST_TEST(health.score(kStart + 60s) == 0u);
    BOOST_TEST(health.patience(kStart + 60s) == LocalHealth::kPatienceMin);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core
