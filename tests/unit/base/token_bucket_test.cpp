#include "netft/base/token_bucket.hpp"

#include <boost/test/unit_test.hpp>

#include "netft/base/random.hpp"

using namespace netft;

namespace {

constexpr TimePoint kNow{1h};

int taken_of(RateLimit& limit, TimePoint now, int tries) {
    int taken = 0;
    for (int i = 0; i < tries; ++i) taken += limit.take(now);
    return taken;
}

// What a bucket is by the book: tokens that come with time.
struct Book {
    Rate rate;
    Duration credit = rate.depth;
    TimePoint last = kNow;

    bool take(TimePoint now, std::int64_t count) {
        credit = std::min(rate.depth, credit + (now - last));
        last = now;
        if (credit < rate.cost * count) return false;
        credit -= rate.cost * count;
        return true;
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(token_bucket)

BOOST_AUTO_TEST_CASE(it_gives_its_burst_then_its_rate) {
    RateLimit limit(50, 64);
    BOOST_TEST(taken_of(limit, kNow, 1000) == 64);
    BOOST_TEST(taken_of(limit, kNow + 19ms, 10) == 0);
    BOOST_TEST(taken_of(limit, kNow + 20ms, 10) == 1);
    BOOST_TEST(taken_of(limit, kNow + 1s + 20ms, 1000) == 50);
    BOOST_TEST(taken_of(limit, kNow + 1h, 1000) == 64);
}

BOOST_AUTO_TEST_CASE(it_is_full_at_first_whenever_that_is) {
    for (TimePoint at : {TimePoint{}, TimePoint{1ns}, kNow, TimePoint{200 * 365 * 24h}}) {
        RateLimit limit(1, 3);
        BOOST_TEST(limit.is_full(at));
        BOOST_TEST(taken_of(limit, at, 10) == 3);
    }
}

BOOST_AUTO_TEST_CASE(several_are_taken_together_or_not_at_all) {
    RateLimit limit(10, 3);
    BOOST_TEST(!limit.take(kNow, 4));
    BOOST_TEST(limit.take(kNow, 2));
    BOOST_TEST(!limit.take(kNow, 2));
    BOOST_TEST(limit.take(kNow, 1));
}

BOOST_AUTO_TEST_CASE(draining_takes_what_is_there) {
    RateLimit limit(10, 3);
    limit.drain(kNow, 2);
    BOOST_TEST(taken_of(limit, kNow, 10) == 1);
    limit.drain(kNow, 100);
    BOOST_TEST(!limit.take(kNow + 99ms));
    BOOST_TEST(limit.take(kNow + 100ms));
}

BOOST_AUTO_TEST_CASE(a_clock_that_goes_back_gives_nothing) {
    RateLimit limit(10, 1);
    BOOST_TEST(limit.take(kNow));
    BOOST_TEST(!limit.take(kNow - 1s));
    limit.drain(kNow - 10s, 1);
    BOOST_TEST(!limit.take(kNow + 99ms));
    BOOST_TEST(limit.take(kNow + 100ms));
}

BOOST_AUTO_TEST_CASE(next_is_when_there_is_one) {
    TokenBucket bucket;
    constexpr Rate kRate = Rate::of(1000, 2);
    BOOST_TEST((bucket.next(kRate) <= kNow));
    BOOST_TEST(bucket.take(kNow, kRate, 2));
    BOOST_TEST((bucket.next(kRate) == kNow + 1ms));
}

BOOST_AUTO_TEST_CASE(it_does_what_the_book_says) {
    Random random(7);
    for (Rate rate : {Rate::of(20'000, 20'000), Rate::of(7, 3), Rate::of(1'000'000, 1)}) {
        RateLimit limit(rate);
        Book book{rate};
        TimePoint now = kNow;
        for (int i = 0; i < 10'000; ++i) {
            now += random.between(0ns, rate.cost * 2);
            auto count = static_cast<std::int64_t>(1 + random.below(3));
            BOOST_REQUIRE(limit.take(now, count) == book.take(now, count));
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
