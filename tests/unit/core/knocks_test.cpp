// What drops tell of nodes that do not fit: the log, the warnings, the standing.
#include "netft/core/knocks.hpp"

#include "tests/unit/core/secure_town.hpp"

namespace netft::core::test {
namespace {

struct Knocked : SecureTown {
    Standing standing(Actor who) {
        return coordinator.cluster_view(now).nodes[0].standings[who == n1 ? 1 : 2];
    }
    bool warns(const std::string& word) const {
        for (const std::string& text : coordinator.warnings())
            if (text.find(word) != std::string::npos) return true;
        return false;
    }
    // An initiation of `who` to another node's key than ours.
    Datagram misled(Actor who) {
        auto bytes = session::PendingInitiation::make(crypto, town.as(who, 1), town.key_of(n3),
                                                      SessionIndex(++next_index), ++next_timestamp)
                         ->datagram(crypto, {});
        return {bytes.begin(), bytes.end()};
    }
};

BOOST_FIXTURE_TEST_SUITE(knocks, Knocked)

BOOST_AUTO_TEST_CASE(an_unknown_key_is_named_once_a_minute_and_warned_of_while_it_lasts) {
    notices();
    for (int i = 0; i < 30; ++i) {
        receive(stranger, bytes_of(initiation(stranger)));
        now += 1s;
    }
    std::string said = notices();
    std::string key = to_base64(town.key_of(stranger));
    BOOST_TEST(said.find("10.0.0.4:3343 opens with key " + key) != std::string::npos);
    BOOST_TEST(said.find('\n') == said.size() - 1);
    BOOST_TEST(warns(key));
    now += 31s;
    receive(stranger, bytes_of(initiation(stranger)));
    BOOST_TEST(notices().find(key) != std::string::npos);
    now += 60s;
    coordinator.handle_timers(now);
    BOOST_TEST(!warns(key));
}

BOOST_AUTO_TEST_CASE(a_peer_that_comes_with_another_key_is_a_mismatch_until_it_is_gone) {
    receive(n1, bytes_of(initiation(stranger)));  // from n1's address
    BOOST_TEST((standing(n1) == Standing::unknown_key));
    BOOST_TEST(warns("the address of n1"));
    now += 60s;
    coordinator.handle_timers(now);
    BOOST_TEST((standing(n1) == Standing::no_session));
}

BOOST_AUTO_TEST_CASE(who_has_an_old_key_of_ours_is_a_mismatch) {
    receive(n1, misled(n1));
    BOOST_TEST((standing(n1) == Standing::knows_other_key));
    open_from(n1);
    reach(n1, true);
    receive(n1, misled(n1));  // anybody may send that
    reach(n1, false);
    BOOST_TEST((standing(n1) == Standing::no_card));
}

BOOST_AUTO_TEST_CASE(another_mode_and_another_cluster_are_a_mismatch) {
    Datagram clear(kHeaderSize + kOpeningSize);
    clear[0] = 0x11;
    receive(n1, clear);
    BOOST_TEST((standing(n1) == Standing::other_mode));
    session::HandshakeIdentity other = town.as(n3, 1);
    other.prologue.push_back('y');
    auto bytes = session::PendingInitiation::make(crypto, other, town.key_of(n2), SessionIndex(5),
                                                  ++next_timestamp)
                     ->datagram(crypto, {});
    receive(n3, bytes);
    BOOST_TEST((standing(n3) == Standing::other_cluster));
}

BOOST_AUTO_TEST_CASE(swapped_endpoints_name_both) {
    receive(n3, bytes_of(initiation(n1)));  // n1, from n3's address
    BOOST_TEST(warns("n1 opens from 10.0.0.3, which the configuration gives to n3"));
}

BOOST_AUTO_TEST_CASE(a_flood_of_sources_is_bounded) {
    Knocks book;
    unsigned said = 0;
    for (int i = 0; i < 1000; ++i) {
        auto from =
            IpAddress::v4({10, 1, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)});
        said += book.note(now, from, "x") ? 1 : 0;
    }
    BOOST_TEST(said == Knocks::kMax);
    BOOST_TEST(book.texts().size() == Knocks::kMax);
    book.handle_timers(now + Knocks::kLasts);
    BOOST_TEST(book.texts().empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core::test
