// One route whose peer restarts, heartbeat by heartbeat; and what a coordinator remembers.
#include <boost/test/unit_test.hpp>

#include "netft/core/coordinator.hpp"
#include "netft/core/route.hpp"

namespace netft::core {
namespace {

RoutePlan plan() {
    PlanRoute route;
    route.id = RouteId(1);
    route.timing = {100ms, 5};
    return RoutePlan(route);
}

struct Restart {
    TimePoint now{1h};
    Random random{1};
    Route route{plan(), now, 0};
    std::uint64_t counter = 0;

    Restart() {
        route.handle_session(now, true, Diagnostic::none);
        hear(BfdState::down);
        hear(BfdState::up);
        while (route.poll_transition()) {
        }
        BOOST_REQUIRE(route.is_up());
    }
    void hear(BfdState state, bool restarts = false, std::uint16_t id = 9) {
        Heartbeat h;
        h.state = state;
        h.graceful_restart = restarts;
        h.threshold = 5;
        h.sender_route = RouteId(id);
        h.desired_tx = h.required_rx = 100ms;
        (void)route.handle_heartbeat(now, ++counter, h, false);
        if (restarts) route.handle_restart_announced(now);
    }
    void announce() { hear(BfdState::up, true); }
    void wait(Duration d) {
        TimePoint end = now + d;
        while (auto next = route.next_deadline()) {
            if (*next > end) break;
            now = std::max(now, *next);
            route.handle_timers(now);
            if (route.wants_transmit()) (void)route.make_heartbeat(now, random);
        }
        now = end;
    }
    BfdState said() { return route.make_heartbeat(now, random).state; }
};

BOOST_FIXTURE_TEST_SUITE(restart, Restart)

BOOST_AUTO_TEST_CASE(silence_is_excused_for_the_bound_and_no_longer) {
    announce();
    wait(Route::kRestartTime - 1ms);
    BOOST_TEST(route.is_up());
    BOOST_TEST(!route.is_suspect());
    wait(2ms);
    BOOST_TEST(!route.is_up());
    BOOST_TEST((route.report().reason == Diagnostic::restart_overdue));
}

BOOST_AUTO_TEST_CASE(who_repeats_that_it_restarts_gains_no_time) {
    announce();
    for (int i = 0; i < 10; ++i) {
        wait(150ms);
        announce();
    }
    wait(600ms);
    BOOST_TEST(!route.is_up());
}

BOOST_AUTO_TEST_CASE(the_next_life_comes_up_by_init_while_the_route_stays_up) {
    announce();
    wait(300ms);
    route.handle_peer_restart(now);
    BOOST_TEST(route.is_up());
    BOOST_TEST((said() == BfdState::init));
    hear(BfdState::down, false, 4);
    BOOST_TEST(route.is_up());
    BOOST_TEST(route.wants_transmit());
    BOOST_TEST((said() == BfdState::init));
    hear(BfdState::up, false, 4);
    BOOST_TEST((said() == BfdState::up));
    BOOST_TEST(route.is_up());
    wait(499ms);
    BOOST_TEST(route.is_up());
    wait(2ms);  // the detection time is in force again
    BOOST_TEST((route.report().reason == Diagnostic::detection_time_expired));
}

BOOST_AUTO_TEST_CASE(a_next_life_that_never_comes_up_ends_with_the_excuse) {
    announce();
    wait(300ms);
    route.handle_peer_restart(now);
    for (int i = 0; i < 10; ++i) {
        wait(168ms);
        hear(BfdState::down, false, 4);
    }
    BOOST_TEST(route.is_up());
    wait(100ms);
    BOOST_TEST(!route.is_up());
}

BOOST_AUTO_TEST_CASE(a_heartbeat_without_the_flag_takes_the_announcement_back) {
    announce();
    wait(50ms);
    hear(BfdState::up);
    wait(501ms);
    BOOST_TEST((route.report().reason == Diagnostic::detection_time_expired));
}

BOOST_AUTO_TEST_CASE(a_restart_without_a_word_begins_anew) {
    route.handle_peer_restart(now);
    BOOST_TEST(!route.is_up());
    BOOST_TEST((route.report().reason == Diagnostic::peer_restarted));
}

BOOST_AUTO_TEST_CASE(a_route_that_is_not_up_is_not_excused) {
    hear(BfdState::down);
    BOOST_TEST(!route.is_up());
    hear(BfdState::down, true);
    BOOST_TEST((route.state() == BfdState::init));
    wait(501ms);
    BOOST_TEST((route.state() == BfdState::down));
}

BOOST_AUTO_TEST_CASE(carrier_and_administrator_are_stronger_than_the_excuse) {
    for (bool disabled : {false, true}) {
        Restart other;
        other.announce();
        RoutePlan lost = plan();
        lost.usable = disabled;
        lost.admin_up = !disabled;
        lost.reason = Diagnostic::carrier_lost;
        other.route.configure(other.now, lost);
        BOOST_TEST(!other.route.is_up());
    }
}

BOOST_AUTO_TEST_CASE(our_own_stall_lengthens_the_excuse) {
    announce();
    now += 3s;
    route.handle_stall(now, 3s);
    route.handle_timers(now);
    BOOST_TEST(route.is_up());
    wait(Route::kRestartTime + 1ms);
    BOOST_TEST(!route.is_up());
}

BOOST_AUTO_TEST_CASE(both_ends_of_the_excuse_are_told) {
    announce();
    auto told = route.poll_transition();
    BOOST_REQUIRE(told.has_value());
    BOOST_TEST((told->reason == Diagnostic::peer_restarting));
    BOOST_TEST((told->to == BfdState::up));
    route.handle_peer_restart(now);
    hear(BfdState::up, false, 4);
    told = route.poll_transition();
    BOOST_REQUIRE(told.has_value());
    BOOST_TEST((told->reason == Diagnostic::peer_restarted));
    BOOST_TEST(route.report().transitions == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

// --- the coordinator's memory

struct Memory {
    Settings settings;
    TimePoint now{1h};

    Memory() {
        settings.security = SecurityMode::none;
        for (std::uint8_t i = 0; i < 3; ++i) {
            NodeSettings node;
            node.name = "n" + std::to_string(i + 1);
            node.public_key[0] = static_cast<std::uint8_t>(i + 1);
            node.endpoints.push_back({Endpoint{IpAddress::v4({10, 0, 0, node.public_key[0]})}, ""});
            node.ipv4 = IpAddress::v4({169, 254, 9, node.public_key[0]});
            settings.nodes.push_back(node);
        }
        settings.self = NodeIndex(0);
    }
    Coordinator coordinator() const {
        return Coordinator(settings, {.incarnation = 5, .adapter_mac = {{2, 0, 0, 0, 0, 1}}}, 1);
    }
    RememberedPeer peer(std::uint8_t i, bool reachable) const {
        RememberedPeer out{settings.nodes[i].public_key, {}, reachable};
        out.card.name = settings.nodes[i].name;
        out.card.ipv4 = settings.nodes[i].ipv4;
        out.card.ipv6 = settings.nodes[i].ipv6;
        out.card.mac = MacAddress{{2, 0, 0, 0, 1, i}};
        return out;
    }
};

BOOST_FIXTURE_TEST_SUITE(memory, Memory)

BOOST_AUTO_TEST_CASE(a_card_outlives_a_restart) {
    Coordinator next = coordinator();
    auto reachable = next.handle_memory(now, std::vector{peer(1, true), peer(2, false)});
    BOOST_REQUIRE(reachable.size() == 1u);
    auto plan = next.poll_plan();
    BOOST_REQUIRE(plan.has_value());
    BOOST_TEST((plan->peers[0].mac == MacAddress{{2, 0, 0, 0, 1, 1}}));
    BOOST_TEST((plan->peers[0].id == reachable[0]));
    BOOST_TEST(next.memory().size() == 2u);
}

BOOST_AUTO_TEST_CASE(what_contradicts_the_configuration_is_not_remembered) {
    RememberedPeer stranger = peer(1, true);
    stranger.key[5] = 77;
    RememberedPeer renamed = peer(1, true);
    renamed.card.name = "n9";
    RememberedPeer cloned = peer(2, true);
    cloned.card.mac = MacAddress{{2, 0, 0, 0, 0, 1}};
    Coordinator next = coordinator();
    auto reachable = next.handle_memory(now, std::vector{stranger, renamed, cloned});
    BOOST_REQUIRE(reachable.size() == 1u);  // the renamed one: its key is the same
    BOOST_TEST(next.memory().size() == 1u);
    BOOST_TEST((next.memory().at(0).key == renamed.key));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core
