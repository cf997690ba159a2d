#include "netft/core/data_pulse.hpp"

#include <boost/test/unit_test.hpp>

namespace netft::core {
namespace {

// A heartbeat each way every 100 ms, `sent_each` datagrams between two.
struct Beats {
    DataPulse pulse;
    TimePoint now{1h};
    std::uint64_t sent = 0;
    std::uint64_t taken = 0;
    bool is_lost = false;
    bool comes_back = true;
    std::uint64_t sent_each = 10;

    // How many verdicts in `d`.
    int run(Duration d) {
        int verdicts = 0;
        for (TimePoint end = now + d; now < end; now += 100ms) {
            TimePoint echo = now;
            pulse.handle_sent(now, sent);
            if (comes_back) verdicts += pulse.handle_report(now + 1ms, echo, sent, taken) > 0;
            sent += sent_each;
            if (!is_lost) taken += sent_each;
        }
        return verdicts;
    }
};

BOOST_FIXTURE_TEST_SUITE(data_pulse, Beats)

BOOST_AUTO_TEST_CASE(data_that_arrives_and_silence_are_fine) {
    BOOST_TEST(run(60s) == 0);
    sent_each = 0;
    BOOST_TEST(run(60s) == 0);
    sent_each = 1;
    BOOST_TEST(run(60s) == 0);
}

BOOST_AUTO_TEST_CASE(all_lost_is_found_within_two_seconds_and_again_ever_more_rarely) {
    run(1s);
    is_lost = true;
    BOOST_TEST(run(900ms) == 0);
    BOOST_TEST(run(1'100ms) == 1);
    BOOST_TEST(run(2s) == 1);
    BOOST_TEST(run(600s) < 20);
    is_lost = false;
    BOOST_TEST(run(10s) == 0);
    is_lost = true;
    BOOST_TEST(run(2s) == 1);
}

BOOST_AUTO_TEST_CASE(from_the_first_datagram_on) {
    is_lost = true;
    BOOST_TEST(run(2s) == 1);
}

BOOST_AUTO_TEST_CASE(a_peer_that_is_silent_is_no_evidence) {
    run(1s);
    is_lost = true;
    comes_back = false;
    BOOST_TEST(run(10s) == 0);
}

BOOST_AUTO_TEST_CASE(two_lost_datagrams_are_none) {
    run(1s);
    sent_each = 0;
    run(1s);
    sent += 2;
    BOOST_TEST(run(60s) == 0);
    ++sent;
    BOOST_TEST(run(3s) == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core
