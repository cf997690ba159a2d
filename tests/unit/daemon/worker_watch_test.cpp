#include "netft/daemon/worker_watch.hpp"

#include <boost/test/unit_test.hpp>

using namespace netft;
using daemon::WorkerWatch;
using Verdict = daemon::WorkerWatch::Verdict;

namespace {

struct Ticks {
    WorkerWatch watch;
    TimePoint now{100s};
    std::uint64_t cycles = 1;

    Verdict after(Duration d) { return watch.handle_tick(now += d, cycles); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(worker_watch)

BOOST_AUTO_TEST_CASE(a_worker_that_runs_is_well) {
    Ticks ticks;
    for (int i = 0; i < 100; ++i) {
        ++ticks.cycles;
        BOOST_REQUIRE(ticks.after(1s) == Verdict::well);
    }
}

BOOST_AUTO_TEST_CASE(one_that_stands_is_silent_after_2_s_and_dead_after_10) {
    Ticks ticks;
    ticks.after(1s);
    BOOST_CHECK(ticks.after(1s) == Verdict::well);
    BOOST_CHECK(ticks.after(1s) == Verdict::silent);
    for (int i = 0; i < 7; ++i) BOOST_CHECK(ticks.after(1s) == Verdict::is_silent_still);
    BOOST_CHECK(ticks.after(1s) == Verdict::dead);
}

BOOST_AUTO_TEST_CASE(one_that_goes_on_is_well_again) {
    Ticks ticks;
    for (int i = 0; i < 8; ++i) ticks.after(1s);
    ++ticks.cycles;
    BOOST_CHECK(ticks.after(1s) == Verdict::well);
    BOOST_CHECK(ticks.after(1s) == Verdict::well);
    BOOST_CHECK(ticks.after(1s) == Verdict::silent);
}

BOOST_AUTO_TEST_CASE(a_process_that_was_stopped_does_not_blame_its_worker) {
    Ticks ticks;
    ticks.after(1s);
    BOOST_CHECK(ticks.after(60s) == Verdict::well);
    ++ticks.cycles;
    BOOST_CHECK(ticks.after(1s) == Verdict::well);
}

BOOST_AUTO_TEST_SUITE_END()
