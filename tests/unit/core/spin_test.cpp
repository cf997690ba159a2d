#include "netft/core/spin.hpp"

#include <boost/test/unit_test.hpp>

namespace netft::core {
namespace {

constexpr TimePoint kStart = TimePoint(1s);

// Traffic every `gap`, `times` times; returns when the last came.
TimePoint exchange(Spin& spin, TimePoint from, Duration gap, int times) {
    for (int i = 0; i < times; ++i) {
        spin.handle_idle(from);
        from += gap;
        spin.handle_traffic(from);
    }
    return from;
}

BOOST_AUTO_TEST_SUITE(spin)

BOOST_AUTO_TEST_CASE(without_traffic_it_never_spins) {
    Spin spin(200us);
    spin.handle_idle(kStart);
    BOOST_TEST(!spin.deadline(kStart).has_value());
    BOOST_TEST(!spin.deadline(kStart + 1ms).has_value());
}

BOOST_AUTO_TEST_CASE(quick_traffic_opens_the_window_up_to_the_longest) {
    Spin spin(200us);
    TimePoint now = exchange(spin, kStart, 150us, 10);
    spin.handle_idle(now);
    BOOST_TEST((spin.deadline(now) == now + 160us));  // 10 µs doubled until it was enough
    now = exchange(spin, now, 190us, 2);
    spin.handle_idle(now);
    BOOST_TEST((spin.deadline(now) == now + 200us));
}

BOOST_AUTO_TEST_CASE(the_window_ends_where_it_began_whatever_wakes_the_worker_meanwhile) {
    Spin spin(200us);
    TimePoint now = exchange(spin, kStart, 150us, 10);
    spin.handle_idle(now);
    spin.handle_idle(now + 100us);  // woken by a heartbeat
    BOOST_TEST((spin.deadline(now + 100us) == now + 160us));
    BOOST_TEST(!spin.deadline(now + 160us).has_value());
}

BOOST_AUTO_TEST_CASE(late_traffic_closes_the_window) {
    Spin spin(200us);
    TimePoint now = exchange(spin, kStart, 100us, 10);
    now = exchange(spin, now, 201us, 1);
    spin.handle_idle(now);
    BOOST_TEST(!spin.deadline(now).has_value());
}

BOOST_AUTO_TEST_CASE(when_others_want_the_processor_it_leaves_it_for_a_while) {
    Spin spin(200us);
    TimePoint now = exchange(spin, kStart, 100us, 10);
    spin.handle_idle(now);
    spin.handle_look(now, 1us);
    BOOST_TEST(spin.deadline(now).has_value());
    spin.handle_look(now, Spin::kPreempted);
    BOOST_TEST(!spin.deadline(now).has_value());
    now = exchange(spin, now, 100us, 10);
    spin.handle_idle(now);
    BOOST_TEST(!spin.deadline(now).has_value());
    now = exchange(spin, now + Spin::kBackOff, 100us, 10);
    spin.handle_idle(now);
    BOOST_TEST(spin.deadline(now).has_value());
}

BOOST_AUTO_TEST_CASE(a_longest_of_zero_turns_it_off) {
    Spin spin(0s);
    TimePoint now = exchange(spin, kStart, 1us, 10);
    spin.handle_idle(now);
    BOOST_TEST(!spin.deadline(now).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core
