// The penalty of one route; and which of its losses count.
#include "netft/core/damping.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

#include "netft/core/route.hpp"

namespace netft::core {
namespace {

const TimePoint kStart{1h};
const DampingRule kRule;

BOOST_AUTO_TEST_SUITE(damping)

BOOST_AUTO_TEST_CASE(a_penalty_halves_every_half_life) {
    Damping d;
    BOOST_TEST(d.penalty(kStart, kRule) == 0);
    d.add(kStart, kRule, 1000);
    BOOST_TEST(d.penalty(kStart, kRule) == 1000, boost::test_tools::tolerance(1e-6));
    BOOST_TEST(d.penalty(kStart + 120s, kRule) == 500, boost::test_tools::tolerance(1e-6));
    d.add(kStart + 120s, kRule, 250);
    BOOST_TEST(d.penalty(kStart + 360s, kRule) == 187.5, boost::test_tools::tolerance(1e-6));
    BOOST_TEST(d.penalty(kStart + 24h, kRule) < 1e-9);
}

BOOST_AUTO_TEST_CASE(what_is_taken_back_leaves_nothing_or_the_rest) {
    Damping d;
    d.add(kStart, kRule, 1000);
    d.add(kStart + 60s, kRule, -1000);
    BOOST_TEST(d.penalty(kStart + 60s, kRule) == 0);
    d.add(kStart, kRule, 3000);
    d.add(kStart, kRule, -1000);
    BOOST_TEST(d.penalty(kStart, kRule) == 2000, boost::test_tools::tolerance(1e-6));
}

// `flaps` losses, one every `every`: whether the last of them damps by the default rule.
BOOST_AUTO_TEST_CASE(how_often_is_too_often) {
    struct Case {
        const char* what;
        int flaps;
        Duration every;
        bool damps;
    };
    const Case cases[] = {
        {"one cut", 1, 1s, false},
        {"a cable pulled three times", 3, 2s, false},
        {"a cable pulled four times", 4, 2s, false},
        {"five times in ten seconds", 5, 2s, true},
        {"every 15 s", 6, 15s, true},
        {"every minute, for long", 100, 60s, false},
        {"every 40 s, for long", 100, 40s, true},
    };
    for (const Case& c : cases) {
        Damping d;
        TimePoint now = kStart;
        bool is_damped = false;
        for (int i = 0; i < c.flaps; ++i, now += c.every) {
            d.add(now, kRule, Damping::kLoss);
            is_damped = d.is_damped(now, kRule, is_damped);
        }
        BOOST_TEST(is_damped == c.damps, c.what);
    }
}

BOOST_AUTO_TEST_CASE(it_is_free_at_reuse_and_max_after_the_last_flap_at_the_latest) {
    Damping d;
    for (int i = 0; i < 8; ++i) d.add(kStart, kRule, 1000);
    BOOST_TEST(d.is_damped(kStart, kRule, false));
    BOOST_TEST(d.is_damped(kStart + 359s, kRule, true));  // 8000 -> 1000
    BOOST_TEST(!d.is_damped(kStart + 361s, kRule, true));
    BOOST_TEST(!d.is_damped(kStart + 200s, kRule, false));  // below suppress: not anew
    for (int i = 0; i < 10'000; ++i) d.add(kStart, kRule, 1000);
    BOOST_TEST((*d.free_at() == kStart + kRule.max));
    BOOST_TEST(d.penalty(kStart, kRule) == penalty_ceiling(kRule),
               boost::test_tools::tolerance(1e-6));
}

BOOST_AUTO_TEST_CASE(another_rule_keeps_the_penalty_and_none_forgets_it) {
    Damping d;
    d.add(kStart, kRule, 4000);
    DampingRule brief{.half_life = 1s, .suppress = 2000, .reuse = 500, .max = 60s};
    d.change_rule(kStart, kRule, brief);
    BOOST_TEST(d.penalty(kStart, brief) == 4000, boost::test_tools::tolerance(1e-6));
    BOOST_TEST(!d.is_damped(kStart + 3001ms, brief, true));
    DampingRule off{.enabled = false};
    d.change_rule(kStart, brief, off);
    BOOST_TEST(!d.is_damped(kStart, off, true));
    d.add(kStart, off, 100'000);
    BOOST_TEST(!d.is_damped(kStart, off, false));
}

// --- of a route

RoutePlan plan() {
    PlanRoute route;
    route.id = RouteId(1);
    route.timing = {100ms, 5};
    return RoutePlan(route);
}

struct Flapping {
    TimePoint now{1h};
    DampingRule rule;
    Route route{plan(), now, 0};
    std::uint64_t counter = 0;
    Random random{1};
    std::uint64_t sent = 0;
    std::uint64_t heartbeats = 0;
    std::uint8_t probes = 0;
    std::vector<RouteTransition> said;

    Flapping() {
        route.handle_session(now, true, Diagnostic::none);
        come_up();
    }
    // All of it arrives.
    void send() {
        if (route.wants_transmit() && !route.wants_probe()) {
            (void)route.make_heartbeat(now, random);
            sent = route.next_counter();
            ++heartbeats;
        }
        if (!route.wants_probe()) return;
        (void)route.make_probe(now);
        sent = route.next_counter();
        ++probes;
    }
    void settle() {
        route.settle_damping(now, rule);
        send();
        while (auto t = route.poll_transition()) said.push_back(*t);
    }
    void hear(BfdState state, Diagnostic reason = Diagnostic::none, bool stalled = false,
              bool suspect = false) {
        Heartbeat h;
        h.state = state;
        h.diagnostic = reason;
        h.stalled = stalled;
        h.suspect = suspect;
        h.transmit_time_ns = to_ns(now);
        h.highest_counter = sent;
        h.heartbeats_received = heartbeats;
        h.probes_received = probes;
        h.threshold = 5;
        h.sender_route = RouteId(9);
        h.desired_tx = h.required_rx = 100ms;
        (void)route.handle_heartbeat(now, ++counter, h, false);
        settle();
    }
    void come_up(bool stalled = false) {
        hear(BfdState::down, Diagnostic::none, stalled);
        hear(BfdState::up, Diagnostic::none, stalled);
        BOOST_REQUIRE(route.is_up());
    }
    void stay_silent(Duration d) {
        for (TimePoint end = now + d; now < end;) {
            auto next = route.next_deadline();
            now = next ? std::clamp(*next, now, end) : end;
            route.handle_timers(now);
            settle();
            if (now == end) break;
        }
    }
    std::uint32_t penalty() {
        RouteReport report;
        route.report_damping(now, rule, report);
        return report.penalty;
    }
    void flap() {
        hear(BfdState::down, Diagnostic::detection_time_expired);
        come_up();
    }
};

BOOST_FIXTURE_TEST_CASE(what_the_path_does_counts_and_what_people_and_nodes_do_does_not, Flapping) {
    struct Case {
        Diagnostic reason;
        std::uint32_t penalty;
    };
    const Case cases[] = {{Diagnostic::detection_time_expired, 1000},
                          {Diagnostic::carrier_lost, 1000},
                          {Diagnostic::remote_endpoint_unavailable, 1000},
                          {Diagnostic::administratively_down, 0},
                          {Diagnostic::interface_admin_down, 0},
                          {Diagnostic::shutting_down, 0},
                          {Diagnostic::session_lost, 0},
                          {Diagnostic::peer_restarted, 0},
                          {Diagnostic::restart_overdue, 0},
                          {Diagnostic::local_stall, 0}};
    for (const Case& c : cases) {
        route.undamp();
        hear(BfdState::down, c.reason);
        BOOST_TEST(penalty() == c.penalty, to_string(c.reason));
        come_up();
    }
}

BOOST_FIXTURE_TEST_CASE(silence_counts_once_suspicion_and_loss_together, Flapping) {
    stay_silent(300ms);
    BOOST_TEST(route.is_suspect());
    BOOST_TEST(penalty() == 250u);
    stay_silent(300ms);
    BOOST_TEST(!route.is_up());
    BOOST_TEST(penalty() > 990u);
    BOOST_TEST(penalty() <= 1000u);
}

BOOST_FIXTURE_TEST_CASE(a_suspicion_that_ends_does_not_make_the_next_loss_cheaper, Flapping) {
    stay_silent(300ms);
    hear(BfdState::up);
    hear(BfdState::down, Diagnostic::carrier_lost);
    BOOST_TEST(penalty() > 1240u);
}

BOOST_FIXTURE_TEST_CASE(a_slow_node_suspects_for_nothing, Flapping) {
    route.set_patience(8);
    stay_silent(600ms);
    BOOST_TEST(route.is_suspect());
    BOOST_TEST(penalty() == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_loss_that_was_a_node_is_taken_back, Flapping) {
    stay_silent(600ms);
    BOOST_REQUIRE(!route.is_up());
    come_up(true);  // "I was stalled"
    BOOST_TEST(penalty() <= 1u);
    stay_silent(600ms);
    BOOST_REQUIRE(!route.is_up());
    route.handle_peer_restart(now);
    settle();
    BOOST_TEST(penalty() <= 1u);
}

BOOST_FIXTURE_TEST_CASE(a_suspicion_that_was_a_node_is_taken_back, Flapping) {
    for (int i = 0; i < 100; ++i) {  // it stalls again and again, and says so each time
        stay_silent(300ms);
        BOOST_REQUIRE(route.is_suspect());
        hear(BfdState::up, Diagnostic::none, true);
        BOOST_REQUIRE(!route.is_suspect());
        BOOST_TEST(penalty() <= 1u);
    }
    stay_silent(300ms);
    BOOST_REQUIRE(route.is_suspect());
    route.handle_peer_restart(now);
    settle();
    BOOST_TEST(penalty() <= 1u);
}

BOOST_FIXTURE_TEST_CASE(a_flapping_route_comes_up_damped_and_is_free_in_time, Flapping) {
    for (int i = 0; i < 4; ++i) flap();
    BOOST_TEST(!route.candidate().is_damped);
    said.clear();
    flap();
    BOOST_TEST(route.candidate().is_damped);
    BOOST_TEST(route.is_up());
    BOOST_TEST(!said.front().to_damped);  // it is down
    BOOST_TEST(said.back().to_damped);
    BOOST_TEST(!said.back().from_damped);
    BOOST_TEST((said.back().reason == Diagnostic::flapping));
    BOOST_TEST(!said.back().remote_said_so);
    auto free_at = now + std::chrono::minutes(10);
    while (route.candidate().is_damped && now < free_at) {
        hear(BfdState::up);
        stay_silent(100ms);
    }
    BOOST_TEST((now - kStart >= 270s));  // log2(5) half-lives are 279 s
    BOOST_TEST((now - kStart <= 281s));
    BOOST_TEST(said.back().from_damped);
    BOOST_TEST(!said.back().to_damped);
    BOOST_TEST((said.back().to == BfdState::up));
    BOOST_TEST((said.back().reason == Diagnostic::none));
}

BOOST_FIXTURE_TEST_CASE(undamped_it_is_free_at_once, Flapping) {
    for (int i = 0; i < 6; ++i) flap();
    BOOST_REQUIRE(route.candidate().is_damped);
    route.undamp();
    settle();
    BOOST_TEST(!route.candidate().is_damped);
    BOOST_TEST(said.back().from_damped);
    BOOST_TEST(penalty() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core
