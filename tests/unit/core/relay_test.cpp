// Three engines on one network, every datagram through the test's hands; security mode none.
#include <array>
#include <boost/test/unit_test.hpp>
#include <set>
#include <vector>

#include "netft/core/engine.hpp"
#include "netft/core/relay_choice.hpp"

namespace netft::core {
namespace {

IpAddress virtual_address(std::size_t node) {
    return IpAddress::v6(
        {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, static_cast<std::uint8_t>(node + 1)});
}
NodeId node_id(std::size_t node) { return node_id_of(virtual_address(node)); }
PeerId peer_id(std::size_t node) { return PeerId(static_cast<std::uint16_t>(node)); }
Endpoint endpoint(std::size_t node) {
    return {IpAddress::v4({10, 0, 0, static_cast<std::uint8_t>(node + 1)}), kNetftPort};
}
// How `at` calls its session with `peer`.
SessionIndex session(std::size_t at, std::size_t peer) {
    return SessionIndex(static_cast<std::uint32_t>(100 * (at + 1) + peer));
}

struct Trio {
    static constexpr std::size_t kNodes = 3;
    std::array<Engine, kNodes> engines{Engine(1), Engine(2), Engine(3)};
    TimePoint now{1h};
    std::set<std::pair<std::size_t, std::size_t>> cut;  // lower first
    std::array<bool, kNodes> relays{true, true, true};
    std::vector<SelectionChange> changes;  // of the first

