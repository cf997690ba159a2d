// The engine is given only what authenticates. Of that, what names no session of ours or one of the
// peer's former life, and what was there before, is dropped by name and changes nothing.
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "netft/core/engine.hpp"

namespace netft::core {
namespace {

using Datagram = std::vector<std::uint8_t>;

constexpr SessionIndex kInUse(10);
constexpr SessionIndex kFormerLife(11);
constexpr SessionIndex kTheirs(20);

Endpoint endpoint(std::uint8_t network, std::uint8_t host) {
    return {IpAddress::v4({10, network, 0, host}), kNetftPort};
}

// `ours` is tested, `theirs` makes what is sent to it.
struct Guarded {
    Engine ours{1};
    Engine theirs{2};
    TimePoint now{1h};
    std::vector<Datagram> captured;
    std::vector<Datagram> sent;

    Guarded() {
        ours.handle_plan(now, plan_of_ours());
        theirs.handle_plan(now, plan(1, {{kTheirs, kInUse, 3, true, 1}}));
        for (int i = 0; i < 300; ++i) step();
    }
    static Plan plan_of_ours() {
        return plan(2, {{kFormerLife, kTheirs, 6, true, 1}, {kInUse, kTheirs, 7, true, 2}});
    }
    static Plan plan(std::uint16_t peer_id, std::vector<PlanSession> sessions) {
        PlanPeer peer;
        peer.id = PeerId(peer_id);
        peer.mac = MacAddress{{2, 0, 0, 0, 0, static_cast<std::uint8_t>(peer_id)}};
        peer.sessions = std::move(sessions);
        Plan out;
        out.security = SecurityMode::encrypt;
        out.peers = {std::move(peer)};
        for (std::uint8_t net = 0; net < 2; ++net) {
            PlanRoute route;
            route.id = RouteId(static_cast<std::uint16_t>(net + peer_id * 4));
            route.peer = PeerId(peer_id);
            route.local = EndpointId(static_cast<std::uint16_t>(net + 1));
            route.remote = endpoint(net, static_cast<std::uint8_t>(peer_id));
            route.timing = {100ms, 5};
            out.routes.push_back(route);
        }
        return out;
    }
    void step() {
        now += 10ms;
        for (Engine* engine : {&ours, &theirs}) engine->handle_timers(now);
        while (auto t = theirs.poll_transmit(now)) {
            captured.emplace_back(t->datagram.begin(), t->datagram.end());
            receive(static_cast<std::uint8_t>(t->local.value - 1), captured.back());
        }
        while (auto t = ours.poll_transmit(now)) {
            sent.emplace_back(t->datagram.begin(), t->datagram.end());
            auto net = static_cast<std::uint8_t>(t->local.value - 1);
            (void)theirs.handle_datagram(now, theirs.path_of(t->local, endpoint(net, 1)),
                                         t->datagram);
        }
        while (ours.poll_event()) {
        }
    }
    Verdict receive(std::uint8_t net, const Datagram& bytes) {
        EndpointId local(static_cast<std::uint16_t>(net + 1));
        return ours.handle_datagram(now, ours.path_of(local, endpoint(net, 2)), bytes);
    }
    std::string observe() {
        Report report;
        report.routes.reserve(4);
        report.peers.reserve(4);
        ours.report(now, report);
        std::string out = std::to_string(to_ns(*ours.next_deadline()));
        auto add = [&out](auto number) { out += " " + std::to_string(number); };
        for (const RouteReport& r : report.routes) {
            for (bool b : {r.suspect, r.in_use, r.remote_said_so}) add(b ? 1 : 0);
            add(static_cast<int>(r.state));
            add(static_cast<int>(r.reason));
            for (std::uint64_t n :
                 {to_ns(r.since), r.heartbeats_received, r.heartbeats_sent, r.data_received})
                add(n);
            add(r.transitions);
            add(r.rtt_p50_us.value_or(0));
            add(r.loss_in.value_or(-1));
            add(r.loss_out.value_or(-1));
        }
        for (const PeerReport& p : report.peers) add(p.reachable ? 1 : 0);
        return out;
    }
    void check_dropped(const Datagram& bytes, std::initializer_list<DropReason> reasons) {
        std::string before = observe();
        std::uint64_t drops = ours.drops().total();
        for (std::uint8_t net : {0, 1}) {
            Verdict verdict = receive(net, bytes);
            BOOST_TEST((verdict.kind == Verdict::Kind::dropped));
            BOOST_TEST((std::find(reasons.begin(), reasons.end(), verdict.drop) != reasons.end()),
                       to_string(verdict.drop));
        }
        BOOST_TEST(observe() == before);
        BOOST_TEST(ours.drops().total() == drops + 2);
        BOOST_TEST(!ours.poll_transmit(now).has_value());
        BOOST_TEST(!ours.poll_event().has_value());
    }
    // Of a type that has a session, with a counter not seen yet.
    static Datagram datagram(MessageType type, SessionIndex receiver, std::uint64_t counter) {
        Datagram bytes(kHeaderSize + 100);
        ByteWriter out(bytes);
        encode(Header{type, 0, 0, receiver, counter}, out);
        encode(TrainPrefix{0, 1}, out);
        return bytes;
    }
    static Datagram readdressed(Datagram bytes, SessionIndex receiver) {
        ByteWriter out(MutableBytes(bytes).subspan(4));
        out.u32(receiver.value);
        return bytes;
    }
};

BOOST_FIXTURE_TEST_SUITE(engine_security, Guarded)

BOOST_AUTO_TEST_CASE(what_names_no_session_of_ours_is_dropped) {
    Random random(5);
    for (int i = 0; i < 1000; ++i) {
        SessionIndex nobody(static_cast<std::uint32_t>(100 + random.below(0xffffff00)));
        if (i == 0) nobody = SessionIndex(0);
        for (MessageType type : {MessageType::data, MessageType::control})
            check_dropped(datagram(type, nobody, random.next()), {DropReason::rx_no_session});
        const Datagram& heartbeat = captured[random.below(captured.size())];
        check_dropped(readdressed(heartbeat, nobody), {DropReason::rx_no_session});
    }
    for (const Datagram& own : sent) check_dropped(own, {DropReason::rx_no_session});  // reflected
}

BOOST_AUTO_TEST_CASE(what_is_of_a_former_life_is_dropped) {
    for (std::uint64_t counter = 1; counter < 100; ++counter)
        for (MessageType type : {MessageType::data, MessageType::control})
            check_dropped(datagram(type, kFormerLife, counter), {DropReason::rx_no_session});
    for (const Datagram& heartbeat : captured)
        check_dropped(readdressed(heartbeat, kFormerLife), {DropReason::rx_no_session});
}

BOOST_AUTO_TEST_CASE(what_was_there_before_is_dropped) {
    for (MessageType type : {MessageType::data, MessageType::control}) {
        Datagram first = datagram(type, kInUse, 1);
        BOOST_TEST((receive(0, first).kind != Verdict::Kind::dropped));
        check_dropped(first, {DropReason::rx_duplicate});
    }
    // A heartbeat that comes by another route is no heartbeat of that route either.
    for (const Datagram& heartbeat : captured)
        check_dropped(heartbeat, {DropReason::rx_duplicate, DropReason::rx_too_old,
                                  DropReason::rx_wrong_route});
    step();
    BOOST_TEST(ours.is_reachable(PeerId(2)));
}

// Else who has captured how it came up could make it come up again, with nobody there.
BOOST_AUTO_TEST_CASE(a_route_that_went_and_came_back_takes_nothing_again) {
    Plan whole = plan_of_ours();
    Plan cut = whole;
    cut.routes[0].usable = false;
    cut.routes[0].reason = Diagnostic::carrier_lost;
    Plan removed = whole;
    removed.routes.erase(removed.routes.begin());
    for (const Plan& without : {cut, removed}) {
        ours.handle_plan(now, without);
        ours.handle_plan(now, whole);
        while (ours.poll_transmit(now)) {
        }
        while (ours.poll_event()) {
        }
        for (const Datagram& heartbeat : captured)
            check_dropped(heartbeat, {DropReason::rx_duplicate, DropReason::rx_too_old,
                                      DropReason::rx_wrong_route});
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core
