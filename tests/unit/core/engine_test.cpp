// Two engines back to back on virtual time, every datagram through the test's hands.
#include "netft/core/engine.hpp"

#include <boost/test/unit_test.hpp>
#include <deque>
#include <functional>
#include <vector>

namespace netft::core {
namespace {

Endpoint endpoint(std::uint8_t network, std::uint8_t host) {
    return {IpAddress::v4({10, network, 0, host}), kNetftPort};
}

struct Pair {
    Engine a{1};
    Engine b{2};
    TimePoint now{1h};
    Timing timing{100ms, 5};
    std::vector<bool> usable_a{true, true};
    TrafficRule traffic;
    std::vector<TrafficClass> classes;
    std::uint64_t incarnation_of_b = 7;
    std::vector<Event> events_a;
    std::vector<TimePoint> sent_at;  // by either, without repetition
    std::function<bool(bool from_a, std::uint8_t network)> lost = [](bool, std::uint8_t) {
        return false;
    };

    Pair() { replan(); }

    Plan plan_of(bool is_a) const {
        Plan plan;
        plan.hold_down = 1s;
        PlanPeer peer;
        peer.id = PeerId(is_a ? 1 : 0);
        peer.mac = MacAddress{{2, 0, 0, 0, 0, static_cast<std::uint8_t>(is_a ? 2 : 1)}};
        peer.sessions = {{SessionIndex(is_a ? 10 : 20), SessionIndex(is_a ? 20 : 10),
                          is_a ? incarnation_of_b : 3, true, 1}};
        peer.traffic = traffic;
        plan.peers = {peer};
        plan.classes = classes;
        for (std::uint8_t net = 0; net < 2; ++net) {
            PlanRoute route;
            route.id = RouteId(static_cast<std::uint16_t>(net + (is_a ? 1 : 5)));
            route.peer = peer.id;
            route.local = EndpointId(static_cast<std::uint16_t>(net + 1));
            route.remote = endpoint(net, is_a ? 2 : 1);
            route.timing = timing;
            route.priority = 100u + net;
            if (is_a && !usable_a[net]) {
                route.usable = false;
                route.reason = Diagnostic::carrier_lost;
            }
            plan.routes.push_back(route);
        }
        return plan;
    }
    void replan() {
        a.handle_plan(now, plan_of(true));
        b.handle_plan(now, plan_of(false));
    }
    bool exchange() {
        bool any = false;
        for (bool from_a : {true, false}) {
            Engine& source = from_a ? a : b;
            Engine& sink = from_a ? b : a;
            while (auto t = source.poll_transmit(now)) {
                any = true;
                if (sent_at.empty() || sent_at.back() != now) sent_at.push_back(now);
                auto net = static_cast<std::uint8_t>(t->local.value - 1);
                if (lost(from_a, net) || (!usable_a[net])) continue;
                Path path = sink.path_of(t->local, endpoint(net, from_a ? 1 : 2));
                (void)sink.handle_datagram(now, path, t->datagram);
            }
        }
        while (auto event = a.poll_event()) events_a.push_back(*event);
        while (b.poll_event()) {
        }
        return any;
    }
    void run(Duration d) {
        TimePoint end = now + d;
        while (exchange()) {
        }
        for (;;) {
            auto next = std::min(a.next_deadline().value_or(end + 1s),
                                 b.next_deadline().value_or(end + 1s));
            if (next > end) break;
            now = std::max(now, next);
            a.handle_timers(now);
            b.handle_timers(now);
            while (exchange()) {
            }
        }
        now = end;
    }
    static RouteReport route(const Engine& engine, TimePoint now, std::size_t i) {
        Report report;
        report.routes.reserve(8);
        engine.report(now, report);
        return report.routes.at(i);
    }
    bool up(const Engine& engine, std::size_t i) const {
        return route(engine, now, i).state == BfdState::up;
    }
};

BOOST_FIXTURE_TEST_SUITE(engine, Pair)

BOOST_AUTO_TEST_CASE(routes_come_up_and_measure) {
    run(5s);
    for (std::size_t i : {0, 1}) {
        BOOST_TEST(up(a, i));
        BOOST_TEST(up(b, i));
    }
    RouteReport report = route(a, now, 0);
    BOOST_TEST(report.rtt_p50_us.has_value());
    BOOST_TEST(*report.loss_in == 0.0);
    BOOST_TEST(*report.loss_out == 0.0);
    BOOST_TEST((report.detection_time == 500ms));
    BOOST_TEST(report.in_use);
}

// A wake-up for what comes serves for what goes: an idle node's cost is its wake-ups.
BOOST_AUTO_TEST_CASE(heartbeats_of_both_ends_on_all_routes_go_at_the_same_instants) {
    run(5s);
    sent_at.clear();
    TimePoint began = now;
    run(5s);
    for (TimePoint at : sent_at) {
        BOOST_TEST((at - std::exchange(began, at) <= 100ms));
    }
    BOOST_TEST(sent_at.size() >= 50u);
    BOOST_TEST(sent_at.size() <= 67u);  // 75 ms apart and more
}

BOOST_AUTO_TEST_CASE(detection_takes_the_remote_threshold_times_the_slower_interval) {
    run(2s);
    lost = [](bool, std::uint8_t net) { return net == 0; };
    events_a.clear();
    TimePoint cut = now;
    run(2s);
    std::vector<RouteTransition> seen;
    for (const Event& event : events_a)
        if (const auto* t = std::get_if<RouteTransition>(&event)) seen.push_back(*t);
    BOOST_REQUIRE(seen.size() >= 2u);
    BOOST_TEST(seen[0].to_suspect);
    BOOST_TEST((seen[1].to == BfdState::down));
    BOOST_TEST((seen[1].reason == Diagnostic::detection_time_expired));
    BOOST_TEST((seen[1].at - cut <= 500ms));
    BOOST_TEST((seen[1].at - cut >= 400ms));
    BOOST_TEST(seen[1].recent_count == kRecentHeartbeats);
}

BOOST_AUTO_TEST_CASE(a_suspect_route_is_left_at_once_and_both_ends_know) {
    run(2s);
    lost = [](bool from_a, std::uint8_t net) { return from_a && net == 0; };  // one way only
    run(300ms);
    BOOST_TEST(route(a, now, 0).suspect);  // b told a that it misses a's heartbeats
    BOOST_TEST(route(b, now, 0).suspect);
    BOOST_TEST(!route(a, now, 0).in_use);
    BOOST_TEST(route(a, now, 1).in_use);
}

BOOST_AUTO_TEST_CASE(a_local_loss_is_told_over_the_other_route) {
    run(2s);
    usable_a[0] = false;
    replan();
    run(1ms);
    BOOST_TEST(!up(a, 0));
    BOOST_TEST(!up(b, 0));
    BOOST_TEST((route(b, now, 0).reason == Diagnostic::carrier_lost));
    BOOST_TEST(route(b, now, 1).in_use);
}

BOOST_AUTO_TEST_CASE(a_restarted_peer_begins_anew) {
    run(2s);
    incarnation_of_b = 8;
    a.handle_plan(now, plan_of(true));
    BOOST_TEST(!up(a, 0));
    BOOST_TEST((route(a, now, 0).reason == Diagnostic::peer_restarted));
    BOOST_TEST(!a.begin_train(now, PeerId(1), 1, {}).has_value());
}

BOOST_AUTO_TEST_CASE(trains_take_their_counters_in_order) {
    run(2s);
    auto first = a.begin_train(now, PeerId(1), 44, {});
    auto second = a.begin_train(now, PeerId(1), 1, {});
    BOOST_REQUIRE(first && second);
    BOOST_TEST(second->header.counter == first->header.counter + 44);
    BOOST_TEST(first->header.receiver.value == 20u);
    BOOST_TEST((first->header.type == MessageType::data));
}

BOOST_AUTO_TEST_CASE(a_datagram_counts_once_on_whatever_route_it_comes) {
    run(2s);
    auto ticket = a.begin_train(now, PeerId(1), 1, {});
    std::vector<std::uint8_t> datagram(kHeaderSize + kTrainPrefixSize + 50);
    ByteWriter out(datagram);
    encode(ticket->header, out);
    encode(TrainPrefix{0, 1}, out);
    Verdict one = b.handle_datagram(now, b.path_of(EndpointId(1), endpoint(0, 1)), datagram);
    BOOST_TEST((one.kind == Verdict::Kind::data));
    BOOST_TEST(one.body.size() == 50u);
    Verdict two = b.handle_datagram(now, b.path_of(EndpointId(2), endpoint(1, 1)), datagram);
    BOOST_TEST((two.kind == Verdict::Kind::dropped));
    BOOST_TEST((two.drop == DropReason::rx_duplicate));
}

BOOST_AUTO_TEST_CASE(policy_duplicate_takes_every_route_that_is_up) {
    traffic.policy = Policy::duplicate;
    replan();
    run(2s);
    auto ticket = a.begin_train(now, PeerId(1), 3, {});
    BOOST_REQUIRE(ticket.has_value());
    BOOST_REQUIRE(ticket->destinations.size() == 2u);
    BOOST_TEST((ticket->destinations[0].route == RouteId(1)));
    BOOST_TEST((ticket->destinations[1].route == RouteId(2)));
    BOOST_TEST(route(a, now, 0).data_sent == 3u);
    BOOST_TEST(route(a, now, 1).data_sent == 3u);
    BOOST_TEST(route(a, now, 1).in_use);
    BOOST_TEST((route(a, now, 1).use == RouteUse::copy));
    usable_a[0] = false;
    replan();
    ticket = a.begin_train(now, PeerId(1), 1, {});
    BOOST_REQUIRE(ticket->destinations.size() == 1u);
    BOOST_TEST((ticket->destinations[0].route == RouteId(2)));
}

BOOST_AUTO_TEST_CASE(failover_duplicates_while_the_route_in_use_is_suspect_and_shortly_after) {
    run(2s);
    BOOST_TEST(a.begin_train(now, PeerId(1), 1, {})->destinations.size() == 1u);
    TimePoint cut = now;
    lost = [](bool, std::uint8_t net) { return net == 0; };
    while (a.begin_train(now, PeerId(1), 1, {})->destinations.size() == 1u) {
        run(1ms);
        BOOST_REQUIRE(now - cut < 250ms);
    }
    auto ticket = a.begin_train(now, PeerId(1), 1, {});
    BOOST_TEST((ticket->destinations[0].route == RouteId(2)));  // and the suspect one second
    BOOST_TEST((ticket->destinations[1].route == RouteId(1)));
    BOOST_TEST((route(a, now, 0).use == RouteUse::copy));
    BOOST_TEST(!route(a, now, 0).in_use);
    lost = [](bool, std::uint8_t) { return false; };
    run(2s);
    BOOST_TEST(a.begin_train(now, PeerId(1), 1, {})->destinations.size() == 1u);
    BOOST_TEST((route(a, now, 1).use == RouteUse::none || route(a, now, 0).use == RouteUse::none));
}

BOOST_AUTO_TEST_CASE(small_frames_are_duplicated_where_the_rule_says_so) {
    traffic.duplicate_small = 256;
    replan();
    run(2s);
    std::vector<std::uint8_t> head(60);
    BOOST_TEST(a.begin_train(now, PeerId(1), 1, {head, 256})->destinations.size() == 2u);
    BOOST_TEST(a.begin_train(now, PeerId(1), 1, {head, 257})->destinations.size() == 1u);
}

BOOST_AUTO_TEST_CASE(policy_spread_leaves_a_suspect_route_and_keeps_each_flow_together) {
    traffic.policy = Policy::spread;
    replan();
    run(2s);
    auto route_of = [this](std::uint8_t flow) {
        std::vector<std::uint8_t> head(14, flow);
        auto ticket = a.begin_train(now, PeerId(1), 1, {head, 60});
        BOOST_REQUIRE(ticket && ticket->destinations.size() == 1u);
        return ticket->destinations[0].route.value;
    };
    std::array<int, 3> flows{};
    std::array<std::uint16_t, 16> first{};
    for (std::uint8_t flow = 0; flow < 16; ++flow) ++flows[first[flow] = route_of(flow)];
    BOOST_TEST(flows[1] >= 6);
    BOOST_TEST(flows[2] >= 6);
    BOOST_TEST(route(a, now, 0).in_use);
    BOOST_TEST(route(a, now, 1).in_use);
    run(100ms);
    for (std::uint8_t flow = 0; flow < 16; ++flow) BOOST_TEST(route_of(flow) == first[flow]);
    lost = [](bool, std::uint8_t net) { return net == 0; };
    run(250ms);
    for (std::uint8_t flow = 0; flow < 16; ++flow) BOOST_TEST(route_of(flow) == 2);
    BOOST_TEST(!route(a, now, 0).in_use);
}

BOOST_AUTO_TEST_CASE(a_reload_changes_the_policy_of_a_running_peer) {
    run(2s);
    for (Policy policy : {Policy::spread, Policy::duplicate, Policy::failover}) {
        traffic.policy = policy;
        replan();
        auto ticket = a.begin_train(now, PeerId(1), 1, {});
        BOOST_TEST(ticket->destinations.size() == (policy == Policy::duplicate ? 2u : 1u));
    }
}

BOOST_AUTO_TEST_CASE(shutdown_is_told_and_takes_the_peer_down_at_once) {
    run(2s);
    a.handle_shutdown(now);
    run(1ms);
    BOOST_TEST(!up(b, 0));
    BOOST_TEST(!up(b, 1));
    BOOST_TEST((route(b, now, 0).reason == Diagnostic::shutting_down));
}

BOOST_AUTO_TEST_CASE(nonsense_is_a_named_drop_and_changes_nothing) {
    run(2s);
    Path path = a.path_of(EndpointId(1), endpoint(0, 2));
    auto reason = [&](std::vector<std::uint8_t> bytes) {
        return a.handle_datagram(now, path, bytes).drop;
    };
    BOOST_TEST((reason({}) == DropReason::rx_truncated));
    BOOST_TEST((reason(std::vector<std::uint8_t>(15)) == DropReason::rx_truncated));
    std::vector<std::uint8_t> datagram(kHeaderSize + kHeartbeatSize);
    datagram[0] = 0x24;
    BOOST_TEST((reason(datagram) == DropReason::rx_bad_version));
    datagram[0] = 0x18;
    BOOST_TEST((reason(datagram) == DropReason::rx_bad_type));
    datagram[0] = 0x14;
    BOOST_TEST((reason(datagram) == DropReason::rx_malformed));
    datagram[0] = 0x15;
    BOOST_TEST((reason(datagram) == DropReason::rx_no_session));
    datagram[0] = 0x14;
    datagram.resize(40);
    BOOST_TEST((reason(datagram) == DropReason::rx_truncated));
    BOOST_TEST(up(a, 0));
    BOOST_TEST(a.drops().total() == 7u);
}

BOOST_AUTO_TEST_CASE(a_heartbeat_between_unknown_endpoints_is_counted) {
    run(2s);
    lost = [](bool, std::uint8_t) { return true; };
    now += 200ms;
    b.handle_timers(now);
    auto t = b.poll_transmit(now);
    BOOST_REQUIRE(t.has_value());
    Path stranger = a.path_of(EndpointId(1), endpoint(9, 9));
    BOOST_TEST((a.handle_datagram(now, stranger, t->datagram).drop == DropReason::rx_unknown_path));
}

// NAT on the way: the peer's own heartbeat, sealed, from another port.
BOOST_AUTO_TEST_CASE(a_heartbeat_with_a_rewritten_source_is_told_of_the_route_that_is_down) {
    lost = [](bool, std::uint8_t) { return true; };
    auto rewritten = [this] {
        std::optional<SourceRewritten> found;
        while (auto event = a.poll_event())
            if (const auto* r = std::get_if<SourceRewritten>(&*event)) found = *r;
        return found;
    };
    auto hear = [&](Endpoint from) {
        now += 1500ms;
        b.handle_timers(now);
        a.handle_timers(now);
        auto t = b.poll_transmit(now);
        BOOST_REQUIRE(t.has_value());
        return a.handle_datagram(now, a.path_of(t->local, from), t->datagram).drop;
    };
    run(3s);
    BOOST_REQUIRE(!up(a, 0));
    while (a.poll_event()) {
    }
    while (b.poll_transmit(now)) {
    }
    Endpoint other = endpoint(9, 9);
    other.port = 51234;
    BOOST_TEST((hear(other) == DropReason::rx_unknown_path));
    auto told = rewritten();
    BOOST_REQUIRE(told.has_value());
    BOOST_TEST((told->seen == other));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core