    explicit Trio(Duration age = 3s) {
        for (std::size_t i = 0; i < kNodes; ++i) plan(i);
        run(age);
    }
    void plan(std::size_t self) {
        Plan plan;
        plan.relay = relays[self];
        plan.datagram_bytes_max = static_cast<std::uint16_t>(1400 + self);
        for (std::size_t i = 0; i < kNodes; ++i) {
            if (i == self) continue;
            PlanPeer peer;
            peer.id = peer_id(i);
            peer.ipv6 = virtual_address(i);
            peer.sessions = {{session(self, i), session(i, self), 7, true, 1}};
            plan.peers.push_back(peer);
            PlanRoute route;
            route.id = RouteId(static_cast<std::uint16_t>(i + 1));
            route.peer = peer.id;
            route.local = EndpointId(1);
            route.remote = endpoint(i);
            route.timing = {100ms, 5};
            plan.routes.push_back(route);
        }
        engines[self].handle_plan(now, plan);
    }
    void part(std::size_t a, std::size_t b) { cut.insert({a, b}); }
    bool is_cut(std::size_t a, std::size_t b) const {
        return cut.contains({std::min(a, b), std::max(a, b)});
    }
    Verdict receive(std::size_t from, std::size_t to, Bytes datagram) {
        Path path = engines[to].path_of(EndpointId(1), endpoint(from));
        return engines[to].handle_datagram(now, path, datagram);
    }
    void carry(std::size_t from, const Endpoint& remote, Bytes datagram) {
        for (std::size_t to = 0; to < kNodes; ++to)
            if (remote == endpoint(to) && !is_cut(from, to)) (void)receive(from, to, datagram);
    }
    void exchange() {
        for (bool any = true; any;) {
            any = false;
            for (std::size_t i = 0; i < kNodes; ++i) {
                while (auto t = engines[i].poll_transmit(now)) {
                    carry(i, t->remote, t->datagram);
                    any = true;
                }
                while (auto t = engines[i].poll_reach()) {
                    carry(i, t->remote, Bytes(t->datagram).first(t->size));
                    any = true;
                }
                while (auto event = engines[i].poll_event())
                    if (auto* change = std::get_if<SelectionChange>(&*event); change && i == 0)
                        changes.push_back(*change);
            }
        }
    }
    void run(Duration d) {
        TimePoint end = now + d;
        for (exchange();; exchange()) {
            TimePoint next = end + 1s;
            for (Engine& engine : engines)
                next = std::min(next, engine.next_deadline().value_or(next));
            if (next > end) break;
            now = std::max(now, next);
            for (Engine& engine : engines) engine.handle_timers(now);
        }
        now = end;
    }
    // A data datagram from the first node for the second, as the first would wrap it.
    std::vector<std::uint8_t> inner() {
        auto ticket = engines[0].begin_relayed_train(peer_id(1), 1);
        BOOST_REQUIRE(ticket.has_value());
        return datagram(ticket->header, Bytes{}, std::vector<std::uint8_t>{0, 0, 0, 1, 42});
    }
    static std::vector<std::uint8_t> datagram(const Header& header, Bytes prefix, Bytes rest) {
        std::vector<std::uint8_t> out(kHeaderSize);
        ByteWriter writer(out);
        encode(header, writer);
        out.insert(out.end(), prefix.begin(), prefix.end());
        out.insert(out.end(), rest.begin(), rest.end());
        return out;
    }
    std::vector<std::uint8_t> wrapped(std::size_t from, std::size_t to, RelayKind kind, NodeId node,
                                      Bytes inside) {
        auto hop = engines[from].begin_hop(now, peer_id(to), 1);
        BOOST_REQUIRE(hop.has_value());
        std::array<std::uint8_t, kRelayPrefixSize> prefix{};
        ByteWriter writer(prefix);
        encode(RelayPrefix{kind, node}, writer);
        return datagram(hop->header, prefix, inside);
    }
    std::optional<PeerId> relay() {
        auto way = engines[0].relay_to(peer_id(1));
        return way ? std::optional(way->relay) : std::nullopt;
    }
    std::uint64_t dropped(std::size_t node, DropReason reason) const {
        return engines[node].drops().of(reason);
    }
};

BOOST_FIXTURE_TEST_SUITE(relay, Trio)

BOOST_AUTO_TEST_CASE(a_peer_has_a_relay_only_while_no_direct_route_is_up) {
    BOOST_TEST(!relay().has_value());
    changes.clear();
    part(0, 1);
    run(1s);
    BOOST_TEST((relay() == peer_id(2)));
    BOOST_TEST(engines[0].is_reachable(peer_id(1)));
    BOOST_TEST(engines[0].relay_to(peer_id(1))->datagram_bytes_max == 1400);
    BOOST_REQUIRE(changes.size() == 1u);  // from the route to the relay, without a word between
    BOOST_TEST((changes[0].from && !changes[0].to && changes[0].relay == peer_id(2)));
    cut.clear();
    run(2s);
    BOOST_TEST(!relay().has_value());
    BOOST_REQUIRE(changes.size() == 2u);
    BOOST_TEST((changes[1].to && !changes[1].relay));
}

BOOST_AUTO_TEST_CASE(a_relay_that_loses_the_target_is_left_within_its_detection_time) {
    part(0, 1);
    run(1s);
    part(1, 2);
    run(510ms);
    BOOST_TEST(!relay().has_value());
    BOOST_TEST(!engines[0].is_reachable(peer_id(1)));
}

BOOST_AUTO_TEST_CASE(what_is_relayed_is_taken_once_whatever_the_way) {
    part(0, 1);
    run(1s);
    std::vector<std::uint8_t> inside = inner();
    auto first_hop = wrapped(0, 2, RelayKind::forward, node_id(1), inside);  // lent to the verdict
    Verdict at_relay = receive(0, 2, first_hop);
    BOOST_TEST((at_relay.kind == Verdict::Kind::forward));
    BOOST_TEST((at_relay.peer == peer_id(1)));
    BOOST_TEST((at_relay.origin == node_id(0)));
    auto hop = wrapped(2, 1, RelayKind::forwarded, at_relay.origin, at_relay.body);
    Verdict at_target = receive(2, 1, hop);
    BOOST_TEST((at_target.kind == Verdict::Kind::relayed));
    BOOST_TEST((at_target.peer == peer_id(0)));
    BOOST_TEST((receive(2, 1, hop).drop == DropReason::rx_duplicate));  // the hop's window
    Verdict taken = engines[1].handle_relayed(now, at_target.peer, at_target.body);
    BOOST_TEST((taken.kind == Verdict::Kind::data));
    BOOST_TEST((taken.peer == peer_id(0)));
    // The same once more: by another hop, and directly.
    BOOST_TEST(
        (engines[1].handle_relayed(now, peer_id(0), inside).drop == DropReason::rx_duplicate));
    BOOST_TEST((receive(0, 1, inside).drop == DropReason::rx_duplicate));
}

BOOST_AUTO_TEST_CASE(a_forwarded_datagram_is_never_forwarded) {
    std::vector<std::uint8_t> inside = inner();
    // Kind 2 is for its receiver, whatever node it names as origin.
    Verdict verdict = receive(2, 0, wrapped(2, 0, RelayKind::forwarded, node_id(1), inside));
    BOOST_TEST((verdict.kind == Verdict::Kind::relayed));
    // Nor is a relay datagram within one.
    auto nested = wrapped(0, 2, RelayKind::forward, node_id(1), inside);
    BOOST_TEST((receive(0, 2, wrapped(0, 2, RelayKind::forward, node_id(1), nested)).drop ==
                DropReason::relay_loop));
    BOOST_TEST((receive(2, 1, wrapped(2, 1, RelayKind::forwarded, node_id(0), nested)).drop ==
                DropReason::relay_loop));
}

BOOST_AUTO_TEST_CASE(what_may_not_be_relayed_is_a_named_drop) {
    std::vector<std::uint8_t> inside = inner();
    auto refused = [&](RelayKind kind, NodeId node, Bytes body) {
        return receive(0, 2, wrapped(0, 2, kind, node, body)).drop == DropReason::relay_refused;
    };
    BOOST_TEST(refused(RelayKind::forward, NodeId(99), inside));    // nobody
    BOOST_TEST(refused(RelayKind::forward, node_id(2), inside));    // the relay itself
    BOOST_TEST(refused(RelayKind::forward, node_id(0), inside));    // back to its sender
    BOOST_TEST(refused(RelayKind::forwarded, node_id(0), inside));  // the sender as its own relay
    std::vector<std::uint8_t> heartbeat = inside;
    heartbeat[0] = 0x14;
    BOOST_TEST(refused(RelayKind::forward, node_id(1), heartbeat));
    BOOST_TEST(
        (engines[1].handle_relayed(now, peer_id(0), heartbeat).drop == DropReason::relay_refused));
    // Of a session with another than the origin that the relay names.
    BOOST_TEST(
        (engines[1].handle_relayed(now, peer_id(2), inside).drop == DropReason::relay_refused));
    BOOST_TEST((receive(0, 2, wrapped(0, 2, RelayKind::forward, node_id(1), {})).drop ==
                DropReason::rx_truncated));
    part(1, 2);
    run(1s);
    BOOST_TEST((receive(0, 2, wrapped(0, 2, RelayKind::forward, node_id(1), inside)).drop ==
                DropReason::relay_no_route));
}

BOOST_AUTO_TEST_CASE(who_does_not_relay_is_not_asked_and_asks_nobody) {
    relays[2] = false;
    plan(2);
    run(1s);
    part(0, 1);
    run(1s);
    BOOST_TEST(!relay().has_value());
    std::vector<std::uint8_t> inside = inner();
    BOOST_TEST((receive(0, 2, wrapped(0, 2, RelayKind::forward, node_id(1), inside)).drop ==
                DropReason::relay_refused));
    relays[2] = true;
    plan(2);
    run(1s);
    BOOST_TEST((relay() == peer_id(2)));
    relays[0] = false;
    plan(0);
    BOOST_TEST(!relay().has_value());
}

BOOST_AUTO_TEST_CASE(a_peer_that_said_goodbye_is_not_relayed_to_at_once) {
    changes.clear();
    engines[1].handle_shutdown(now);
    exchange();
    part(0, 1);
    part(1, 2);
    run(5s);
    BOOST_TEST(!relay().has_value());
    for (const SelectionChange& change : changes) BOOST_TEST(!change.relay.has_value());
}

BOOST_AUTO_TEST_CASE(a_replayed_reach_message_changes_nothing) {
    std::array<std::uint8_t, 4> none{};
    auto old = wrapped(2, 0, RelayKind::reach, {}, none);  // its sender reaches nobody
    part(0, 1);
    run(3s);  // newer ones have come
    BOOST_TEST((receive(2, 0, old).drop == DropReason::rx_too_old));
    run(0s);
    BOOST_TEST((relay() == peer_id(2)));
}

BOOST_AUTO_TEST_CASE(the_choice_stays_until_it_is_worse) {
    using C = RelayCandidate;
    auto choose = [](std::vector<C> candidates, std::optional<PeerId> current) {
        return choose_relay(candidates, current);
    };
    BOOST_TEST(!choose({}, PeerId(1)).has_value());
    BOOST_TEST((choose({{PeerId(1), false, 9}, {PeerId(2), false, 3}}, {}) == PeerId(2)));
    BOOST_TEST((choose({{PeerId(1), false, 9}, {PeerId(2), false, 3}}, PeerId(1)) == PeerId(1)));
    BOOST_TEST((choose({{PeerId(1), true, 9}, {PeerId(2), false, 3}}, PeerId(1)) == PeerId(2)));
    BOOST_TEST((choose({{PeerId(1), true, 9}, {PeerId(2), true, 3}}, PeerId(1)) == PeerId(1)));
    BOOST_TEST((choose({{PeerId(2), false, 3}}, PeerId(1)) == PeerId(2)));
    std::set<std::uint64_t> ranks;
    for (std::uint64_t relay = 1; relay < 20; ++relay)
        for (std::uint64_t target = 1; target < 20; ++target)
            ranks.insert(relay_rank(NodeId(relay), NodeId(target)));
    BOOST_TEST(ranks.size() == 19u * 19u);
}

BOOST_AUTO_TEST_CASE(a_peer_that_was_met_is_relayed_to_at_once_however_young_the_node) {
    Trio t(600ms);
    BOOST_REQUIRE(t.engines[0].is_reachable(peer_id(1)));
    t.part(0, 1);
    t.run(700ms);
    BOOST_TEST(t.engines[0].relay_to(peer_id(1)).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core
