// The coordinator's rules of handshakes, one by one (protocol.md, "Handshake" and "Sessions").
#include "tests/unit/core/secure_town.hpp"

namespace netft::core::test {
namespace {

bool has_word(const std::string& text, const char* word) {
    return text.find(word) != std::string::npos;
}

BOOST_FIXTURE_TEST_SUITE(coordinator_handshakes, SecureTown)

BOOST_AUTO_TEST_CASE(opens_sessions_as_initiator_and_as_responder) {
    SessionIndex index = open_from(n1);
    BOOST_TEST((sessions(n1).at(0).local == index && sessions(n1)[0].confirmed));
    receive(n3, response(n3, ask(n3)));
    BOOST_TEST(sessions(n3).at(0).confirmed);
    BOOST_TEST(view(n1).has_session);
    BOOST_TEST(view(n3).has_session);
    BOOST_TEST(sessions(n3).at(0).remote.value == next_index);
}

BOOST_AUTO_TEST_CASE(a_responder_sends_nothing_before_the_session_is_shown) {
    receive(n1, bytes_of(initiation(n1)));
    auto out = sends();
    BOOST_TEST(out.size() == 1u);  // the answer
    BOOST_TEST(!sessions(n1).at(0).confirmed);
    show(n1, sessions(n1)[0].local);
    out = sends(MessageType::control);
    BOOST_TEST(sessions(n1)[0].confirmed);
    BOOST_REQUIRE(!out.empty());
    BOOST_TEST((out[0].seal == sessions(n1)[0].local));
}

BOOST_AUTO_TEST_CASE(the_first_answer_wins) {
    Datagram asked = ask(n3);
    Datagram first = response(n3, asked);
    Datagram second = response(n3, asked);
    receive(n3, first);
    auto index = sessions(n3).at(0).remote;
    for (const Datagram& late : {first, second}) receive(n3, late);
    BOOST_TEST(drops(DropReason::rx_stale_opening) == 2u);
    BOOST_TEST(sessions(n3).size() == 1u);
    BOOST_TEST((sessions(n3)[0].remote == index));
}

BOOST_AUTO_TEST_CASE(every_copy_of_an_initiation_gets_the_same_answer_by_the_way_it_came) {
    Datagram bytes = bytes_of(initiation(n1));
    receive(n1, bytes);
    Datagram answer = sends(MessageType::response).at(0).bytes;
    receive(n3, bytes);
    auto copy = sends(MessageType::response);
    BOOST_REQUIRE(copy.size() == 1u);
    BOOST_TEST((copy[0].bytes == answer && copy[0].remote == Town::endpoint(n3)));
    BOOST_TEST(sessions(n1).size() == 1u);
}

// n1's key is lower than ours, n3's is higher.
BOOST_AUTO_TEST_CASE(of_two_who_ask_at_once_the_lower_key_is_answered) {
    Datagram to_3 = ask(n3);
    receive(n3, bytes_of(initiation(n3)));
    BOOST_TEST(sends(MessageType::response).empty());
    receive(n3, response(n3, to_3));
    BOOST_TEST(sessions(n3).size() == 1u);
}

BOOST_AUTO_TEST_CASE(who_has_the_higher_key_gives_up_what_it_asked) {
    now += 1s;
    Datagram asked = ask(n1);
    BOOST_REQUIRE(!asked.empty());
    receive(n1, bytes_of(initiation(n1)));
    BOOST_TEST(sends(MessageType::response).size() == 1u);
    receive(n1, response(n1, asked));
    BOOST_TEST(drops(DropReason::rx_stale_opening) == 1u);
    BOOST_TEST(sessions(n1).size() == 1u);
}

BOOST_AUTO_TEST_CASE(under_load_a_cookie_proves_the_address) {
    for (unsigned i = 0; i < session::Doorkeeper::kQuietBurst; ++i)
        receive(stranger, bytes_of(initiation(stranger)));
    sends();
    session::PendingInitiation pending = initiation(n1);
    receive(n1, bytes_of(pending));
    BOOST_TEST(drops(DropReason::rx_needs_cookie) == 1u);
    auto cookie = sends(MessageType::cookie);
    BOOST_REQUIRE(cookie.size() == 1u);
    BOOST_TEST((cookie[0].remote == Town::endpoint(n1)));
    session::CookieStore store;
    BOOST_REQUIRE(store.take(crypto, now, town.key_of(n2), pending.mac1(), cookie[0].bytes));
    auto again = pending.datagram(crypto, store.current(now));
    receive(n3, again);  // from where the cookie was not given to
    BOOST_TEST(drops(DropReason::rx_needs_cookie) == 2u);
    receive(n1, again);
    BOOST_TEST(sends(MessageType::response).size() == 1u);
}

BOOST_AUTO_TEST_CASE(under_load_an_address_gets_its_share) {
    session::CookieStore store;
    unsigned limited_from = session::Doorkeeper::kQuietBurst + 1;  // one for the cookie
    for (unsigned i = 0; i < limited_from + session::Doorkeeper::kSourceBurst + 5; ++i) {
        session::PendingInitiation pending = initiation(stranger);
        receive(stranger, pending.datagram(crypto, store.current(now)));
        for (const ControlSend& cookie : sends(MessageType::cookie))
            store.take(crypto, now, town.key_of(n2), pending.mac1(), cookie.bytes);
    }
    BOOST_TEST(drops(DropReason::rx_needs_cookie) == 1u);
    BOOST_TEST(drops(DropReason::rx_rate_limited) == 5u);
}

BOOST_AUTO_TEST_CASE(a_cookie_is_used_at_the_next_try_and_not_before) {
    Datagram asked = ask(n3);
    session::CookieJar jar(town.key_of(n3));
    receive(n3, jar.answer(crypto, now, Town::endpoint(n2), asked));
    BOOST_TEST(sends().empty());
    now += 1s;
    Datagram again = ask(n3);
    BOOST_TEST(jar.is_valid(crypto, now, Town::endpoint(n2), again));
    BOOST_TEST(std::equal(asked.begin(), asked.end() - kMacSize, again.begin()));
    receive(n1, jar.answer(crypto, now, Town::endpoint(n2), bytes_of(initiation(n1))));
    BOOST_TEST(drops(DropReason::rx_bad_cookie) == 1u);
}

BOOST_AUTO_TEST_CASE(keys_are_renewed_by_who_asked_and_later_by_the_other) {
    receive(n3, response(n3, ask(n3)));
    open_from(n1);
    for (Actor who : {n1, n3}) reach(who, true);
    now += settings.rekey_after - 1ms;
    BOOST_TEST(ask(n3).empty());
    now += 1ms;
    BOOST_TEST(!ask(n3).empty());
    BOOST_TEST(ask(n1).empty());
    now += session::OpeningMachine::kRenewalGrace;
    Datagram renewal = ask(n1);
    BOOST_REQUIRE(!renewal.empty());
    // Both are received; the new one is sent on.
    SessionIndex old = sessions(n1).at(0).local;
    receive(n1, response(n1, renewal));
    BOOST_TEST(sessions(n1).size() == 2u);
    BOOST_TEST((sessions(n1)[0].local == old));
    now += session::OpeningMachine::kSupersededAge;
    coordinator.handle_timers(now);
    BOOST_TEST(sessions(n1).size() == 1u);
    BOOST_TEST((sessions(n1)[0].local != old));
}

BOOST_AUTO_TEST_CASE(worn_keys_are_renewed_at_once) {
    SessionIndex index = open_from(n1);
    reach(n1, true);
    coordinator.handle_event(now, SessionWorn{PeerId(n1), SessionIndex(index.value + 1)});
    BOOST_TEST(sends(MessageType::initiation).empty());  // of a session that is no more
    coordinator.handle_event(now, SessionWorn{PeerId(n1), index});
    BOOST_TEST(sends(MessageType::initiation).size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_old_timestamp_is_refused_of_who_is_reachable) {
    Datagram old = bytes_of(initiation_at(n1, 1, 10));
    open_from(n1);
    reach(n1, true);
    for (std::uint64_t life : {1, 2}) {
        receive(n1, bytes_of(initiation_at(n1, life, 10)));
        BOOST_TEST(drops(DropReason::rx_replayed_opening) == life);
    }
    // A node that restarted with its clock set back: once a second, when it is out of reach.
    reach(n1, false);
    for (std::uint64_t life : {3, 4}) receive(n1, bytes_of(initiation_at(n1, life, 10)));
    BOOST_TEST(drops(DropReason::rx_replayed_opening) == 3u);
    BOOST_TEST(sessions(n1).size() == 2u);
    now += Coordinator::kStaleInterval;
    receive(n1, bytes_of(initiation_at(n1, 4, 10)));
    BOOST_TEST(drops(DropReason::rx_replayed_opening) == 3u);
    BOOST_TEST(sessions(n1).size() == 3u);
}

// The replay of an initiation whose session is in use must not give that session other keys.
BOOST_AUTO_TEST_CASE(a_replayed_initiation_leaves_the_keys_of_its_session_alone) {
    Datagram first = bytes_of(initiation(n1));
    receive(n1, first);
    show(n1, sessions(n1).at(0).local);
    session::SessionKeysPtr keys = sessions(n1).at(0).keys;
    receive(n1, bytes_of(initiation(n1)));  // answered; the answer is lost, n1 is not reachable
    receive(n1, first);
    BOOST_TEST((sessions(n1).at(0).keys == keys));
    now += Coordinator::kStaleInterval;
    receive(n1, first);
    BOOST_TEST((sessions(n1).at(0).keys == keys));
}

BOOST_AUTO_TEST_CASE(a_clone_is_named_and_refused_and_the_first_stays) {
    open_from(n1, 1);
    open_from(n1, 2);
    BOOST_TEST(has_word(notices(), "restarted"));
    open_from(n1, 1);
    BOOST_TEST(has_word(notices(), "two machines use its key"));
    session::PendingInitiation clone = initiation(n1, 2);
    receive(n1, bytes_of(clone));
    BOOST_TEST(drops(DropReason::rx_cloned_node) == 1u);
    auto refusal = sends(MessageType::response);
    BOOST_REQUIRE(refusal.size() == 1u);
    DropReason why{};
    auto answer = clone.read_response(town.as(n1, 2), refusal[0].bytes, why);
    BOOST_REQUIRE(answer.has_value());
    BOOST_TEST((answer->payload.status == HandshakeStatus::cloned));
    for (const PlanSession& session : sessions(n1)) BOOST_TEST(session.incarnation == 1u);
    now += 5s;
    Datagram asked = ask(n1);  // what the clone answers is not taken either
    if (!asked.empty()) receive(n1, response(n1, asked, 2));
    for (const PlanSession& session : sessions(n1)) BOOST_TEST(session.incarnation == 1u);
    BOOST_TEST(!has_word(notices(), "two machines"));
}

// While a clone is named its sessions go; what is remembered of the peer is the one that came back.
BOOST_AUTO_TEST_CASE(a_third_life_that_waits_does_not_take_the_place_of_the_first) {
    open_from(n1, 1);
    open_from(n1, 2);
    now += session::OpeningMachine::kSupersededAge;
    coordinator.handle_timers(now);  // the session of life 1 is over
    receive(n1, bytes_of(initiation(n1, 1)));
    SessionIndex back = sessions(n1).back().local;
    receive(n1, bytes_of(initiation(n1, 3)));
    BOOST_TEST(sessions(n1).size() == 3u);
    notices();
    show(n1, back);
    BOOST_TEST(has_word(notices(), "two machines use its key"));
    open_from(n1, 1);
    BOOST_TEST(!has_word(notices(), "restarted"));
}

BOOST_AUTO_TEST_CASE(we_are_told_that_we_are_the_clone) {
    receive(n3, response(n3, ask(n3), 1, 1, HandshakeStatus::cloned));
    BOOST_TEST(drops(DropReason::rx_cloned_node) == 1u);
    BOOST_TEST(sessions(n3).empty());
    BOOST_TEST(has_word(notices(), "it refuses us"));
}

BOOST_AUTO_TEST_CASE(another_machine_with_our_own_key_is_named_once_a_minute) {
    notices();
    for (int i = 0; i < 3; ++i) receive(stranger, bytes_of(initiation(n2)));
    BOOST_TEST(drops(DropReason::rx_own_key) == 3u);
    std::string said = notices();
    BOOST_TEST(has_word(said, "10.0.0.4:3343 uses the key of this node"));
    BOOST_TEST(said.find('\n') == said.size() - 1);
    BOOST_TEST(sends().empty());
}

BOOST_AUTO_TEST_CASE(a_removed_peer_loses_its_sessions_and_stays_out) {
    open_from(n1);
    receive(n3, response(n3, ask(n3)));
    Datagram answered = bytes_of(initiation(n3));
    receive(n3, answered);
    Settings next = settings;
    next.nodes.erase(next.nodes.begin() + n3);
    BOOST_TEST(coordinator.handle_settings(now, next).empty());
    BOOST_TEST(sessions(n3).empty());
    BOOST_TEST(sessions(n1).size() == 1u);
    for (const Datagram& bytes : {answered, bytes_of(initiation(n3))}) receive(n3, bytes);
    BOOST_TEST(drops(DropReason::rx_unknown_node) == 2u);
    BOOST_TEST(sends(MessageType::response).empty());
}

BOOST_AUTO_TEST_CASE(cluster_keys_change_at_a_reload) {
    struct Row {
        std::vector<std::uint8_t> ours;
        std::uint8_t theirs;
        bool opens;
    };
    for (const Row& row : {Row{{1}, 2, false}, Row{{1, 2}, 2, true}, Row{{2, 1}, 1, true},
                           Row{{2}, 1, false}, Row{{2}, 2, true}}) {
        SecureTown t;
        Settings next = t.settings;
        next.cluster_keys.clear();
        for (std::uint8_t key : row.ours) next.cluster_keys.push_back(Town::cluster_key(key));
        Datagram asked = t.ask(n3);  // before the reload: it must not matter
        BOOST_TEST(t.coordinator.handle_settings(t.now, next).empty());
        t.receive(n3, t.response(n3, asked, 1, row.theirs));
        BOOST_TEST(t.view(n3).has_session == row.opens);
        BOOST_TEST(t.drops(DropReason::rx_wrong_cluster_key) == (row.opens ? 0u : 1u));
        BOOST_TEST(has_word(t.notices(), "same cluster key?") == !row.opens);
        // As responder the first of ours is answered with.
        session::PendingInitiation pending = t.initiation(n1);
        t.receive(n1, t.bytes_of(pending));
        Datagram answer = t.sends(MessageType::response).at(0).bytes;
        DropReason why{};
        BOOST_TEST(pending.read_response(t.town.as(n1, 1, row.ours[0]), answer, why).has_value());
    }
}

BOOST_AUTO_TEST_CASE(another_security_mode_is_a_named_drop) {
    session::HandshakeIdentity signs = town.as(n1, 1);
    signs.mode = SecurityMode::sign;
    auto pending = session::PendingInitiation::make(crypto, signs, town.key_of(n2), SessionIndex(5),
                                                    ++next_timestamp);
    receive(n1, bytes_of(*pending));
    signs.own = town.as(n3, 1).own;
    receive(n3, response_as(signs, ask(n3)));
    Datagram clear(kHeaderSize + kOpeningSize);
    clear[0] = 0x11;
    receive(n1, clear);
    BOOST_TEST(drops(DropReason::rx_security_mismatch) == 3u);
    BOOST_TEST(sends().empty());
    BOOST_TEST(!view(n1).has_session);
    BOOST_TEST(!view(n3).has_session);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core::test
