#include "routing/topology/state_tracker.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/unit/routing/town.hpp"

using namespace netft;
using namespace netft::routing;
using netft::routing::test::Town;

namespace {

constexpr TimePoint kStart{10s};

// "10.0.0.0/24: up -> down", "n2 eth0: up -> failed", each behind the one before.
std::string taken(StateTracker& tracker) {
    std::string out;
    while (auto change = tracker.poll_change())
        out += (out.empty() ? "" : "; ") +
               (change->node.empty() ? change->network : change->node + " " + change->interface) +
               ": " + change->from + " -> " + change->to;
    return out;
}

// Two nodes, one network, settled.
StateTracker settled() {
    StateTracker tracker;
    tracker.handle_states(kStart, states_of(Town(2, 1).view));
    tracker.handle_timers(kStart + 1s);
    taken(tracker);
    return tracker;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(state_tracker)

BOOST_AUTO_TEST_CASE(a_state_is_told_when_it_has_held) {
    StateTracker tracker = settled();
    TimePoint now = kStart + 2s;
    tracker.handle_states(now, states_of(Town(2, 1).cut(0, 1, 0).view));
    BOOST_TEST(taken(tracker) == "");
    BOOST_CHECK(tracker.next_deadline() == now + StateTracker::kSettle);
    tracker.handle_timers(now + StateTracker::kSettle);
    BOOST_TEST(taken(tracker) ==
               "10.0.0.0/24: up -> down; n1 eth0: up -> failed; n2 eth0: up -> failed");
    BOOST_TEST(!tracker.next_deadline().has_value());
}

BOOST_AUTO_TEST_CASE(what_passes_at_once_is_not_told) {
    StateTracker tracker = settled();
    TimePoint now = kStart + 2s;
    tracker.handle_states(now, states_of(Town(2, 1).cut(0, 1, 0).view));
    tracker.handle_states(now + 200ms, states_of(Town(2, 1).view));
    tracker.handle_timers(now + 10s);
    BOOST_TEST(taken(tracker) == "");
    BOOST_TEST(!tracker.next_deadline().has_value());
}

BOOST_AUTO_TEST_CASE(what_was_never_known_comes_from_unknown) {
    StateTracker tracker;
    tracker.handle_states(kStart, states_of(Town(2, 1).view));
    tracker.handle_timers(kStart + 1s);
    BOOST_TEST(taken(tracker) ==
               "10.0.0.0/24: unknown -> up; n1 eth0: unknown -> up; n2 eth0: unknown -> up");
}

BOOST_AUTO_TEST_CASE(changes_say_what_is_the_matter) {
    StateTracker tracker = settled();
    tracker.handle_states(kStart + 2s,
                          states_of(Town(2, 1).lose(1, 0, Diagnostic::carrier_lost).view));
    tracker.handle_timers(kStart + 3s);
    BOOST_TEST(tracker.poll_change().value().detail == "n1 – n2 cannot talk");
    BOOST_TEST(tracker.poll_change().value().detail == "carrier lost, misses n1");
}

BOOST_AUTO_TEST_SUITE_END()
