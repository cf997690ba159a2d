// A coordinator in mode encrypt (n2) with real cryptography, and what its tests say to it as n1,
// n3, a stranger or a clone. n1's key is lower than n2's, n3's is higher.
#pragma once

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "tests/fuzz/town.hpp"
#include "tests/sim/seeded_libcrypto.hpp"

namespace netft::core::test {

using fuzz::Actor;
using fuzz::n1;
using fuzz::n2;
using fuzz::n3;
using fuzz::stranger;
using fuzz::Town;
using Datagram = std::vector<std::uint8_t>;

struct SecureTown {
    sim::SeededLibcrypto crypto{1};
    Town town{crypto};
    Settings settings = town.settings(SecurityMode::encrypt);
    Coordinator coordinator{settings, town.identity(), 5};
    TimePoint now{1h};
    EndpointId local;
    Plan plan;
    std::uint32_t next_index = 1000;
    std::uint64_t next_timestamp = 1'000'000;

    SecureTown() {
        std::vector facts{Town::interface(true)};
        coordinator.handle_interfaces(now, facts);
        local = coordinator.endpoints().at(0).id;
        sends();
    }

    void receive(Actor from, Bytes bytes, std::optional<PeerId> peer = {}) {
        coordinator.handle_datagram(now, local, Town::endpoint(from), peer, bytes);
    }
    // All that is to be sent now, the plan being followed.
    std::vector<ControlSend> sends() {
        if (auto next = coordinator.poll_plan()) plan = std::move(*next);
        std::vector<ControlSend> out;
        while (auto send = coordinator.poll_send()) out.push_back(std::move(*send));
        return out;
    }
    std::vector<ControlSend> sends(MessageType type) {
        std::vector<ControlSend> out = sends();
        std::erase_if(out, [type](const ControlSend& send) {
            return (send.bytes[0] & 15) != static_cast<std::uint8_t>(type);
        });
        return out;
    }
    std::string notices() {
        std::string out;
        while (auto notice = coordinator.poll_notice()) out += notice->text + "\n";
        return out;
    }
    std::uint64_t drops(DropReason reason) const { return coordinator.drops().of(reason); }

    // Of the plan as it was published last.
    const std::vector<PlanSession>& sessions(Actor who) {
        sends();
        for (const PlanPeer& peer : plan.peers)
            if (peer.id == PeerId(who)) return peer.sessions;
        static const std::vector<PlanSession> none;
        return none;
    }
    PeerView view(Actor who) const {
        for (const PeerView& peer : coordinator.peers())
            if (peer.id == PeerId(who)) return peer;
        return {};
    }

    // --- as another node
    session::PendingInitiation initiation(Actor who, std::uint64_t life = 1) {
        return initiation_at(who, life, ++next_timestamp);
    }
    session::PendingInitiation initiation_at(Actor who, std::uint64_t life,
                                             std::uint64_t timestamp) {
        return *session::PendingInitiation::make(crypto, town.as(who, life), town.key_of(n2),
                                                 SessionIndex(++next_index), timestamp);
    }
    Datagram bytes_of(const session::PendingInitiation& pending) {
        auto bytes = pending.datagram(crypto, {});
        return {bytes.begin(), bytes.end()};
    }
    // The answer of `who` to an initiation of n2.
    Datagram response(Actor who, Bytes initiation, std::uint64_t life = 1, std::uint8_t cluster = 1,
                      HandshakeStatus status = HandshakeStatus::done) {
        return response_as(town.as(who, life, cluster), initiation, status);
    }
    Datagram response_as(const session::HandshakeIdentity& identity, Bytes initiation,
                         HandshakeStatus status = HandshakeStatus::done) {
        DropReason why{};
        auto read = session::read_initiation(crypto, identity, initiation, why);
        BOOST_REQUIRE(read.has_value());
        auto response =
            session::write_response(crypto, identity, *read, SessionIndex(++next_index), status);
        return {response->datagram.begin(), response->datagram.end()};
    }
    void show(Actor who, SessionIndex index) {
        coordinator.handle_event(now, SessionShown{PeerId(who), index});
    }
    void reach(Actor who, bool reachable) {
        SelectionChange change{now, PeerId(who), {}, {}};
        if (reachable) change.to = RouteId(1);
        coordinator.handle_event(now, change);
    }
    // `who` asks, is answered and shows the session. Our index.
    SessionIndex open_from(Actor who, std::uint64_t life = 1) {
        receive(who, bytes_of(initiation(who, life)));
        BOOST_REQUIRE(!sessions(who).empty());
        SessionIndex index = sessions(who).back().local;
        show(who, index);
        sends();
        return index;
    }
    // Our initiation that is out to `who`, empty: none.
    Datagram ask(Actor who) {
        coordinator.handle_timers(now);
        for (const ControlSend& send : sends(MessageType::initiation))
            if (send.remote == Town::endpoint(who)) return send.bytes;
        return {};
    }
};

}  // namespace netft::core::test
