#include "netft/session/opening_machine.hpp"

#include <boost/test/unit_test.hpp>

namespace netft::session {
namespace {

PublicKey key(std::uint8_t first) {
    PublicKey key{};
    key[0] = first;
    return key;
}

// Two ends; `low` has the lower key.
struct Pair {
    OpeningMachine low{OpeningIdentity{{}, key(1), key(2), 11, SecurityMode::none}};
    OpeningMachine high{OpeningIdentity{{}, key(2), key(1), 22, SecurityMode::none}};
    TimePoint now{1h};
    Random random{1};
};

BOOST_FIXTURE_TEST_SUITE(opening_machine, Pair)

BOOST_AUTO_TEST_CASE(opens_a_session_that_the_responder_confirms_when_it_is_shown) {
    high.start(now, SessionIndex(100));
    BOOST_TEST(high.wants_transmit(now));
    Opening initiation = high.make_initiation(now, random);
    auto response = low.handle_initiation(now, initiation, SessionIndex(200));
    BOOST_REQUIRE(response.has_value());
    BOOST_TEST(low.current() == nullptr);
    BOOST_TEST(high.handle_response(now, initiation.sender_index, *response));
    BOOST_REQUIRE(high.current() != nullptr);
    BOOST_TEST(high.current()->remote.value == 200u);
    low.handle_shown(now, SessionIndex(200));
    BOOST_REQUIRE(low.current() != nullptr);
    BOOST_TEST(low.current()->remote.value == 100u);
    BOOST_TEST(low.current()->incarnation == 22u);
}

BOOST_AUTO_TEST_CASE(answers_copies_of_an_initiation_with_the_same_index) {
    high.start(now, SessionIndex(100));
    Opening initiation = high.make_initiation(now, random);
    auto first = low.handle_initiation(now, initiation, SessionIndex(200));
    auto second = low.handle_initiation(now, initiation, SessionIndex(201));
    BOOST_TEST((first == second));
    BOOST_TEST(low.sessions().size() == 1u);
}

BOOST_AUTO_TEST_CASE(agrees_on_one_session_when_both_initiate_at_once) {
    low.start(now, SessionIndex(1));
    high.start(now, SessionIndex(2));
    Opening from_low = low.make_initiation(now, random);
    Opening from_high = high.make_initiation(now, random);
    BOOST_TEST(!low.handle_initiation(now, from_high, SessionIndex(3)).has_value());
    auto response = high.handle_initiation(now, from_low, SessionIndex(4));
    BOOST_REQUIRE(response.has_value());
    BOOST_TEST(low.handle_response(now, SessionIndex(1), *response));
    high.handle_shown(now, SessionIndex(4));
    BOOST_TEST(low.current()->remote.value == 4u);
    BOOST_TEST(high.current()->remote.value == 1u);
    BOOST_TEST(!high.is_initiating());
}

BOOST_AUTO_TEST_CASE(ignores_an_answer_to_what_it_never_asked) {
    Opening stray{{}, key(1), key(2), SessionIndex(9), 11, SecurityMode::none};
    BOOST_TEST(!high.handle_response(now, SessionIndex(7), stray));
    high.start(now, SessionIndex(8));
    BOOST_TEST(!high.handle_response(now, SessionIndex(7), stray));
    BOOST_TEST(high.sessions().empty());
}

BOOST_AUTO_TEST_CASE(forgets_a_session_that_is_never_shown) {
    high.start(now, SessionIndex(100));
    (void)low.handle_initiation(now, high.make_initiation(now, random), SessionIndex(200));
    low.handle_timers(now + OpeningMachine::kPendingAge);
    BOOST_TEST(low.sessions().empty());
}

BOOST_AUTO_TEST_CASE(keeps_the_session_in_use_whatever_stragglers_come) {
    high.start(now, SessionIndex(100));
    (void)low.handle_initiation(now, high.make_initiation(now, random), SessionIndex(200));
    low.handle_shown(now, SessionIndex(200));
    for (std::uint32_t i = 0; i < 10; ++i) {
        Opening straggler{{}, key(2), key(1), SessionIndex(300 + i), 5, SecurityMode::none};
        (void)low.handle_initiation(now, straggler, SessionIndex(400 + i));
        BOOST_TEST(low.sessions().size() <= OpeningMachine::kSessionsMax);
        BOOST_REQUIRE(low.current() != nullptr);
        BOOST_TEST(low.current()->local.value == 200u);
    }
}

BOOST_AUTO_TEST_CASE(tries_again_ever_more_slowly_up_to_a_bound) {
    low.start(now, SessionIndex(1));
    Duration longest{};
    for (int i = 0; i < 20; ++i) {
        (void)low.make_initiation(now, random);
        Duration wait = *low.next_deadline() - now;
        longest = std::max(longest, wait);
        now += wait;
        BOOST_TEST(low.wants_transmit(now));
    }
    BOOST_TEST((longest <= OpeningMachine::kLastRetry));
    BOOST_TEST((longest > OpeningMachine::kLastRetry / 2));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::session
