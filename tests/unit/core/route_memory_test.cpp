#include "netft/core/route_memory.hpp"

#include <boost/test/unit_test.hpp>

#include "netft/core/optional_time.hpp"
#include "netft/core/route.hpp"

namespace netft::core {
namespace {

BOOST_AUTO_TEST_SUITE(route_memory)

RecentHeartbeat heartbeat(unsigned i) {
    return {.at = TimePoint(1h) + i * 1ms,
            .direction = i % 3 == 0 ? Direction::sent : Direction::received,
            .state = static_cast<BfdState>(i % 4),
            .suspect = i % 5 == 0,
            .diagnostic = static_cast<Diagnostic>(i % 26),
            .counter = (std::uint64_t{i} << 40) + i};
}

bool are_equal(const RecentHeartbeat& a, const RecentHeartbeat& b) {
    return a.at == b.at && a.direction == b.direction && a.state == b.state &&
           a.suspect == b.suspect && a.diagnostic == b.diagnostic && a.counter == b.counter;
}

BOOST_AUTO_TEST_CASE(the_last_heartbeats_come_back_as_they_went_in) {
    RecentHeartbeats memory;
    for (unsigned put = 0; put < 40; ++put) {
        RouteTransition t;
        memory.copy_to(t);
        BOOST_REQUIRE(t.recent_count == std::min<unsigned>(put, kRecentHeartbeats));
        for (unsigned i = 0; i < t.recent_count; ++i)
            BOOST_REQUIRE(are_equal(t.recent[i], heartbeat(put - t.recent_count + i)));
        memory.add(heartbeat(put));
    }
}

// All 4 × 4 × 2 × 2 × 2 × 2 × 2 shapes.
BOOST_AUTO_TEST_CASE(every_transition_comes_back_as_it_went_in) {
    PendingTransitions pending;
    for (unsigned shape = 0; shape < 512; ++shape) {
        RouteTransition t;
        t.at = TimePoint(1h) + shape * 1us;
        t.from = static_cast<BfdState>(shape % 4);
        t.to = static_cast<BfdState>(shape / 4 % 4);
        t.from_suspect = (shape & 16) != 0;
        t.to_suspect = (shape & 32) != 0;
        t.remote_said_so = (shape & 64) != 0;
        t.from_damped = (shape & 128) != 0;
        t.to_damped = (shape & 256) != 0;
        t.reason = Diagnostic::heartbeats_missed;
        pending.push(t);
        pending.push({});
        auto back = pending.pop();
        BOOST_REQUIRE(back.has_value());
        BOOST_REQUIRE(back->at == t.at);
        BOOST_REQUIRE(back->from == t.from);
        BOOST_REQUIRE(back->to == t.to);
        BOOST_REQUIRE(back->from_suspect == t.from_suspect);
        BOOST_REQUIRE(back->to_suspect == t.to_suspect);
        BOOST_REQUIRE(back->from_damped == t.from_damped);
        BOOST_REQUIRE(back->to_damped == t.to_damped);
        BOOST_REQUIRE(back->remote_said_so == t.remote_said_so);
        BOOST_REQUIRE(back->reason == t.reason);
        BOOST_REQUIRE(pending.pop().has_value());
        BOOST_REQUIRE(!pending.pop().has_value());
    }
}

BOOST_AUTO_TEST_CASE(transitions_beyond_the_fourth_are_lost_not_the_first) {
    PendingTransitions pending;
    for (int i = 0; i < 6; ++i) {
        RouteTransition t;
        t.at = TimePoint(Duration(i));
        pending.push(t);
    }
    for (int i = 0; i < 4; ++i) BOOST_TEST((pending.pop()->at == TimePoint(Duration(i))));
    BOOST_TEST(!pending.pop().has_value());
}

BOOST_AUTO_TEST_CASE(never_is_later_than_every_time) {
    OptionalTime never;
    OptionalTime soon(TimePoint(1s));
    BOOST_TEST(!never.has_value());
    BOOST_TEST((*never.or_sooner(soon) == TimePoint(1s)));
    BOOST_TEST((*soon.or_sooner(never) == TimePoint(1s)));
    BOOST_TEST((*soon.or_sooner(TimePoint(2s)) == TimePoint(1s)));
    BOOST_TEST(!never.or_sooner(never).has_value());
    soon.reset();
    BOOST_TEST(!std::optional<TimePoint>(soon).has_value());
}

// 10,000 routes a worker at 1 KiB each, with their timers, indexes, windows and plan.
BOOST_AUTO_TEST_CASE(a_route_leaves_room_for_what_belongs_to_it) {
    BOOST_TEST(sizeof(Route) <= 800u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core
