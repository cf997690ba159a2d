// Nothing unauthenticated changes any state but counters and cookies: everything that can be seen
// of a coordinator is compared before and after each of some ten thousand hostile datagrams.
#include <map>
#include <set>

#include "tests/unit/core/secure_town.hpp"

namespace netft::core::test {
namespace {

// n1 has a session and is reachable; n3 has been asked and has not answered yet.
struct Besieged : SecureTown {
    Random random{42};
    Datagram answered;    // n1's initiation that made the session
    Datagram answer;      // ours to it
    Datagram fresh;       // n1's next one, never delivered before the end
    Datagram asked;       // ours to n3
    Datagram response_3;  // n3's to it, never delivered before the end
    Datagram cookie_3;    // likewise
    std::size_t cases = 0;
    std::map<std::string, TimePoint> said;
    // Everything that could be read off the coordinator.
    std::string before;

    Besieged() {
        session::PendingInitiation first = initiation(n1);
        answered = bytes_of(first);
        receive(n1, answered);
        answer = sends(MessageType::response).at(0).bytes;
        show(n1, sessions(n1).at(0).local);
        receive_card();
        reach(n1, true);
        asked = ask(n3);
        fresh = bytes_of(initiation(n1));
        response_3 = response(n3, asked);
        session::CookieJar jar(town.key_of(n3));
        auto cookie = jar.answer(crypto, now, Town::endpoint(n2), asked);
        cookie_3.assign(cookie.begin(), cookie.end());
        notices();
        before = observe();
    }
    void receive_card() {
        Datagram bytes(kHeaderSize + kControlBytesMax);
        ByteWriter out(bytes);
        encode(Header{MessageType::control, 0, 0, SessionIndex(1), 1}, out);
        encode(ControlMessage{2, town.card(n1, 1)}, out);
        receive(n1, out.written(), PeerId(n1));
        sends();
    }
    std::string observe() const {
        std::string out;
        auto add = [&out](auto number) { out += std::to_string(number) + " "; };
        for (const PeerView& peer : coordinator.peers()) {
            out += peer.name + peer.note + peer.ipv4.to_string() + peer.ipv6.to_string();
            for (bool b : {peer.has_session, peer.has_card, peer.reachable}) add(b ? 1 : 0);
            add(peer.session_since ? to_ns(*peer.session_since) : 0);
            add(peer.sessions_opened);
        }
        auto due = coordinator.next_deadline();
        add(due ? to_ns(*due) : 0);
        for (const routing::Route& route : coordinator.routes()) {
            out += route.local.to_string() + route.remote.to_string();
            add(route.id.value);
            add(route.usable ? 1 : 0);
        }
        for (const std::string& warning : coordinator.warnings())
            if (warning.find(" opens ") == std::string::npos) out += warning;  // bounded: Knocks
        add(coordinator.endpoints().size());
        add(coordinator.adapter_mtu());
        return out;
    }
    // One hostile datagram: dropped by name or answered as its like was before, and that is all.
    void attack(Actor from, const Datagram& bytes) {
        ++cases;
        std::uint64_t drops = coordinator.drops().total();
        std::uint64_t asked_for_cookie = this->drops(DropReason::rx_needs_cookie);
        receive(from, bytes);
        bool changed = coordinator.poll_plan().has_value() || observe() != before;
        std::size_t copies = 0;
        std::size_t cookies = 0;
        while (auto send = coordinator.poll_send()) {
            changed |= send->remote != Town::endpoint(from) || send->seal.value != 0;
            if (send->bytes == answer)
                ++copies;
            else if (send->bytes.size() == kCookieSize && (send->bytes[0] & 15) == 3)
                ++cookies;
            else
                changed = true;
        }
        changed |= coordinator.drops().total() - drops != 1 - copies;
        changed |= this->drops(DropReason::rx_needs_cookie) - asked_for_cookie != cookies;
        check_notices();
        if (changed) BOOST_ERROR("case " << cases << " changed something: " << to_hex(bytes));
    }
    // What a stranger can make us say: two things, each once a minute.
    void check_notices() {
        while (auto notice = coordinator.poll_notice()) {
            bool is_known = notice->text.find("cluster key?") != std::string::npos ||
                            notice->text.find("uses the key of this node") != std::string::npos ||
                            notice->text.find(" opens ") != std::string::npos;
            auto last = said.find(notice->text);
            bool is_early = last != said.end() && now - last->second < 60s;
            BOOST_TEST((is_known && !is_early), notice->text);
            said[notice->text] = now;
        }
    }
    void make_mac1_right(Datagram& bytes) {
        Mac mac1 = session::make_mac1(crypto, town.key_of(n2), before_mac1(bytes));
        std::copy(mac1.begin(), mac1.end(), bytes.end() - 2 * kMacSize);
    }
    Actor anybody() { return static_cast<Actor>(random.below(fuzz::kActors)); }
    // So much later that we are not under load.
    void rest() { now += 20ms; }

