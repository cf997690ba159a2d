#include "netft/session/opening_machine.hpp"

#include <boost/test/unit_test.hpp>

namespace netft::session {
namespace {

constexpr std::uint64_t kLowLife = 11;
constexpr std::uint64_t kHighLife = 22;

// Two ends; `low` has the lower key. Keys are renewed after a minute.
struct Pair {
    OpeningMachine low{true, 60s};
    OpeningMachine high{false, 60s};
    TimePoint now{1h};
    Random random{1};

    // One try of an end that initiates: what its initiation claims.
    OpeningClaim try_once(OpeningMachine& machine, std::uint64_t life) {
        OpeningClaim claim{*machine.initiating(), life};
        machine.count_try(now, random);
        return claim;
    }
    // High asks with index `asked`, low answers with `answered`; not yet shown.
    void open_from_high(std::uint32_t asked, std::uint32_t answered) {
        high.start(now, SessionIndex(asked));
        auto index = low.handle_initiation(now, try_once(high, kHighLife), SessionIndex(answered));
        BOOST_REQUIRE(index.has_value());
        BOOST_REQUIRE(high.handle_response(now, SessionIndex(asked), {*index, kLowLife}, nullptr));
    }
};

BOOST_FIXTURE_TEST_SUITE(opening_machine, Pair)

BOOST_AUTO_TEST_CASE(opens_a_session_that_the_responder_confirms_when_it_is_shown) {
    open_from_high(100, 200);
    BOOST_TEST(low.current() == nullptr);
    BOOST_REQUIRE(high.current() != nullptr);
    BOOST_TEST(high.current()->remote.value == 200u);
    low.handle_shown(now, SessionIndex(200));
    BOOST_REQUIRE(low.current() != nullptr);
    BOOST_TEST(low.current()->remote.value == 100u);
    BOOST_TEST(low.current()->incarnation == kHighLife);
}

BOOST_AUTO_TEST_CASE(answers_copies_of_an_initiation_with_the_same_index) {
    high.start(now, SessionIndex(100));
    OpeningClaim claim = try_once(high, kHighLife);
    auto first = low.handle_initiation(now, claim, SessionIndex(200));
    auto second = low.handle_initiation(now, claim, SessionIndex(201));
    BOOST_TEST((first == second));
    BOOST_TEST(low.sessions().size() == 1u);
}

BOOST_AUTO_TEST_CASE(agrees_on_one_session_when_both_initiate_at_once) {
    low.start(now, SessionIndex(1));
    high.start(now, SessionIndex(2));
    OpeningClaim from_low = try_once(low, kLowLife);
    OpeningClaim from_high = try_once(high, kHighLife);
    BOOST_TEST(!low.handle_initiation(now, from_high, SessionIndex(3)).has_value());
    auto index = high.handle_initiation(now, from_low, SessionIndex(4));
    BOOST_REQUIRE(index.has_value());
    BOOST_TEST(low.handle_response(now, SessionIndex(1), {*index, kHighLife}, nullptr));
    high.handle_shown(now, SessionIndex(4));
    BOOST_TEST(low.current()->remote.value == 4u);
    BOOST_TEST(high.current()->remote.value == 1u);
    BOOST_TEST(!high.is_initiating());
}

BOOST_AUTO_TEST_CASE(ignores_an_answer_to_what_it_never_asked) {
    BOOST_TEST(!high.handle_response(now, SessionIndex(7), {SessionIndex(9), 11}, nullptr));
    high.start(now, SessionIndex(8));
    BOOST_TEST(!high.handle_response(now, SessionIndex(7), {SessionIndex(9), 11}, nullptr));
    BOOST_TEST(high.sessions().empty());
}

BOOST_AUTO_TEST_CASE(forgets_a_session_that_is_never_shown) {
    high.start(now, SessionIndex(100));
    (void)low.handle_initiation(now, try_once(high, kHighLife), SessionIndex(200));
    low.handle_timers(now + OpeningMachine::kPendingAge);
    BOOST_TEST(low.sessions().empty());
    BOOST_TEST(!low.has_session(SessionIndex(200)));
}

BOOST_AUTO_TEST_CASE(keeps_the_session_in_use_whatever_stragglers_come) {
    open_from_high(100, 200);
    low.handle_shown(now, SessionIndex(200));
    for (std::uint32_t i = 0; i < 10; ++i) {
        (void)low.handle_initiation(now, {SessionIndex(300 + i), 5}, SessionIndex(400 + i));
        BOOST_TEST(low.sessions().size() <= OpeningMachine::kSessionsMax);
        BOOST_REQUIRE(low.current() != nullptr);
        BOOST_TEST(low.current()->local.value == 200u);
    }
}

BOOST_AUTO_TEST_CASE(tries_again_ever_more_slowly_up_to_a_bound) {
    low.start(now, SessionIndex(1));
    Duration longest{};
    for (int i = 0; i < 20; ++i) {
        low.count_try(now, random);
        Duration wait = *low.next_deadline() - now;
        longest = std::max(longest, wait);
        now += wait;
        BOOST_TEST(low.wants_transmit(now));
    }
    BOOST_TEST((longest <= OpeningMachine::kLastRetry));
    BOOST_TEST((longest > OpeningMachine::kLastRetry / 2));
}

BOOST_AUTO_TEST_CASE(asks_with_another_index_when_nobody_answers_for_long) {
    low.start(now, SessionIndex(1));
    BOOST_TEST(!low.wants_fresh_initiation(now + OpeningMachine::kInitiationAge - 1ns));
    now += OpeningMachine::kInitiationAge;
    BOOST_TEST(low.wants_fresh_initiation(now));
    low.renew_initiation(now, SessionIndex(2));
    BOOST_TEST(low.initiating()->value == 2u);
    BOOST_TEST(!low.wants_fresh_initiation(now));
    BOOST_TEST(!low.handle_response(now, SessionIndex(1), {SessionIndex(9), kHighLife}, nullptr));
}

BOOST_AUTO_TEST_CASE(the_initiator_renews_first_and_its_peer_some_time_later) {
    open_from_high(100, 200);
    low.handle_shown(now, SessionIndex(200));
    now += 60s - 1ns;
    BOOST_TEST(!high.wants_renewal(now));
    now += 1ns;
    BOOST_TEST(high.wants_renewal(now));
    BOOST_TEST(!low.wants_renewal(now));
    BOOST_TEST((*high.next_deadline() == now));
    now += OpeningMachine::kRenewalGrace;
    BOOST_TEST(low.wants_renewal(now));
}

BOOST_AUTO_TEST_CASE(both_ends_go_on_with_the_old_session_until_the_new_one_is_shown) {
    open_from_high(100, 200);
    low.handle_shown(now, SessionIndex(200));
    now += 60s;
    high.start(now, SessionIndex(101));
    auto index = low.handle_initiation(now, try_once(high, kHighLife), SessionIndex(201));
    BOOST_REQUIRE(index.has_value());
    BOOST_TEST(low.current()->local.value == 200u);
    BOOST_TEST(high.current()->local.value == 100u);
    BOOST_TEST(high.handle_response(now, SessionIndex(101), {*index, kLowLife}, nullptr));
    BOOST_TEST(high.current()->local.value == 101u);
    low.handle_shown(now, SessionIndex(201));
    BOOST_TEST(low.current()->local.value == 201u);
    for (OpeningMachine* end : {&low, &high}) {
        BOOST_TEST(end->sessions().size() == 2u);
        end->handle_timers(now + OpeningMachine::kSupersededAge);
        BOOST_TEST(end->sessions().size() == 1u);
    }
}

BOOST_AUTO_TEST_CASE(mode_none_never_renews) {
    low.set_renew_after({});
    open_from_high(100, 200);
    low.handle_shown(now, SessionIndex(200));
    BOOST_TEST(!low.wants_renewal(now + 1000h));
    BOOST_TEST(!low.next_deadline().has_value());
}

BOOST_AUTO_TEST_CASE(a_life_of_the_peer_can_be_dropped_with_all_its_sessions) {
    open_from_high(100, 200);
    low.handle_shown(now, SessionIndex(200));
    (void)low.handle_initiation(now, {SessionIndex(300), 5}, SessionIndex(400));
    low.drop_incarnation(kHighLife);
    BOOST_TEST(!low.has_session(SessionIndex(200)));
    BOOST_TEST(low.has_session(SessionIndex(400)));
}

BOOST_AUTO_TEST_CASE(keys_belong_to_their_session_alone) {
    high.start(now, SessionIndex(100));
    (void)low.handle_initiation(now, try_once(high, kHighLife), SessionIndex(200));
    auto keys = std::make_shared<const SessionKeys>();
    low.set_keys(SessionIndex(200), keys);
    low.set_keys(SessionIndex(999), nullptr);
    BOOST_TEST((low.sessions().at(0).keys == keys));
}

BOOST_AUTO_TEST_CASE(a_sign_of_life_ends_the_waiting_of_one_who_has_long_asked_in_vain) {
    Pair p;
    p.low.start(p.now, SessionIndex(1));
    p.try_once(p.low, kLowLife);
    TimePoint planned = *p.low.next_try();
    p.low.handle_sign_of_life(p.now);
    BOOST_TEST((p.low.next_try() == planned));  // it comes soon anyway
    for (int i = 0; i < 6; ++i) p.try_once(p.low, kLowLife);
    p.low.handle_sign_of_life(p.now);
    BOOST_TEST((p.low.next_try() == p.now));
    // Its initiation is still the one to be answered.
    BOOST_TEST(!p.low.handle_initiation(p.now, {SessionIndex(9), kHighLife}, SessionIndex(2)));
    p.try_once(p.low, kLowLife);
    p.low.handle_sign_of_life(p.now);
    BOOST_TEST((*p.low.next_try() > p.now));  // once, not for every copy
}

BOOST_AUTO_TEST_CASE(a_cookie_is_used_within_the_first_interval) {
    Pair p;
    p.low.handle_cookie(p.now, p.random);  // asks nobody: nothing happens
    BOOST_TEST(!p.low.next_try());
    p.low.start(p.now, SessionIndex(1));
    for (int i = 0; i < 6; ++i) p.try_once(p.low, kLowLife);
    BOOST_TEST((*p.low.next_try() > p.now + OpeningMachine::kFirstRetry));
    p.low.handle_cookie(p.now, p.random);
    BOOST_TEST((*p.low.next_try() > p.now));
    BOOST_TEST((*p.low.next_try() <= p.now + OpeningMachine::kFirstRetry));
}

BOOST_AUTO_TEST_CASE(a_session_that_is_never_renewed_ends) {
    open_from_high(100, 200);
    low.handle_shown(now, SessionIndex(200));
    Duration age = *high.end_age();
    BOOST_TEST((age == 10 * 60s));
    BOOST_TEST((*high.overdue_at() == now + 2 * 60s));
    high.handle_timers(now + age - 1ns);
    BOOST_REQUIRE(high.current() != nullptr);
    high.handle_timers(now + age);
    low.handle_timers(now + age);
    BOOST_TEST(high.sessions().empty());
    BOOST_TEST(low.sessions().empty());
    low.set_renew_after(1s);
    BOOST_TEST((*low.end_age() == OpeningMachine::kLeastEnd));
    low.set_renew_after({});
    BOOST_TEST(!low.end_age().has_value());
}

BOOST_AUTO_TEST_CASE(a_life_that_comes_back_has_no_older_sessions) {
    open_from_high(100, 200);
    low.handle_shown(now, SessionIndex(200));
    auto index = low.handle_initiation(now, {SessionIndex(101), 33}, SessionIndex(201));
    low.handle_shown(now, *index);
    index = low.handle_initiation(now, {SessionIndex(102), kHighLife}, SessionIndex(202));
    low.handle_shown(now, *index);
    BOOST_TEST(low.sessions().size() == 3u);
    low.drop_predecessors();
    BOOST_TEST(low.sessions().size() == 2u);
    BOOST_TEST(!low.has_session(SessionIndex(200)));
    BOOST_TEST(low.current()->local.value == 202u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::session
