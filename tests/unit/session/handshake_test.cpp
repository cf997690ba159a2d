#include "netft/session/handshake.hpp"

#include <boost/test/unit_test.hpp>

#include "netft/control/libcrypto.hpp"
#include "netft/session/doorkeeper.hpp"

namespace netft::session {
namespace {

constexpr std::uint64_t kTimestamp = 1'700'000'000'000'000'000;

struct Two {
    control::Libcrypto crypto;
    HandshakeIdentity a = identity(1);
    HandshakeIdentity b = identity(2);
    TimePoint now{1h};
    Endpoint sender{IpAddress::v4({10, 0, 0, 9}), kNetftPort};
    DropReason why{};

    HandshakeIdentity identity(std::uint64_t incarnation) {
        HandshakeIdentity out;
        crypto.random(out.own.secret.room());
        out.own.open = crypto.public_of(out.own.secret);
        out.prologue = {'n', 'e', 't', 'f', 't', '1', 'x'};
        out.cluster_keys.resize(1);
        out.cluster_keys[0].room()[0] = 5;
        out.incarnation = incarnation;
        return out;
    }
    PendingInitiation initiation_of_a() {
        return *PendingInitiation::make(crypto, a, b.own.open, SessionIndex(77), kTimestamp);
    }
    HandshakeResponse response_of_b(const PendingInitiation& pending,
                                    HandshakeStatus status = HandshakeStatus::done) {
        auto read = read_initiation(crypto, b, pending.datagram(crypto, {}), why);
        BOOST_REQUIRE(read.has_value());
        return *write_response(crypto, b, *read, SessionIndex(88), status);
    }
    static Secret32 key_of(std::uint8_t first) {
        Secret32 key;
        key.room()[0] = first;
        return key;
    }
};

BOOST_FIXTURE_TEST_SUITE(handshake, Two)

BOOST_AUTO_TEST_CASE(two_nodes_agree_on_keys_and_say_who_they_are) {
    PendingInitiation pending = initiation_of_a();
    auto datagram = pending.datagram(crypto, {});
    BOOST_TEST(!check_handshake(crypto, b.own.open, MessageType::initiation, datagram));
    auto read = read_initiation(crypto, b, datagram, why);
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST((read->noise.initiator() == a.own.open));
    BOOST_TEST((read->payload ==
                InitiationPayload{SessionIndex(77), SecurityMode::encrypt, kTimestamp, 1}));
    auto response = write_response(crypto, b, *read, SessionIndex(88), HandshakeStatus::done);
    BOOST_TEST(!check_handshake(crypto, a.own.open, MessageType::response, response->datagram));
    auto answer = pending.read_response(a, response->datagram, why);
    BOOST_REQUIRE(answer.has_value());
    BOOST_TEST(answer->payload.incarnation == 2u);
    BOOST_TEST(answer->payload.index.value == 88u);
    BOOST_TEST((answer->keys->send == response->keys->receive));
    BOOST_TEST((answer->keys->receive == response->keys->send));
    BOOST_TEST(!(answer->keys->send == answer->keys->receive));
}

BOOST_AUTO_TEST_CASE(every_try_sends_the_same_bytes) {
    PendingInitiation pending = initiation_of_a();
    BOOST_TEST((pending.datagram(crypto, {}) == pending.datagram(crypto, {})));
}

BOOST_AUTO_TEST_CASE(any_changed_byte_is_a_named_drop) {
    PendingInitiation pending = initiation_of_a();
    auto initiation = pending.datagram(crypto, {});
    for (std::size_t i = 0; i < kInitiationSize - kMacSize; ++i) {
        auto bad = initiation;
        bad[i] ^= 1;
        auto reason = check_handshake(crypto, b.own.open, MessageType::initiation, bad);
        BOOST_TEST((reason == DropReason::rx_bad_mac), "byte " << i);
        // Whoever can make mac1 right is stopped by the seals.
        BOOST_TEST((i < kHandshakeIndexAt || i >= kInitiationSize - 2 * kMacSize ||
                    !read_initiation(crypto, b, bad, why)),
                   "byte " << i);
    }
    auto response = response_of_b(pending).datagram;
    for (std::size_t i = kHandshakeIndexAt; i < kResponseSize - 2 * kMacSize; ++i) {
        auto bad = response;
        bad[i] ^= 1;
        BOOST_TEST(!pending.read_response(a, bad, why).has_value(), "byte " << i);
    }
    BOOST_TEST(pending.read_response(a, response, why).has_value());
}

BOOST_AUTO_TEST_CASE(any_other_length_is_a_named_drop) {
    std::vector<std::uint8_t> bytes(kInitiationSize + 1);
    for (std::size_t size = kHeaderSize; size <= bytes.size(); ++size) {
        auto reason =
            check_handshake(crypto, b.own.open, MessageType::initiation, Bytes(bytes).first(size));
        BOOST_TEST((reason == (size < kInitiationSize   ? DropReason::rx_truncated
                               : size > kInitiationSize ? DropReason::rx_malformed
                                                        : DropReason::rx_bad_mac)));
    }
}

BOOST_AUTO_TEST_CASE(a_message_for_somebody_else_is_told_by_its_mac) {
    auto datagram = initiation_of_a().datagram(crypto, {});
    auto reason = check_handshake(crypto, a.own.open, MessageType::initiation, datagram);
    BOOST_TEST((reason == DropReason::rx_bad_mac));  // reflected to its sender
}

BOOST_AUTO_TEST_CASE(two_cluster_keys_are_accepted_at_once) {
    struct Row {
        std::vector<std::uint8_t> asks;
        std::vector<std::uint8_t> answers;
        bool agree;
    };
    // The rotation: add second, then promote, then retire; each step is met by its neighbours.
    for (const Row& row :
         {Row{{5}, {5, 6}, true}, Row{{5, 6}, {5}, true}, Row{{5, 6}, {6, 5}, true},
          Row{{6, 5}, {5, 6}, true}, Row{{6, 5}, {6}, true}, Row{{6}, {6, 5}, true},
          Row{{5}, {6, 5}, false}, Row{{5}, {6}, false}, Row{{6}, {5}, false}}) {
        a.cluster_keys.clear();
        b.cluster_keys.clear();
        for (std::uint8_t key : row.asks) a.cluster_keys.push_back(key_of(key));
        for (std::uint8_t key : row.answers) b.cluster_keys.push_back(key_of(key));
        PendingInitiation pending = initiation_of_a();
        auto answer = pending.read_response(a, response_of_b(pending).datagram, why);
        BOOST_TEST(answer.has_value() == row.agree);
        if (!row.agree) BOOST_TEST((why == DropReason::rx_wrong_cluster_key));
    }
}

BOOST_AUTO_TEST_CASE(another_cluster_does_not_open) {
    b.prologue.back() = 'y';
    auto datagram = initiation_of_a().datagram(crypto, {});
    BOOST_TEST(!read_initiation(crypto, b, datagram, why).has_value());
    BOOST_TEST((why == DropReason::rx_bad_seal));
}

BOOST_AUTO_TEST_CASE(a_clone_is_told_so) {
    PendingInitiation pending = initiation_of_a();
    auto answer =
        pending.read_response(a, response_of_b(pending, HandshakeStatus::cloned).datagram, why);
    BOOST_TEST((answer->payload.status == HandshakeStatus::cloned));
}

BOOST_AUTO_TEST_CASE(a_cookie_proves_the_address_it_was_given_to) {
    CookieJar jar(b.own.open);
    CookieStore store;
    PendingInitiation pending = initiation_of_a();
    auto first = pending.datagram(crypto, store.current(now));
    BOOST_TEST(!jar.is_valid(crypto, now, sender, first));
    auto cookie = jar.answer(crypto, now, sender, first);
    BOOST_TEST(
        (*decode_header(cookie, why) == Header{MessageType::cookie, 0, 0, SessionIndex(77), 0}));
    BOOST_REQUIRE(store.take(crypto, now, b.own.open, pending.mac1(), cookie));
    auto second = pending.datagram(crypto, store.current(now));
    BOOST_TEST(jar.is_valid(crypto, now, sender, second));
    BOOST_TEST(!check_handshake(crypto, b.own.open, MessageType::initiation, second));
    Endpoint elsewhere{IpAddress::v4({10, 0, 0, 8}), kNetftPort};
    BOOST_TEST(!jar.is_valid(crypto, now, elsewhere, second));
    BOOST_TEST(!jar.is_valid(crypto, now, Endpoint{sender.address, 1}, second));
    // Over the change of the secret it holds once, then no more.
    BOOST_TEST(jar.is_valid(crypto, now + kCookieAge, sender, second));
    BOOST_TEST(!jar.is_valid(crypto, now + 2 * kCookieAge, sender, second));
    BOOST_TEST(!store.current(now + kCookieAge).has_value());
}

BOOST_AUTO_TEST_CASE(a_changed_or_foreign_cookie_is_not_taken) {
    CookieJar jar(b.own.open);
    CookieStore store;
    PendingInitiation pending = initiation_of_a();
    auto cookie = jar.answer(crypto, now, sender, pending.datagram(crypto, {}));
    for (std::size_t i = kHeaderSize; i < kCookieSize; ++i) {
        auto bad = cookie;
        bad[i] ^= 1;
        BOOST_TEST(!store.take(crypto, now, b.own.open, pending.mac1(), bad));
    }
    BOOST_TEST(!store.take(crypto, now, a.own.open, pending.mac1(), cookie));
    BOOST_TEST(!store.take(crypto, now, b.own.open, Mac{}, cookie));
    BOOST_TEST(!store.take(crypto, now, b.own.open, pending.mac1(), Bytes(cookie).first(59)));
    BOOST_TEST(!store.current(now).has_value());
}

BOOST_AUTO_TEST_CASE(the_doorkeeper_is_quiet_at_first_and_again_after_a_flood) {
    Doorkeeper door(crypto);
    unsigned taken = 0;
    for (int i = 0; i < 1000; ++i) taken += door.is_quiet(now) ? 1 : 0;
    BOOST_TEST(taken == Doorkeeper::kQuietBurst);
    now += 1s;
    taken = 0;
    for (int i = 0; i < 1000; ++i) taken += door.is_quiet(now) ? 1 : 0;
    BOOST_TEST(taken == Doorkeeper::kQuietPerSecond);
    now += 1h;
    BOOST_TEST(door.is_quiet(now));
}

BOOST_AUTO_TEST_CASE(under_load_an_address_gets_its_share_and_leaves_others_theirs) {
    Doorkeeper door(crypto);
    unsigned taken = 0;
    for (int i = 0; i < 1000; ++i) taken += door.take(crypto, now, sender, false) ? 1 : 0;
    BOOST_TEST(taken == Doorkeeper::kSourceBurst);
    BOOST_TEST(door.take(crypto, now, Endpoint{IpAddress::v4({10, 0, 0, 8}), 1}, false));
    BOOST_TEST(
        !door.take(crypto, now, Endpoint{sender.address, 9}, false));  // the port does not matter
    BOOST_TEST(door.take(crypto, now + 1s, sender, false));
}

BOOST_AUTO_TEST_CASE(an_ipv6_network_is_one_source_but_for_nodes_in_it) {
    Doorkeeper door(crypto);
    auto at = [](std::uint8_t subnet, std::uint8_t host) {
        return Endpoint{IpAddress::v6({0xfd, 0, 0, 0, 0, 0, 0, subnet, 0, 0, 0, 0, 0, 0, 0, host}),
                        1};
    };
    unsigned taken = 0;
    for (int i = 0; i < 200; ++i) {
        auto host = static_cast<std::uint8_t>(i);
        taken += door.take(crypto, now, at(1, host), false) ? 1 : 0;
    }
    BOOST_TEST(taken == Doorkeeper::kSourceBurst);
    BOOST_TEST(door.take(crypto, now, at(2, 1), false));
    BOOST_TEST(door.take(crypto, now, at(1, 1), true));
}

BOOST_AUTO_TEST_CASE(key_agreements_for_nothing_have_a_budget_that_leaves_the_nodes_theirs) {
    Doorkeeper door(crypto);
    unsigned agreements = 0;
    for (int ms = 0; ms < 10'000; ++ms)
        for (int i = 0; i < 10; ++i) {
            TimePoint at = now + ms * Duration(1ms);
            if (!door.has_time(at, false)) continue;
            door.count_waste(at, false, 2);
            agreements += 2;
        }
    BOOST_TEST(agreements <= 10 * Doorkeeper::kWastePerSecond + Doorkeeper::kWasteBurst + 2);
    BOOST_TEST(!door.has_time(now + 10s - 1ms, false));
    BOOST_TEST(door.has_time(now + 10s, true));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::session
