#include "netft/core/sickness.hpp"

#include <boost/test/unit_test.hpp>

namespace netft::core {
namespace {

BOOST_AUTO_TEST_SUITE(sickness)

// One route's worth: a heartbeat every interval, with what the test says of it.
struct Bed {
    Sickness sickness;
    RttWindow rtt;
    TimePoint now{1h};
    Duration interval = 100ms;
    std::uint32_t jitter_us = 20;
    std::uint32_t lost_out = 0;

    Bed() { step(40); }
    Diagnostic step(int count = 1, unsigned lost_in = 0, std::uint32_t rtt_us = 200) {
        for (int i = 0; i < count; ++i) {
            now += interval;
            sickness.handle_heartbeat(lost_in, lost_out);
            sickness.handle_rtt(rtt_us);
            rtt.add(rtt_us);
            sickness.judge(now, {.rtt = rtt, .jitter_us = jitter_us, .interval = interval});
        }
        return sickness.verdict();
    }
};

BOOST_AUTO_TEST_CASE(an_eighth_lost_is_sick_until_all_of_it_is_past) {
    Bed bed;
    for (int i = 0; i < 3; ++i) BOOST_TEST((bed.step(1, 1) == Diagnostic::none));
    BOOST_TEST((bed.step(1, 1) == Diagnostic::packets_lost));
    BOOST_TEST((bed.step(25) == Diagnostic::packets_lost));
    BOOST_TEST((bed.step(10) == Diagnostic::none));
}

BOOST_AUTO_TEST_CASE(what_the_peer_misses_counts_as_much) {
    Bed bed;
    for (int i = 0; i < 4; ++i) {
        ++bed.lost_out;
        bed.step();
    }
    BOOST_TEST((bed.sickness.verdict() == Diagnostic::packets_lost));
}

BOOST_AUTO_TEST_CASE(one_gap_however_long_is_not_loss) {
    Bed bed;
    BOOST_TEST((bed.step(1, 30) == Diagnostic::none));
    bed.lost_out += 30;
    BOOST_TEST((bed.step() == Diagnostic::none));
}

BOOST_AUTO_TEST_CASE(what_comes_late_is_not_lost) {
    Bed bed;
    for (int i = 0; i < 20; ++i) {
        bed.step(1, 1);
        bed.sickness.handle_late();
        ++bed.lost_out;
        bed.step();
        --bed.lost_out;
        BOOST_TEST((bed.step() == Diagnostic::none));
    }
}

BOOST_AUTO_TEST_CASE(what_was_missed_in_a_stall_is_excused) {
    Bed bed;
    for (int i = 0; i < 20; ++i) {
        bed.sickness.excuse();
        bed.lost_out += 2;
        BOOST_TEST((bed.step(1, 2) == Diagnostic::none));
    }
}

BOOST_AUTO_TEST_CASE(a_delay_rises_when_eight_in_a_row_are_long) {
    Bed bed;
    BOOST_TEST((bed.step(7, 0, 60'000) == Diagnostic::none));
    BOOST_TEST((bed.step(1, 0, 60'000) == Diagnostic::delay_rose));
    BOOST_TEST((bed.step(1, 0, 300) == Diagnostic::none));
    for (int i = 0; i < 100; ++i)
        BOOST_TEST((bed.step(1, 0, i % 8 ? 60'000 : 300) == Diagnostic::none));
}

BOOST_AUTO_TEST_CASE(a_slow_judge_does_not_judge_delays) {
    Bed bed;
    for (int i = 0; i < 20; ++i) {
        bed.rtt.add(90'000);
        Diagnostic verdict = bed.sickness.judge(
            bed.now,
            {.rtt = bed.rtt, .jitter_us = 90'000, .interval = 100ms, .is_judge_weak = true});
        BOOST_TEST((verdict == Diagnostic::none));
    }
}

// Two clocks that run 4 % apart: an echo held for an interval is off by a twenty-fifth of it.
BOOST_AUTO_TEST_CASE(clocks_that_run_apart_are_not_delay) {
    for (Duration interval : {Duration(10ms), Duration(100ms), Duration(1s), Duration(10s)}) {
        Bed bed;
        bed.interval = interval;
        auto off = static_cast<std::uint32_t>(to_us(interval) / 25);
        bed.jitter_us = off;
        for (int i = 0; i < 200; ++i)
            BOOST_TEST((bed.step(1, 0, i < 100 ? 200 : 200 + off) == Diagnostic::none));
    }
}

BOOST_AUTO_TEST_CASE(duplicates_are_sick_when_many) {
    Bed bed;
    for (int i = 0; i < 5; ++i) {
        bed.sickness.handle_duplicate();
        BOOST_TEST((bed.step() == Diagnostic::none));
    }
    bed.sickness.handle_duplicate();
    BOOST_TEST((bed.step() == Diagnostic::packets_duplicated));
    BOOST_TEST((bed.step(40) == Diagnostic::none));
}

// Heartbeats all come, a fifth of the data does not.
BOOST_AUTO_TEST_CASE(lost_data_is_sick_and_held_longer_the_second_time) {
    Bed bed;
    std::uint64_t sent = 0;
    std::uint64_t came = 0;
    auto run = [&](int count, unsigned percent) {
        for (int i = 0; i < count; ++i) {
            sent += 100;
            came += percent;
            std::uint64_t at = to_ns(bed.now);
            bed.sickness.balance().handle_sent(at, sent);
            bed.sickness.balance().handle_echo(bed.now, at, came);
            bed.step();
        }
        return bed.sickness.verdict();
    };
    BOOST_TEST((run(40, 90) == Diagnostic::none));
    BOOST_TEST((run(30, 80) == Diagnostic::data_lost));
    BOOST_TEST((bed.step(60) == Diagnostic::none));
    BOOST_TEST((run(30, 80) == Diagnostic::data_lost));
    BOOST_TEST((bed.step(60) == Diagnostic::data_lost));
    BOOST_TEST((bed.step(60) == Diagnostic::none));
}

BOOST_AUTO_TEST_CASE(a_backlog_is_not_loss) {
    DataBalance balance;
    TimePoint now(1h);
    std::uint64_t sent = 0;
    for (int i = 0; i < 200; ++i) {
        now += 100ms;
        sent += 1'000;
        balance.handle_sent(to_ns(now), sent);
        balance.handle_echo(now, to_ns(now), sent - std::min<std::uint64_t>(sent, 2'800));
        BOOST_TEST(balance.bad_windows() <= 1u);
    }
}

BOOST_AUTO_TEST_CASE(order_counts_what_was_overtaken_long_ago) {
    OrderMeter order;
    TimePoint now(1h);
    for (std::uint64_t n = 10; n < 1'010; n += 2) {  // a burst's disorder
        order.handle_data(now += 1ms, n + 1);
        order.handle_data(now, n);
    }
    BOOST_TEST(*order.take_late_percent(now) == 0u);
    for (std::uint64_t n = 2'000; n < 3'000; ++n) order.handle_data(now += 1ms, n % 5 ? n : n - 40);
    unsigned late = *order.take_late_percent(now);
    BOOST_TEST(late >= 19u);
    BOOST_TEST(late <= 20u);
    BOOST_TEST(!order.take_late_percent(now).has_value());
}

// Traffic leaves a sick route; what was counted before must not come up when it is well again.
BOOST_AUTO_TEST_CASE(disorder_seen_under_another_verdict_is_forgotten_without_traffic) {
    Bed bed;
    bed.interval = 250ms;
    for (int i = 0; i < 10; ++i) {
        bed.step();
        bed.sickness.handle_duplicate();
    }
    BOOST_TEST((bed.step() == Diagnostic::packets_duplicated));
    TimePoint now = bed.now;
    for (std::uint64_t n = 100; n < 1'100; ++n) {
        bed.sickness.order().handle_data(now += 2500us, n % 5 ? n : n - 40);
        if (n % 100 == 0) BOOST_TEST((bed.step() == Diagnostic::packets_duplicated));
    }
    while (bed.sickness.verdict() == Diagnostic::packets_duplicated) bed.step();
    BOOST_TEST((bed.sickness.verdict() == Diagnostic::none));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core
