#include "netft/wire/heartbeat.hpp"

#include "tests/unit/wire/roundtrip.hpp"

using namespace netft;
using namespace netft::test;
using std::chrono::microseconds;

namespace {

Heartbeat sample() {
    Heartbeat h;
    h.state = BfdState::up;
    h.final = true;
    h.suspect = true;
    h.diagnostic = Diagnostic::carrier_lost;
    h.threshold = 5;
    h.sender_route = RouteId(0x0102);
    h.receiver_route = RouteId(0x0304);
    h.desired_tx = microseconds(100'000);
    h.required_rx = microseconds(250'000);
    h.transmit_time_ns = 0x1112131415161718;
    h.echo_time_ns = 0x2122232425262728;
    h.echo_hold = microseconds(0x31323334);
    h.heartbeats_received = 0x41;
    h.highest_counter = 0x42;
    h.data_received = 0x43;
    h.probes_sent = 0x51525354;
    h.probes_received = 0x61;
    return h;
}

microseconds random_interval(Random& random, std::uint64_t low) {
    return microseconds(low + random.below(0x100000000 - low));
}

Heartbeat random_heartbeat(Random& random) {
    Heartbeat h;
    h.state = static_cast<BfdState>(random.below(4));
    for (bool* flag : {&h.poll, &h.final, &h.graceful_restart, &h.stalled, &h.suspect, &h.notice})
        *flag = random.chance(0.5);
    h.diagnostic = static_cast<Diagnostic>(random.below(256));
    h.threshold = static_cast<std::uint8_t>(1 + random.below(255));
    h.sender_route = RouteId(static_cast<std::uint16_t>(1 + random.below(65535)));
    h.receiver_route = RouteId(static_cast<std::uint16_t>(random.next()));
    h.desired_tx = random_interval(random, 1);
    h.required_rx = random_interval(random, 1);
    h.transmit_time_ns = random.next();
    h.echo_time_ns = random.next();
    h.echo_hold = random_interval(random, 0);
    h.heartbeats_received = random.next();
    h.highest_counter = random.next();
    h.data_received = random.next();
    h.probes_sent = static_cast<std::uint32_t>(random.next());
    h.probes_received = static_cast<std::uint8_t>(random.next());
    return h;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(heartbeat)

BOOST_AUTO_TEST_CASE(a_heartbeat_has_these_bytes) {
    BOOST_TEST(to_hex(encoded(sample())) ==
               "d2100561"
               "01020304"
               "000186a0"
               "0003d090"
               "1112131415161718"
               "2122232425262728"
               "31323334"
               "51525354"
               "0000000000000041"
               "0000000000000042"
               "0000000000000043"
               "0000000000000000");
    BOOST_TEST(encoded(sample()).size() == kHeartbeatSize);
}

BOOST_AUTO_TEST_CASE(what_was_taken_may_be_said_or_not) {
    Heartbeat h = sample();
    h.data_taken = 0;
    BOOST_TEST(encoded(h).back() == 1);
    BOOST_CHECK(decode_heartbeat(encoded(h)) == h);
    auto older = encoded(h);
    older.resize(kHeartbeatSizeMin);
    h.data_taken.reset();
    BOOST_CHECK(decode_heartbeat(older) == h);
}

BOOST_AUTO_TEST_CASE(each_flag_has_its_bit) {
    struct Case {
        bool Heartbeat::*flag;
        int bit;
    };
    for (const Case& c : {Case{&Heartbeat::poll, 0x20}, Case{&Heartbeat::final, 0x10},
                          Case{&Heartbeat::graceful_restart, 0x08}, Case{&Heartbeat::stalled, 0x04},
                          Case{&Heartbeat::suspect, 0x02}, Case{&Heartbeat::notice, 0x01}}) {
        Heartbeat h;
        h.state = BfdState::admin_down;
        h.*c.flag = true;
        BOOST_TEST(int{encoded(h)[0]} == c.bit);
    }
}

BOOST_AUTO_TEST_CASE(decoding_what_was_encoded_gives_the_same_heartbeat) {
    check_roundtrips(103, random_heartbeat, decode_heartbeat);
}

BOOST_AUTO_TEST_CASE(a_shorter_heartbeat_is_refused_and_padding_is_ignored) {
    auto shortest = encoded(sample());
    shortest.resize(kHeartbeatSizeMin);
    check_truncations(shortest, decode_heartbeat);
    auto padded = encoded(sample());
    padded.resize(1400);
    BOOST_CHECK(decode_heartbeat(padded) == sample());
}

BOOST_AUTO_TEST_CASE(fields_that_must_not_be_zero_are_refused_when_zero) {
    Heartbeat h = sample();
    h.threshold = 0;
    BOOST_TEST(!decode_heartbeat(encoded(h)).has_value());
    h = sample();
    h.sender_route = RouteId(0);
    BOOST_TEST(!decode_heartbeat(encoded(h)).has_value());
    h = sample();
    h.desired_tx = microseconds(0);
    BOOST_TEST(!decode_heartbeat(encoded(h)).has_value());
    h = sample();
    h.required_rx = microseconds(0);
    BOOST_TEST(!decode_heartbeat(encoded(h)).has_value());
    h = sample();
    h.receiver_route = RouteId(0);  // "not known yet" is fine
    BOOST_TEST(decode_heartbeat(encoded(h)).has_value());
}

BOOST_AUTO_TEST_CASE(times_that_do_not_fit_are_cut_to_the_range_of_the_field) {
    Heartbeat h = sample();
    h.desired_tx = std::chrono::hours(2);
    h.echo_hold = microseconds(-1);
    Heartbeat again = decode_heartbeat(encoded(h)).value();
    BOOST_TEST(again.desired_tx.count() == 0xffffffff);
    BOOST_TEST(again.echo_hold.count() == 0);
}

BOOST_AUTO_TEST_CASE(every_state_and_diagnostic_has_a_name_of_its_own) {
    BOOST_TEST(to_string(BfdState::admin_down) == "admin-down");
    BOOST_TEST(to_string(BfdState::up) == "up");
    BOOST_TEST(to_string(Diagnostic::detection_time_expired) == "detection time expired");
    BOOST_TEST(to_string(Diagnostic::heartbeats_missed) == "heartbeats missed");
    std::vector<std::string_view> names;
    for (int i = 0; i < 256; ++i) names.push_back(to_string(static_cast<Diagnostic>(i)));
    BOOST_TEST(std::count(names.begin(), names.end(), "unknown diagnostic") == 256 - 37);
    std::erase(names, "unknown diagnostic");
    std::sort(names.begin(), names.end());
    BOOST_TEST((std::adjacent_find(names.begin(), names.end()) == names.end()));
}

BOOST_AUTO_TEST_SUITE_END()
