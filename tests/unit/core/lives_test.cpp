// What of a peer outlives plans, sessions and lives of it: counters, windows, limits.
#include <boost/test/unit_test.hpp>
#include <deque>
#include <vector>

#include "netft/core/engine.hpp"

namespace netft::core {
namespace {

constexpr PeerId kA{0};
constexpr PeerId kB{1};

// Two engines with one route, each the other's peer; datagrams go through the test's hands.
struct Lives {
    Engine a{1};
    Engine b{2};
    TimePoint now{1h};
    std::vector<Event> events;

    Lives() {
        a.handle_plan(now, plan_of(true));
        b.handle_plan(now, plan_of(false));
        run(2s);
    }
    static PlanSession session(bool is_a, std::uint32_t serial, std::uint64_t incarnation) {
        std::uint32_t own = is_a ? 10 : 20;
        std::uint32_t other = is_a ? 20 : 10;
        return {SessionIndex(own + serial),
                SessionIndex(other + serial),
                incarnation,
                true,
                serial,
                nullptr};
    }
    static Plan plan_of(bool is_a) {
        Plan plan;
        PlanPeer peer;
        peer.id = is_a ? kB : kA;
        peer.sessions = {session(is_a, 1, 3)};
        plan.peers = {peer};
        PlanRoute route;
        route.id = RouteId(is_a ? 1 : 5);
        route.peer = peer.id;
        route.local = EndpointId(1);
        route.remote = endpoint(is_a ? 2 : 1);
        route.timing = {100ms, 5};
        plan.routes = {route};
        return plan;
    }
    static Endpoint endpoint(std::uint8_t host) { return {IpAddress::v4({10, 0, 0, host})}; }
    void exchange() {
        for (bool from_a : {true, false})
            while (auto t = (from_a ? a : b).poll_transmit(now)) {
                Engine& sink = from_a ? b : a;
                Path path = sink.path_of(t->local, endpoint(from_a ? 1 : 2));
                (void)sink.handle_datagram(now, path, t->datagram);
            }
        while (auto event = a.poll_event()) events.push_back(*event);
    }
    void run(Duration d) {
        for (TimePoint end = now + d; now < end; now += 10ms) {
            a.handle_timers(now);
            b.handle_timers(now);
            exchange();
        }
    }
    static std::vector<std::uint8_t> datagram(const Header& header) {
        std::vector<std::uint8_t> out(kHeaderSize + kTrainPrefixSize + 20);
        ByteWriter writer(out);
        encode(header, writer);
        encode(TrainPrefix{0, 1}, writer);
        return out;
    }
    // One datagram of data from a; whether b takes it.
    bool send() {
        auto ticket = a.begin_train(now, kB, 1, {});
        if (!ticket) return false;
        last = ticket->header;
        return take(last).kind == Verdict::Kind::data;
    }
    Verdict take(const Header& header) {
        return b.handle_datagram(now, b.path_of(EndpointId(1), endpoint(1)), datagram(header));
    }
    std::size_t lost_events() const {
        std::size_t count = 0;
        for (const Event& event : events) count += std::holds_alternative<DataLost>(event);
        return count;
    }
    bool is_called_lost() const {
        for (const Event& event : events)
            if (const auto* t = std::get_if<RouteTransition>(&event))
                if (t->to_suspect && t->reason == Diagnostic::data_lost) return true;
        return false;
    }

    Header last;
};

BOOST_FIXTURE_TEST_SUITE(lives, Lives)

BOOST_AUTO_TEST_CASE(a_peer_that_leaves_the_plan_and_comes_back_is_sent_higher_counters) {
    for (int i = 0; i < 300'000; ++i) BOOST_REQUIRE(send());
    Plan without = plan_of(true);
    without.peers.clear();
    without.routes.clear();
    a.handle_plan(now, without);
    run(1s);
    a.handle_plan(now, plan_of(true));
    run(3s);
    for (int i = 0; i < 100; ++i) BOOST_TEST(send());
    BOOST_TEST(last.counter == 300'100u);
}

// Whatever has put the window so high.
BOOST_AUTO_TEST_CASE(data_that_the_peer_refuses_is_noticed_and_gets_through_again) {
    BOOST_REQUIRE(send());
    Header high = last;
    high.counter = 1'000'000;
    BOOST_REQUIRE(take(high).kind == Verdict::Kind::data);
    run(500ms);
    Duration lost{};
    for (; lost < 5s && !send(); lost += 50ms) run(50ms);
    BOOST_TEST(to_ms(lost) <= 2'000);
    BOOST_TEST(to_ms(lost) >= 500);
    BOOST_TEST(is_called_lost());
    BOOST_TEST(lost_events() == 0u);
    for (int i = 0; i < 200; ++i) {
        BOOST_TEST(send());
        run(50ms);
    }
}

BOOST_AUTO_TEST_CASE(where_higher_counters_do_not_help_another_session_is_wanted) {
    for (int i = 0; i < 100; ++i) {
        (void)a.begin_train(now, kB, 1, {});  // never delivered
        run(50ms);
    }
    BOOST_TEST(lost_events() >= 1u);
    BOOST_TEST(lost_events() <= 3u);
}

BOOST_AUTO_TEST_CASE(one_life_of_a_peer_comes_back_only_with_sessions_that_are_new) {
    for (int i = 0; i < 10; ++i) BOOST_REQUIRE(send());
    Header recorded = last;
    Plan plan = plan_of(false);
    plan.peers[0].sessions.push_back(session(false, 2, 4));  // another machine with its key
    b.handle_plan(now, plan);
    plan.peers[0].sessions.push_back(session(false, 3, 3));
    b.handle_plan(now, plan);
    BOOST_CHECK(take(recorded).kind == Verdict::Kind::dropped);
    BOOST_TEST(b.drops().of(DropReason::rx_no_session) == 1u);
    Header fresh = recorded;
    fresh.receiver = SessionIndex(23);
    BOOST_CHECK(take(fresh).kind == Verdict::Kind::data);
}

BOOST_AUTO_TEST_CASE(a_peers_control_messages_are_limited) {
    int taken = 0;
    for (std::uint64_t i = 1; i <= 2'000; ++i)
        taken +=
            take({MessageType::control, 0, 0, SessionIndex(21), i}).kind == Verdict::Kind::control;
    BOOST_TEST(taken == 400);
    BOOST_TEST(b.drops().of(DropReason::rx_rate_limited) == 1'600u);
    now += 1s;
    BOOST_CHECK(take({MessageType::control, 0, 0, SessionIndex(21), 3'000}).kind ==
                Verdict::Kind::control);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core
