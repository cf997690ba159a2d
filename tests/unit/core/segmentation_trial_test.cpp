#include "netft/core/segmentation_trial.hpp"

#include <boost/test/unit_test.hpp>
#include <utility>

namespace netft::core {
namespace {

BOOST_AUTO_TEST_SUITE(segmentation_trial)

// A path with a heartbeat every 100 ms; what its data does the test says.
struct Path {
    SegmentationTrial trial;
    TimePoint now{1h};
    std::uint32_t sent = 4'000'000'000;  // wraps on the way
    std::uint32_t received = 17;
    std::uint32_t heartbeats_lost = 0;
    bool swallows_segmented = true;

    Path() {
        for (int i = 0; i < 5; ++i) step(0);
    }
    // So many datagrams are sent together, if nothing says otherwise, and so many by themselves.
    void step(std::uint32_t together, std::uint32_t single = 0, unsigned lost_percent = 0) {
        now += 100ms;
        sent += together + single;
        received += single;
        if (!swallows_segmented || trial.is_single())
            received += together - together * lost_percent / 100;
        trial.handle_report(now, sent, received, heartbeats_lost);
    }
    // ms until `is_so`; 60,000: never.
    template <class Condition>
    int time_until(std::uint32_t together, std::uint32_t single, Condition is_so) {
        for (int ms = 100; ms < 60'000; ms += 100) {
            step(together, single);
            if (is_so()) return ms;
        }
        return 60'000;
    }
};

BOOST_AUTO_TEST_CASE(swallowed_segmentation_is_found_within_two_seconds) {
    Path bulk;
    auto is_found = [](Path& path) { return [&path] { return path.trial.is_avoided(); }; };
    BOOST_TEST(bulk.time_until(1'000, 0, is_found(bulk)) <= 2'000);
    Path mixed;
    BOOST_TEST(mixed.time_until(20, 10, is_found(mixed)) <= 2'000);
}

// TCP that backs off: two datagrams together in two steps, and one that is sent again by itself.
BOOST_AUTO_TEST_CASE(it_is_found_where_the_loss_has_strangled_the_traffic) {
    Path path;
    int ms = 0;
    for (; ms < 10'000 && !path.trial.is_avoided(); ms += 200) {
        path.step(2, 1);
        path.step(0);
    }
    BOOST_TEST(ms <= 5'000);
}

BOOST_AUTO_TEST_CASE(where_single_datagrams_are_lost_as_well_it_was_not_the_segmentation) {
    Path path;
    path.swallows_segmented = false;
    bool was_avoided = false;
    int tried = 0;
    for (int i = 0; i < 200; ++i) {  // 20 s
        path.step(100, 0, 80);
        was_avoided |= path.trial.is_avoided();
        tried += path.trial.is_single() ? 1 : 0;
    }
    BOOST_TEST(!was_avoided);
    BOOST_TEST(tried > 0);
    BOOST_TEST(tried <= 25);  // one trial, then a pause
}

BOOST_AUTO_TEST_CASE(a_sound_path_is_never_tried) {
    Path path;
    path.swallows_segmented = false;
    for (int i = 0; i < 1'000; ++i) {
        path.step(i % 7 == 0 ? 5'000 : 3, i % 3, i % 10 == 0 ? 30 : 0);
        BOOST_TEST(!path.trial.is_single());
    }
}

// Heartbeats overtake data: what was sent just before one is counted by the next.
BOOST_AUTO_TEST_CASE(a_burst_behind_a_heartbeat_is_no_loss) {
    Path path;
    path.swallows_segmented = false;
    for (int i = 0; i < 100; ++i) {
        path.step(0);
        path.step(0);
        path.now += 100ms;
        path.sent += 800;
        path.trial.handle_report(path.now, path.sent, path.received, 0);
        path.received += 800;
        BOOST_TEST(!path.trial.is_single());
    }
}

// A receiver that was starved reads all heartbeats first that wait, and the data behind them.
BOOST_AUTO_TEST_CASE(what_comes_later_than_two_heartbeats_was_not_lost) {
    Path path;
    path.swallows_segmented = false;
    std::uint32_t kept = 0;
    for (int i = 0; i < 600; ++i) {
        path.now += 100ms;
        path.sent += 100;
        kept += 100;
        if (i % 40 > 8) path.received += std::exchange(kept, 0);
        path.trial.handle_report(path.now, path.sent, path.received, 0);
        BOOST_TEST(!path.trial.is_avoided());
    }
}

BOOST_AUTO_TEST_CASE(loss_of_heartbeats_too_is_another_fault) {
    Path path;
    for (int i = 0; i < 100; ++i) {
        if (i % 2 == 0) ++path.heartbeats_lost;
        path.step(100);
        BOOST_TEST(!path.trial.is_single());
    }
}

BOOST_AUTO_TEST_CASE(it_is_tried_again_and_each_time_later) {
    Path path;
    auto is_avoided = [&path] { return path.trial.is_avoided(); };
    BOOST_TEST(path.time_until(100, 0, is_avoided) <= 2'000);
    int first = path.time_until(100, 0, [&] { return !is_avoided(); });
    BOOST_TEST(first >= 55'000);
    BOOST_TEST(path.time_until(100, 0, is_avoided) <= 2'000);
    for (int i = 0; i < 1'150; ++i) path.step(100);
    BOOST_TEST(path.trial.is_avoided());  // after 115 s
    // The cause is gone: from the next try on it is used.
    path.swallows_segmented = false;
    for (int i = 0; i < 100; ++i) path.step(100);
    BOOST_TEST(!path.trial.is_single());
}

BOOST_AUTO_TEST_CASE(totals_that_begin_anew_are_no_loss) {
    Path path;
    path.swallows_segmented = false;
    for (int i = 0; i < 20; ++i) {
        path.step(100);
        if (i == 10) path.received = 0;
        if (i == 15) path.sent = 5;
        BOOST_TEST(!path.trial.is_single());
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core
