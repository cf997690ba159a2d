// What handshakes cost a coordinator, and when it stops asking for them.
#include "tests/unit/core/secure_town.hpp"

namespace netft::core::test {
namespace {

struct Loaded : SecureTown {
    // Answers that do not open, until answers are asked for a cookie.
    void flood(Bytes asked) {
        for (unsigned i = 0; i < session::Doorkeeper::kQuietBurst; ++i)
            receive(stranger, response(n3, asked, 1, 9));
        sends();
    }
    // Sessions with n3 within `length`, each asked for as soon as we like.
    unsigned sessions_within(Duration length) {
        unsigned opened = 0;
        for (TimePoint end = now + length; now < end; now += 100ms) {
            Datagram asked = ask(n3);
            if (asked.empty()) continue;
            receive(n3, response(n3, asked));
            ++opened;
        }
        return opened;
    }
};

BOOST_FIXTURE_TEST_SUITE(coordinator_load, Loaded)

BOOST_AUTO_TEST_CASE(a_peer_that_only_shakes_hands_is_asked_ever_more_rarely) {
    BOOST_TEST(sessions_within(60s) <= 6u);
    BOOST_TEST(sessions_within(600s) <= 11u);
    reach(n3, true);
    reach(n3, false);
    now += Coordinator::kReopenAfter;
    BOOST_TEST(!ask(n3).empty());
}

BOOST_AUTO_TEST_CASE(who_answers_is_as_sparing) {
    for (int i = 0; i < 5; ++i) {
        open_from(n1);
        now += 1s;
    }
    now += Coordinator::kReopenAfter;
    BOOST_TEST(ask(n1).empty());
    now += Coordinator::kReopenMost;
    BOOST_TEST(!ask(n1).empty());
}

BOOST_AUTO_TEST_CASE(a_false_answer_under_load_costs_a_cookie_and_the_right_one_gets_in) {
    Datagram asked = ask(n3);
    flood(asked);
    std::uint64_t tried = drops(DropReason::rx_wrong_cluster_key);
    for (int i = 0; i < 1000; ++i) receive(stranger, response(n3, asked, 1, 9));
    BOOST_TEST(drops(DropReason::rx_wrong_cluster_key) - tried <= 3u);  // without a cookie
    BOOST_TEST(drops(DropReason::rx_needs_cookie) >= 997u);
    sends();
    Datagram right = response(n3, asked);
    receive(n3, right);
    auto cookie = sends(MessageType::cookie);
    BOOST_REQUIRE(cookie.size() == 1u);
    session::CookieStore store;
    BOOST_REQUIRE(store.take(crypto, now, town.key_of(n2), mac1_of(right), cookie[0].bytes));
    session::put_mac2(crypto, *store.current(now), right);
    receive(n3, right);
    BOOST_TEST(view(n3).has_session);
}

BOOST_AUTO_TEST_CASE(an_answer_of_an_older_node_gets_in_by_patience) {
    Datagram asked = ask(n3);
    flood(asked);
    receive(n3, response(n3, asked));
    BOOST_TEST(view(n3).has_session);
}

BOOST_AUTO_TEST_CASE(our_answer_carries_the_cookie_at_its_next_copy) {
    Datagram bytes = bytes_of(initiation(n1));
    receive(n1, bytes);
    Datagram answer = sends(MessageType::response).at(0).bytes;
    session::CookieJar jar(town.key_of(n1));
    receive(n1, jar.answer(crypto, now, Town::endpoint(n2), answer));
    BOOST_TEST(drops(DropReason::rx_bad_cookie) == 0u);
    BOOST_TEST(sends().empty());
    receive(n1, bytes);
    Datagram copy = sends(MessageType::response).at(0).bytes;
    BOOST_TEST(jar.is_valid(crypto, now, Town::endpoint(n2), copy));
    BOOST_TEST(std::equal(answer.begin(), answer.end() - kMacSize, copy.begin()));
}

BOOST_AUTO_TEST_CASE(a_member_that_asks_without_end_is_answered_as_an_honest_one) {
    unsigned answered = 0;
    for (TimePoint end = now + 10s; now < end; now += 20ms) {
        receive(n1, bytes_of(initiation(n1)));
        answered += static_cast<unsigned>(sends(MessageType::response).size());
    }
    BOOST_TEST(answered <= 130u);
    BOOST_TEST(drops(DropReason::rx_rate_limited) > 300u);
}

BOOST_AUTO_TEST_CASE(a_repeated_initiation_shows_no_path) {
    now += 1s;
    (void)ask(n3);
    Datagram bytes = bytes_of(initiation(n3));
    receive(n3, bytes);
    sends();
    receive(stranger, bytes);  // from an address that somebody put there
    for (const ControlSend& send : sends()) BOOST_TEST((send.remote != Town::endpoint(stranger)));
    BOOST_TEST(drops(DropReason::rx_replayed_opening) == 1u);
    receive(stranger, bytes_of(initiation(n3)));
    auto out = sends(MessageType::initiation);
    BOOST_REQUIRE(out.size() == 1u);
    BOOST_TEST((out[0].remote == Town::endpoint(stranger)));
}

BOOST_AUTO_TEST_CASE(replays_of_known_lives_leave_a_clock_set_back_its_chance) {
    Datagram old = bytes_of(initiation(n1, 1));
    open_from(n1, 1);
    for (int i = 0; i < 10; ++i) receive(n1, old);
    sends();
    receive(n1, bytes_of(initiation_at(n1, 2, 10)));
    BOOST_TEST(sends(MessageType::response).size() == 1u);
}

BOOST_AUTO_TEST_CASE(replays_of_many_lives_do_not_make_a_clone_welcome) {
    open_from(n1, 1);
    open_from(n1, 2);
    open_from(n1, 1);
    for (std::uint64_t life = 10; life < 200; ++life) {
        receive(n1, bytes_of(initiation(n1, life)));
        now += 1s;
        sends();
    }
    receive(n1, bytes_of(initiation(n1, 2)));
    BOOST_TEST(drops(DropReason::rx_cloned_node) == 1u);
}

BOOST_AUTO_TEST_CASE(keys_that_cannot_be_renewed_are_named_and_end) {
    open_from(n1);
    reach(n1, true);
    notices();
    now += 2 * settings.rekey_after + session::OpeningMachine::kRenewalGrace;
    BOOST_TEST((coordinator.next_deadline() && *coordinator.next_deadline() <= now));
    (void)ask(n1);
    BOOST_TEST(notices().find("are not renewed") != std::string::npos);
    BOOST_TEST(coordinator.warnings().size() >= 1u);
    BOOST_TEST((coordinator.cluster_view(now).nodes[0].standings[1] == Standing::unrenewed));
    now += 10 * settings.rekey_after;
    coordinator.handle_timers(now);
    BOOST_TEST(sessions(n1).empty());
    BOOST_TEST((coordinator.cluster_view(now).nodes[0].standings[1] == Standing::unrenewed));
    open_from(n1);
    BOOST_TEST((coordinator.cluster_view(now).nodes[0].standings[1] == Standing::no_card));
}

BOOST_AUTO_TEST_CASE(spent_keys_are_not_sent_with) {
    SessionIndex index = open_from(n1);
    reach(n1, true);
    coordinator.handle_event(now, SessionWorn{PeerId(n1), index, true});
    BOOST_TEST(!sends(MessageType::initiation).empty());
    BOOST_TEST(sessions(n1).empty());
}

BOOST_AUTO_TEST_CASE(a_restored_machine_begins_a_new_life) {
    open_from(n1);
    reach(n1, true);
    Datagram asked = ask(n3);
    coordinator.handle_machine_restored(now, 2'000'000'000'000);
    BOOST_TEST(sessions(n1).empty());
    receive(n3, response(n3, asked));  // to what the former life asked
    BOOST_TEST(!view(n3).has_session);
    now += 1s;
    Datagram again = ask(n3);
    DropReason why{};
    auto read = session::read_initiation(crypto, town.as(n3, 1), again, why);
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST(read->payload.incarnation != town.identity().incarnation);
    BOOST_TEST(read->payload.timestamp > 2'000'000'000'000u);
    receive(n3, response(n3, again));
    BOOST_TEST(view(n3).has_session);
}

BOOST_AUTO_TEST_CASE(a_clock_that_jumps_costs_new_keys_and_a_new_life_where_nobody_is_left) {
    SessionIndex index = open_from(n1);
    reach(n1, true);
    StallRecord jump{now, {StallKind::clock_stepped, 100s}};
    coordinator.handle_event(now, jump);
    Datagram asked = ask(n1);
    BOOST_REQUIRE(!asked.empty());
    BOOST_TEST((sessions(n1).at(0).local == index));  // sent on until the next is there
    receive(n1, response(n1, asked));
    BOOST_TEST(sessions(n1).size() == 2u);
    now += 10s;
    reach(n1, false);
    BOOST_TEST(sessions(n1).empty());
    BOOST_TEST(notices().find("snapshot") != std::string::npos);
    // Once.
    open_from(n1);
    reach(n1, false);
    BOOST_TEST(sessions(n1).size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core::test
