// The wheel against the simplest thing that can be right.
#include "netft/core/timer_wheel.hpp"

#include <boost/test/unit_test.hpp>
#include <map>
#include <vector>

#include "netft/base/random.hpp"

namespace netft::core {
namespace {

BOOST_AUTO_TEST_SUITE(timer_wheel)

using Key = TimerWheel::Key;

class Naive {
 public:
    void set(Key key, std::optional<TimePoint> deadline) {
        deadlines_.erase(key);
        if (deadline) deadlines_[key] = *deadline;
    }
    std::optional<TimePoint> next() const {
        std::optional<TimePoint> soonest;
        for (const auto& [key, deadline] : deadlines_)
            if (!soonest || deadline < *soonest) soonest = deadline;
        return soonest;
    }
    // False: it had no deadline, or is not due.
    bool pop(Key key, TimePoint now) {
        auto found = deadlines_.find(key);
        if (found == deadlines_.end() || found->second > now) return false;
        deadlines_.erase(found);
        return true;
    }

 private:
    std::map<Key, TimePoint> deadlines_;
};

// Both hold the same: what is due comes, nothing else does, and next() is never late.
void check_pops(TimerWheel& wheel, Naive& naive, TimePoint now, bool is_exact) {
    auto soonest = naive.next();
    auto next = wheel.next();
    BOOST_REQUIRE(next.has_value() == soonest.has_value());
    if (next) BOOST_REQUIRE((is_exact ? *next == *soonest : *next <= *soonest));
    while (auto due = wheel.pop_due(now)) BOOST_REQUIRE(naive.pop(*due, now));
    soonest = naive.next();
    BOOST_REQUIRE((!soonest || *soonest > now));
}

// Every way to set three timers at and around the borders of buckets and levels, to move or stop
// one, and to look at one of these times in between.
BOOST_AUTO_TEST_CASE(agrees_with_a_naive_queue_in_every_small_case) {
    std::vector<Duration> borders;
    for (unsigned shift : {17u, 27u, 33u, 39u, 45u})
        for (int off : {-1, 0, 1}) borders.push_back(Duration((std::int64_t{1} << shift) + off));
    borders.push_back(0ns);
    TimePoint start{Duration((std::int64_t{5} << 45) + (std::int64_t{3} << 27))};
    for (Duration first : borders)
        for (Duration second : borders)
            for (Duration look : borders)
                for (Duration moved : borders) {
                    TimerWheel wheel;
                    wheel.grow(3);
                    Naive naive;
                    auto set = [&](Key key, std::optional<TimePoint> at) {
                        wheel.set(key, at);
                        naive.set(key, at);
                    };
                    check_pops(wheel, naive, start, true);
                    set(0, start + first);
                    set(1, start + second);
                    set(2, start + look);
                    check_pops(wheel, naive, start + look, true);
                    set(0, start + look + moved);
                    set(1, {});
                    check_pops(wheel, naive, start + look, true);
                    check_pops(wheel, naive, start + look + moved, true);
                    check_pops(wheel, naive, start + look + moved + first, true);
                }
}

void run_random(std::uint64_t seed, std::uint32_t keys, Duration reach, Duration step) {
    Random random(seed);
    TimerWheel wheel;
    wheel.grow(keys);
    Naive naive;
    TimePoint now{100h + Duration(seed * 7'919'000'000)};
    for (int i = 0; i < 4'000; ++i) {
        auto key = static_cast<Key>(random.below(keys));
        std::optional<TimePoint> deadline;
        if (random.chance(0.8)) deadline = now + random.between(-step, reach);
        wheel.set(key, deadline);
        naive.set(key, deadline);
        if (random.chance(0.6)) now += random.between(0ns, step);
        // An older time than before does no harm.
        TimePoint looked = random.chance(0.05) ? now - step : now;
        if (random.chance(0.5)) check_pops(wheel, naive, looked, keys <= 64);
    }
    check_pops(wheel, naive, now + 2 * reach, keys <= 64);
}

BOOST_AUTO_TEST_CASE(agrees_with_a_naive_queue_at_every_scale_of_time) {
    std::uint64_t seed = 1;
    for (std::uint32_t keys : {4u, 64u, 300u})
        for (Duration reach : {Duration(100us), Duration(10ms), Duration(300ms), Duration(20s),
                               Duration(20min), Duration(30h)})
            for (int part : {1, 20, 1'000}) run_random(++seed, keys, reach, reach / part + 1ns);
}

BOOST_AUTO_TEST_CASE(grows_without_forgetting) {
    TimerWheel wheel;
    wheel.grow(1);
    wheel.set(0, TimePoint(2s));
    wheel.grow(1'000);
    wheel.set(999, TimePoint(1s));
    BOOST_TEST((wheel.next() == TimePoint(1s)));
    BOOST_TEST(*wheel.pop_due(TimePoint(1s)) == 999u);
    BOOST_TEST(*wheel.pop_due(TimePoint(2s)) == 0u);
    BOOST_TEST(!wheel.next().has_value());
}

// An idle node must not wake for nothing.
BOOST_AUTO_TEST_CASE(of_a_few_timers_the_next_is_told_to_the_nanosecond) {
    TimerWheel wheel;
    wheel.grow(64);
    for (Key key = 0; key < 64; ++key) wheel.set(key, TimePoint(10h) + key * 1s + 12'345ns);
    for (Key key = 0; key < 64; ++key) {
        TimePoint due = TimePoint(10h) + key * 1s + 12'345ns;
        BOOST_REQUIRE((wheel.next() == due));
        BOOST_REQUIRE(!wheel.pop_due(due - 1ns));
        BOOST_REQUIRE(*wheel.pop_due(due) == key);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core
