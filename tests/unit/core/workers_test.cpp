// A node of several workers, engine by engine, beside a peer: only the first has heartbeats, all
// carry data.
#include <boost/test/unit_test.hpp>
#include <deque>
#include <set>
#include <vector>

#include "netft/core/engine.hpp"

namespace netft::core {
namespace {

constexpr std::size_t kWorkers = 3;
constexpr std::uint16_t kNetworks = 2;

Endpoint endpoint(std::uint8_t network, std::uint8_t host) {
    return {IpAddress::v4({10, network, 0, host}), kNetftPort};
}

struct Town {
    WorkerBoard board{kWorkers};
    std::deque<Engine> ours;  // host 1: routes 1 and 2
    Engine theirs{99};        // host 2: routes 5 and 6
    TimePoint now{1h};
    TrafficRule traffic;
    std::uint64_t incarnation = 7;
    bool confirmed = true;
    std::vector<bool> is_cut = std::vector<bool>(kNetworks);
    std::optional<std::uint8_t> lost_source;  // of what we send on network 0

    Town() {
        for (std::size_t i = 0; i < kWorkers; ++i)
            ours.emplace_back(i, WorkerRole{i, kWorkers, &board});
        replan();
    }

    Plan plan_of(bool is_ours) const {
        Plan plan;
        PlanPeer peer;
        peer.id = PeerId(is_ours ? 1 : 0);
        peer.mac = MacAddress{{2, 0, 0, 0, 0, static_cast<std::uint8_t>(is_ours ? 2 : 1)}};
        peer.sessions = {{SessionIndex(is_ours ? 10 : 20), SessionIndex(is_ours ? 20 : 10),
                          is_ours ? incarnation : 3, is_ours ? confirmed : true, 1, nullptr}};
        peer.traffic = traffic;
        plan.peers = {peer};
        for (std::uint8_t net = 0; net < kNetworks; ++net) {
            PlanRoute route;
            route.id = RouteId(static_cast<std::uint16_t>(net + (is_ours ? 1 : 5)));
            route.peer = peer.id;
            route.local = EndpointId(static_cast<std::uint16_t>(net + 1));
            route.remote = endpoint(net, is_ours ? 2 : 1);
            route.timing = {100ms, 5};
            route.priority = 100u + net;
            plan.routes.push_back(route);
        }
        return plan;
    }
    void replan() {
        for (Engine& engine : ours) engine.handle_plan(now, plan_of(true));
        theirs.handle_plan(now, plan_of(false));
    }
    bool exchange() {
        bool any = false;
        for (Engine* source : {&ours[0], &theirs})
            while (auto t = source->poll_transmit(now)) {
                any = true;
                bool from_us = source == &ours[0];
                auto net = static_cast<std::uint8_t>(t->local.value - 1);
                if (is_cut[net] || (from_us && net == 0 && lost_source == t->source)) continue;
                Engine& sink = from_us ? theirs : ours[0];
                Endpoint from = endpoint(net, from_us ? 1 : 2);
                from.port = static_cast<std::uint16_t>(from.port + t->source);
                Path path = sink.path_of(t->local, from);
                (void)sink.handle_datagram(now, path, t->datagram);
            }
        return any;
    }
    void run(Duration d) {
        for (TimePoint end = now + d; now < end; now += 10ms) {
            for (Engine* engine : {&ours[0], &theirs}) engine->handle_timers(now);
            while (exchange()) {
            }
        }
    }
    std::optional<TrainTicket> begin(std::size_t worker, std::uint16_t datagrams = 1) {
        static const std::vector<std::uint8_t> frame(60, 2);
        return ours[worker].begin_train(now, PeerId(1), datagrams, {frame, frame.size()});
    }
    std::vector<RouteId> routes_of(std::size_t worker) {
        std::vector<RouteId> out;
        auto ticket = begin(worker);
        for (const Destination& to : ticket->destinations) out.push_back(to.route);
        return out;
    }
    // One datagram of data from the peer's worker `space`, to our `worker`.
    Verdict receive(std::size_t worker, std::uint16_t space, std::uint64_t counter) {
        std::vector<std::uint8_t> datagram(kHeaderSize + kTrainPrefixSize + 20);
        ByteWriter out(datagram);
        encode(Header{MessageType::data, 0, space, SessionIndex(10), counter}, out);
        encode(TrainPrefix{0, 1}, out);
        Path path = ours[worker].path_of(EndpointId(1), endpoint(0, 2));
        return ours[worker].handle_datagram(now, path, datagram);
    }
    RouteReport report(std::size_t route) {
        Report report;
        report.routes.reserve(4);
        ours[0].report(now, report);
        return report.routes.at(route);
    }
};

BOOST_FIXTURE_TEST_SUITE(workers, Town)

BOOST_AUTO_TEST_CASE(all_send_where_the_first_sends_each_from_its_own_space) {
    for (std::size_t i = 0; i < kWorkers; ++i) BOOST_TEST(!begin(i).has_value());
    run(2s);
    for (std::size_t i = 0; i < kWorkers; ++i) {
        auto first = begin(i, 3);
        BOOST_REQUIRE(first.has_value());
        BOOST_TEST(first->header.space == i);
        BOOST_TEST(first->header.counter == 1u);
        BOOST_TEST((first->header.receiver == SessionIndex(20)));
        BOOST_REQUIRE(first->destinations.size() == 1u);
        BOOST_TEST((first->destinations[0].route == RouteId(1)));
        BOOST_TEST(begin(i)->header.counter == 4u);
        BOOST_TEST(ours[i].is_reachable(PeerId(1)));
    }
}

BOOST_AUTO_TEST_CASE(none_is_slower_than_the_first_to_leave_a_route) {
    run(2s);
    is_cut[0] = true;
    bool has_copied = false;
    for (int i = 0; i < 100 && begin(0)->destinations[0].route == RouteId(1); ++i) {
        run(10ms);
        for (std::size_t k = 1; k < kWorkers; ++k) {
            std::vector<RouteId> expected = routes_of(0);
            std::vector<RouteId> seen = routes_of(k);
            BOOST_TEST((seen == expected));
            has_copied |= seen.size() == 2;
        }
    }
    BOOST_TEST(has_copied);
    for (std::size_t i = 0; i < kWorkers; ++i)
        BOOST_TEST((begin(i)->destinations[0].route == RouteId(2)));
    is_cut[1] = true;
    run(2s);
    for (std::size_t i = 0; i < kWorkers; ++i) BOOST_TEST(!begin(i).has_value());
}

BOOST_AUTO_TEST_CASE(each_takes_its_own_spaces_only) {
    run(2s);
    for (std::uint16_t space = 0; space < kDataSpacesMax; ++space)
        for (std::size_t i = 0; i < kWorkers; ++i) {
            Verdict verdict = receive(i, space, 1);
            bool is_owner = space % kWorkers == i;
            BOOST_TEST((verdict.kind == Verdict::Kind::data) == is_owner);
            if (!is_owner) BOOST_TEST((verdict.drop == DropReason::rx_wrong_worker));
        }
    for (std::uint16_t space = 0; space < kDataSpacesMax; ++space) {
        Verdict again = receive(space % kWorkers, space, 1);
        BOOST_TEST((again.drop == DropReason::rx_duplicate));
    }
    BOOST_TEST((receive(kDataSpacesMax % kWorkers, kDataSpacesMax, 1).drop ==
                DropReason::train_malformed));
}

BOOST_AUTO_TEST_CASE(what_others_carry_is_counted_for_the_route_and_told_to_the_peer) {
    run(2s);
    (void)begin(0, 5);
    (void)begin(1, 7);
    (void)receive(0, 0, 1);
    (void)receive(2, 2, 1);
    BOOST_TEST(report(0).data_sent == 12u);
    BOOST_TEST(report(0).data_received == 2u);
    BOOST_TEST(report(0).data_sent == 12u);  // not twice
    (void)receive(1, 1, 1);
    std::uint64_t told = 0;
    run(400ms);  // a heartbeat of the peer's, which says up to when
    for (int i = 0; i < 50 && told == 0; ++i) {
        now += 10ms;
        ours[0].handle_timers(now);
        while (auto t = ours[0].poll_transmit(now)) {
            auto heartbeat = decode_heartbeat(Bytes(t->datagram).subspan(kHeaderSize));
            if (t->route == RouteId(1)) told = heartbeat->data_received;
        }
    }
    BOOST_TEST(told == 3u);
}

BOOST_AUTO_TEST_CASE(only_the_first_has_anything_to_do_by_itself) {
    run(2s);
    for (std::size_t i = 1; i < kWorkers; ++i) {
        BOOST_TEST(!ours[i].next_deadline().has_value());
        BOOST_TEST(!ours[i].poll_transmit(now).has_value());
        ours[i].handle_stall(now, {StallKind::stopped, 5s});
        BOOST_TEST(!ours[i].poll_event().has_value());
        std::array<std::uint8_t, kHeaderSize + kHeartbeatSize> heartbeat{};
        ByteWriter out(heartbeat);
        encode(Header{MessageType::heartbeat, 0, 5, SessionIndex(10), 1}, out);
        Path path = ours[i].path_of(EndpointId(1), endpoint(0, 2));
        BOOST_TEST(
            (ours[i].handle_datagram(now, path, heartbeat).drop == DropReason::rx_wrong_worker));
    }
}

BOOST_AUTO_TEST_CASE(flows_spread_over_the_routes_that_the_first_says) {
    traffic.policy = Policy::spread;
    replan();
    run(3s);
    std::vector<std::size_t> by_route(kNetworks + 1);
    std::vector<std::uint8_t> frame(60, 2);
    frame[12] = 0x08, frame[13] = 0, frame[14] = 0x45;  // IPv4,
    frame[20] = frame[21] = 0, frame[23] = 6;           // TCP, no fragment
    for (std::uint8_t flow = 0; flow < 32; ++flow) {
        frame[35] = flow;
        auto ticket = ours[1].begin_train(now, PeerId(1), 1, {frame, frame.size()});
        BOOST_REQUIRE(ticket.has_value());
        ++by_route[ticket->destinations[0].route.value];
    }
    BOOST_TEST(by_route[1] == 16u);
    BOOST_TEST(by_route[2] == 16u);
}

BOOST_AUTO_TEST_CASE(each_sends_from_its_own_source_port_and_heartbeats_from_all) {
    run(2s);
    for (std::size_t i = 0; i < kWorkers; ++i) BOOST_TEST(begin(i)->destinations[0].source == i);
    std::set<std::uint8_t> seen;
    for (int i = 0; i < 100; ++i) {
        now += 10ms;
        ours[0].handle_timers(now);
        while (auto t = ours[0].poll_transmit(now)) seen.insert(t->source);
    }
    BOOST_TEST(seen.size() == kWorkers);
}

BOOST_AUTO_TEST_CASE(a_path_is_found_by_each_source_port_of_the_peer) {
    run(100ms);
    Endpoint from = endpoint(0, 2);
    std::uint32_t slot = ours[0].path_of(EndpointId(1), from).route;
    BOOST_TEST(slot != Path::kNoRoute);
    for (unsigned source = 1; source < kSourcePortsMax; ++source) {
        ++from.port;
        BOOST_TEST(ours[0].path_of(EndpointId(1), from).route == slot);
    }
    ++from.port;
    BOOST_TEST(ours[0].path_of(EndpointId(1), from).route == Path::kNoRoute);
    from.port = static_cast<std::uint16_t>(kNetftPort - 1);
    BOOST_TEST(ours[0].path_of(EndpointId(1), from).route == Path::kNoRoute);
}

BOOST_AUTO_TEST_CASE(a_route_with_one_broken_path_is_named_and_left) {
    run(2s);
    lost_source = 1;
    run(3s);
    BOOST_TEST(report(0).suspect);
    BOOST_TEST((report(0).reason == Diagnostic::path_member_broken));
    BOOST_TEST(report(0).broken_sources == 0b010u);
    for (std::size_t i = 0; i < kWorkers; ++i)
        BOOST_TEST((begin(i)->destinations[0].route == RouteId(2)));
    lost_source.reset();
    run(10s);
    BOOST_TEST(!report(0).suspect);
}

BOOST_AUTO_TEST_CASE(where_there_is_no_other_route_data_goes_from_the_source_ports_that_work) {
    is_cut[1] = true;
    run(2s);
    lost_source = 1;
    run(3s);
    BOOST_TEST(begin(0)->destinations[0].source == 0u);
    BOOST_TEST(begin(1)->destinations[0].source == 0u);
    BOOST_TEST(begin(2)->destinations[0].source == 2u);
    std::uint16_t named = 0;
    while (auto event = ours[0].poll_event()) {
        auto* t = std::get_if<RouteTransition>(&*event);
        if (t != nullptr && t->reason == Diagnostic::path_member_broken) named = t->broken_sources;
    }
    BOOST_TEST(named == 0b010u);
    Path path = ours[0].path_of(EndpointId(1), endpoint(0, 2));
    BOOST_TEST(ours[0].sound_source(path) == 0u);
    lost_source = 0;
    run(5s);
    BOOST_TEST(ours[0].sound_source(path) == 1u);
    BOOST_TEST(begin(0)->destinations[0].source == 1u);
    BOOST_TEST(begin(1)->destinations[0].source == 1u);
}

BOOST_AUTO_TEST_CASE(answers_go_to_the_far_end_of_the_route) {
    Endpoint remote = endpoint(0, 2);
    Endpoint other = remote;
    other.port = static_cast<std::uint16_t>(other.port + 2);
    BOOST_TEST((ours[0].far_end(ours[0].path_of(EndpointId(1), other)) == remote));
    Endpoint stranger = endpoint(7, 7);
    BOOST_TEST((ours[0].far_end(ours[0].path_of(EndpointId(1), stranger)) == stranger));
}

BOOST_AUTO_TEST_CASE(what_the_first_knows_of_the_mtu_all_know) {
    run(2s);
    std::uint16_t most = ours[1].datagram_bytes_max(PeerId(1));
    PeerSelection selection;
    selection.datagram_bytes = static_cast<std::uint16_t>(most - 100);
    board.make_line(PeerId(1)).publish(selection);
    BOOST_TEST(ours[1].datagram_bytes_max(PeerId(1)) == most - 100);
}

BOOST_AUTO_TEST_CASE(a_plan_without_a_route_is_followed_at_once) {
    run(2s);
    Plan plan = plan_of(true);
    plan.version = 2;
    plan.routes.erase(plan.routes.begin());
    ours[1].handle_plan(now, plan);  // the first has not heard of it yet
    auto ticket = begin(1);
    BOOST_REQUIRE(ticket.has_value());
    BOOST_TEST((ticket->destinations[0].route == RouteId(2)));
}

// The peer shows a session to the first worker by a heartbeat; the others send on it, too.
BOOST_AUTO_TEST_CASE(a_session_shown_to_the_first_is_shown_to_all) {
    confirmed = false;
    Town fresh;
    fresh.confirmed = false;
    fresh.incarnation = 8;
    fresh.replan();
    BOOST_TEST(!fresh.begin(1).has_value());
    fresh.run(2s);
    auto ticket = fresh.begin(1);
    BOOST_REQUIRE(ticket.has_value());
    BOOST_TEST((ticket->session == SessionIndex(10)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core