    // All but mac2, which nobody has asked for, and the header's fields that a cookie leaves alone.
    static bool is_looked_at(const Datagram& good, std::size_t at) {
        if (good.size() != kCookieSize) return at < good.size() - kMacSize;
        return at == 0 || (at >= 4 && at < 8) || at >= kHeaderSize;
    }
    void flip_every_bit(const Datagram& good) {
        for (std::size_t i = 0; i < good.size() * 8; ++i) {
            if (!is_looked_at(good, i / 8)) continue;
            Datagram bad = good;
            bad[i / 8] ^= static_cast<std::uint8_t>(1 << i % 8);
            rest();
            attack(anybody(), bad);
        }
    }
    // By somebody who can compute mac1, as everybody can.
    void flip_every_sealed_byte(const Datagram& good) {
        for (std::size_t i = kHandshakeIndexAt; i < good.size() - 2 * kMacSize; ++i) {
            Datagram bad = good;
            bad[i] ^= static_cast<std::uint8_t>(1 + random.below(255));
            make_mac1_right(bad);
            rest();
            attack(anybody(), bad);
        }
    }
    void cut_everywhere(const Datagram& good) {
        for (std::size_t size = 0; size < good.size(); ++size) {
            attack(anybody(), Datagram(good.begin(), good.begin() + static_cast<long>(size)));
            Datagram longer = good;
            longer.resize(good.size() + size + 1);
            attack(anybody(), longer);
        }
    }
    void send_anything(std::size_t times) {
        static constexpr std::size_t kSizes[] = {kInitiationSize, kResponseSize, kCookieSize};
        for (std::size_t i = 0; i < times; ++i) {
            std::size_t type = random.below(8);
            bool is_likely = type >= 1 && type <= 3 && random.chance(0.7);
            Datagram bytes(is_likely ? kSizes[type - 1] : random.below(300));
            for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.next());
            if (!bytes.empty()) bytes[0] = static_cast<std::uint8_t>(0x10 | type);
            if (is_likely && type != 3 && random.chance(0.5)) make_mac1_right(bytes);
            if (random.chance(0.01)) rest();
            attack(anybody(), bytes);
        }
    }
};

BOOST_FIXTURE_TEST_SUITE(coordinator_security, Besieged)

BOOST_AUTO_TEST_CASE(nothing_unauthenticated_changes_anything) {
    for (const Datagram& good : {fresh, answered, response_3, cookie_3}) {
        flip_every_bit(good);
        cut_everywhere(good);
    }
    for (const Datagram& good : {fresh, response_3}) flip_every_sealed_byte(good);
    send_anything(30'000);
    // Who they are is not who we know; or it was meant for others.
    for (int i = 0; i < 200; ++i) {
        rest();
        attack(anybody(), bytes_of(initiation(stranger)));
        attack(anybody(), response(n3, asked, 1, 2));  // another cluster key
        attack(anybody(), asked);                      // reflected
        attack(anybody(), answer);
        attack(anybody(), answered);                                   // replayed: the same answer
        if (i % 10 == 0) attack(anybody(), bytes_of(initiation(n2)));  // a clone of ours
    }
    BOOST_TEST(cases > 30'000u);
    BOOST_TEST(drops(DropReason::rx_needs_cookie) > 0u);
    BOOST_TEST(drops(DropReason::rx_bad_seal) > 100u);
    BOOST_TEST(drops(DropReason::rx_unknown_node) == 200u);
    // After all of it the honest ones get through.
    rest();
    receive(n3, response_3);
    BOOST_TEST(view(n3).has_session);
    receive(n1, fresh);
    BOOST_TEST(sends(MessageType::response).size() == 1u);
    show(n1, sessions(n1).back().local);
    BOOST_TEST(view(n1).sessions_opened == 2u);
}

BOOST_AUTO_TEST_CASE(captured_initiations_change_nothing_while_the_peer_is_reachable) {
    std::vector<Datagram> captured;
    for (int i = 0; i < 50; ++i) captured.push_back(bytes_of(initiation(n1)));
    receive(n1, fresh = bytes_of(initiation(n1)));
    answer = sends(MessageType::response).at(0).bytes;
    show(n1, sessions(n1).back().local);
    reach(n1, true);
    sends();
    before = observe();
    for (int round = 0; round < 10; ++round)
        for (const Datagram& old : captured) {
            rest();
            attack(anybody(), old);
        }
    BOOST_TEST(drops(DropReason::rx_replayed_opening) == 500u);
}

// A flood that we are made to answer must not grow what we hold.
BOOST_AUTO_TEST_CASE(a_flood_is_answered_with_cookies_only) {
    Datagram flood = bytes_of(initiation(stranger));
    for (int i = 0; i < 2000; ++i) attack(stranger, flood);
    BOOST_TEST(drops(DropReason::rx_unknown_node) <= session::Doorkeeper::kQuietBurst);
    BOOST_TEST(drops(DropReason::rx_needs_cookie) >= 2000u - session::Doorkeeper::kQuietBurst);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core::test
