#include "netft/session/opening_pacer.hpp"

#include <boost/test/unit_test.hpp>

namespace netft::session {
namespace {

BOOST_AUTO_TEST_SUITE(opening_pacer)

BOOST_AUTO_TEST_CASE(lets_a_burst_go_and_then_one_an_interval) {
    OpeningPacer pacer;
    TimePoint now(1h);
    for (int i = 0; i < OpeningPacer::kBurst; ++i) BOOST_TEST(pacer.take(now));
    BOOST_TEST(!pacer.take(now));
    for (int i = 0; i < 10; ++i) {
        BOOST_TEST((pacer.next() > now));
        now = pacer.next();
        BOOST_TEST(pacer.take(now));
        BOOST_TEST(!pacer.take(now));
    }
    BOOST_TEST((now - TimePoint(1h) == 10 * OpeningPacer::kInterval));
}

BOOST_AUTO_TEST_CASE(a_pause_earns_one_burst_and_no_more) {
    OpeningPacer pacer;
    TimePoint now(1h);
    while (pacer.take(now)) {
    }
    now += 1h;
    int taken = 0;
    while (pacer.take(now)) ++taken;
    BOOST_TEST(taken == OpeningPacer::kBurst);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::session
