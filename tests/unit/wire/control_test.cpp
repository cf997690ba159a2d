#include "netft/wire/control.hpp"

#include <algorithm>

#include "tests/unit/wire/roundtrip.hpp"

using namespace netft;
using namespace netft::test;

namespace {

std::string random_text(Random& random, std::size_t low, std::size_t high) {
    std::string out(low + random.below(high - low + 1), ' ');
    for (char& c : out) c = static_cast<char>('a' + random.below(26));
    return out;
}

IpAddress random_unicast(Random& random) {
    if (random.chance(0.5))
        return IpAddress::v4(0x0a000000u | static_cast<std::uint32_t>(random.below(0xffffff)));
    auto bytes = random_array<16>(random);
    bytes[0] = 0xfd;
    return IpAddress::v6(bytes);
}

CardEndpoint random_endpoint(Random& random) {
    CardEndpoint e;
    e.endpoint.address = random_unicast(random);
    e.endpoint.port = static_cast<std::uint16_t>(1 + random.below(65535));
    e.prefix_length =
        static_cast<std::uint8_t>(random.below(e.endpoint.address.bytes().size() * 8 + 1));
    e.role = static_cast<NetworkRole>(random.below(3));
    e.available = random.chance(0.5);
    e.configured = random.chance(0.5);
    e.metric = static_cast<std::uint32_t>(random.next());
    e.mtu = static_cast<std::uint16_t>(random.next());
    e.interface = random_text(random, 0, 15);
    return e;
}

ControlMessage random_message(Random& random) {
    ControlMessage message{.serial = random.next()};
    if (random.chance(0.2)) return message;
    Card card;
    card.name = random_text(random, 1, kNodeNameMax);
    card.ipv6 = IpAddress::v6(random_array<16>(random));
    card.ipv4 = IpAddress::v4(static_cast<std::uint32_t>(random.next()));
    card.mac.bytes = random_array<6>(random);
    card.adapter_mtu = static_cast<std::uint16_t>(random.next());
    card.features = static_cast<std::uint8_t>(random.below(4));
    for (std::size_t i = random.below(kCardDigestsMax + 1); i > 0; --i)
        card.digests.push_back(static_cast<std::uint32_t>(random.next()));
    card.endpoints.resize(random.below(kCardEndpointsMax + 1));
    for (CardEndpoint& endpoint : card.endpoints) endpoint = random_endpoint(random);
    while (random.chance(0.5) && card.claims.size() < kAddressClaimsMax)
        card.claims.push_back({random_unicast(random), static_cast<std::uint32_t>(random.next())});
    std::ranges::stable_sort(card.claims, {},
                             [](const AddressClaim& c) { return c.address.is_v6(); });
    message.card = std::move(card);
    return message;
}

ControlMessage sample() {
    CardEndpoint e{.endpoint = {IpAddress::v4(0x0a000001), 3343},
                   .prefix_length = 24,
                   .role = NetworkRole::cluster_and_client,
                   .available = true,
                   .configured = true,
                   .metric = 90,
                   .mtu = 1500,
                   .interface = "eth0"};
    Card card{.name = "n1",
              .ipv6 = IpAddress::parse("fe80::1").value(),
              .ipv4 = IpAddress::parse("169.254.12.34").value(),
              .mac = MacAddress::parse("02:00:00:00:00:01").value(),
              .adapter_mtu = 1400,
              .endpoints = {e}};
    return {.serial = 7, .card = std::move(card)};
}

// The sample with one field of its only endpoint (or of the card) spoilt.
template <class Change>
bool is_taken_with(Change change) {
    ControlMessage message = sample();
    change(*message.card, message.card->endpoints[0]);
    return decode_control(encoded(message)).has_value();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(control)

BOOST_AUTO_TEST_CASE(an_acknowledgement_has_these_bytes) {
    BOOST_TEST(to_hex(encoded(ControlMessage{.serial = 9})) ==
               "02010000"
               "0000000000000009");
}

BOOST_AUTO_TEST_CASE(a_card_has_these_bytes) {
    BOOST_TEST(to_hex(encoded(sample())) ==
               "01010000"
               "0000000000000007"  // kind, version, serial
               "026e31"
               "fe800000000000000000000000000001"
               "a9fe0c22"  // name, virtual addresses
               "020000000001"
               "0578"
               "01"  // MAC, MTU, one endpoint
               "04"
               "0a000001000000000000000000000000"
               "0d0f"
               "18"
               "02"  // address, port, /24, role
               "03"
               "00"
               "0000005a"
               "05dc"
               "0465746830");  // flags, metric, MTU, name
}

BOOST_AUTO_TEST_CASE(decoding_what_was_encoded_gives_the_same_message) {
    check_roundtrips(104, random_message, decode_control);
}

BOOST_AUTO_TEST_CASE(a_shorter_message_is_refused) {
    check_truncations(encoded(sample()), decode_control);
    check_truncations(encoded(ControlMessage{.serial = 1}), decode_control);
}

BOOST_AUTO_TEST_CASE(claims_have_these_bytes_and_unknown_extensions_are_skipped) {
    ControlMessage message = sample();
    auto without = encoded(message);
    message.card->claims = {{*IpAddress::parse("10.99.0.250"), 3},
                            {*IpAddress::parse("fd99::1"), 4}};
    auto bytes = encoded(message);
    BOOST_TEST(to_hex(Bytes(bytes).subspan(without.size())) ==
               "00"  // features
               "02080a6300fa00000003"
               "0314fd99000000000000000000000000000100000004");
    std::vector<std::uint8_t> unknown = without;
    for (int byte : {0, 77, 2, 1, 2}) unknown.push_back(static_cast<std::uint8_t>(byte));
    unknown.insert(unknown.end(), bytes.begin() + static_cast<long>(without.size()) + 1,
                   bytes.end());
    BOOST_TEST((decode_control(unknown) == message));
}

BOOST_AUTO_TEST_CASE(an_unknown_kind_or_version_is_refused) {
    for (std::size_t place : {0u, 1u}) {
        for (int value : {0, 5, 255}) {
            auto bytes = encoded(sample());
            bytes[place] = static_cast<std::uint8_t>(value);
            BOOST_TEST(!decode_control(bytes).has_value(), place << " = " << value);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_card_needs_a_name_of_sensible_length) {
    using E = CardEndpoint;
    BOOST_TEST(is_taken_with([](Card&, E&) {}));
    BOOST_TEST(is_taken_with([](Card& c, E&) { c.name.assign(kNodeNameMax, 'x'); }));
    BOOST_TEST(!is_taken_with([](Card& c, E&) { c.name.clear(); }));
    BOOST_TEST(!is_taken_with([](Card& c, E&) { c.name.assign(kNodeNameMax + 1, 'x'); }));
}

BOOST_AUTO_TEST_CASE(more_endpoints_than_a_card_may_have_are_refused) {
    auto with = [](std::size_t n) {
        return is_taken_with(
            [n](Card& c, CardEndpoint& e) { c.endpoints.assign(n, CardEndpoint(e)); });
    };
    BOOST_TEST(with(0));
    BOOST_TEST(with(kCardEndpointsMax));
    BOOST_TEST(!with(kCardEndpointsMax + 1));
}

BOOST_AUTO_TEST_CASE(an_endpoint_out_of_range_refuses_the_card) {
    using E = CardEndpoint;
    auto address = [](const char* text) { return IpAddress::parse(text).value(); };
    BOOST_TEST(!is_taken_with([](Card&, E& e) { e.endpoint.port = 0; }));
    BOOST_TEST(!is_taken_with([](Card&, E& e) { e.prefix_length = 33; }));
    BOOST_TEST(!is_taken_with([](Card&, E& e) { e.role = static_cast<NetworkRole>(3); }));
    BOOST_TEST(!is_taken_with([](Card&, E& e) { e.interface.assign(16, 'x'); }));
    BOOST_TEST(is_taken_with([&](Card&, E& e) {
        e.endpoint.address = address("fd00::1");
        e.prefix_length = 128;
    }));
}

BOOST_AUTO_TEST_CASE(an_unknown_address_family_refuses_the_card) {
    auto bytes = encoded(sample());
    std::size_t family = bytes.size() - (1 + 16 + 2 + 1 + 1 + 1 + 1 + 4 + 2 + 5);
    BOOST_REQUIRE(bytes[family] == 4);
    bytes[family] = 5;
    BOOST_TEST(!decode_control(bytes).has_value());
}

BOOST_AUTO_TEST_CASE(scopes_do_not_cross_the_wire) {
    ControlMessage message = sample();
    CardEndpoint& e = message.card->endpoints[0];
    e.endpoint.address = IpAddress::parse("fe80::1%3").value();
    auto again = decode_control(encoded(message));
    BOOST_TEST(again.value().card->endpoints[0].endpoint.address.scope() == 0u);
}

BOOST_AUTO_TEST_CASE(bytes_behind_the_card_are_left_to_later_versions) {
    ControlMessage message = sample();
    message.card->features = kFeatureViews;
    auto bytes = encoded(message);
    bytes.insert(bytes.end(), {1, 2, 3});
    BOOST_CHECK(decode_control(bytes) == message);
    bytes = encoded(message);
    bytes.insert(bytes.end(),
                 {9, 2, 3, 4, 1, 4, 0, 0, 0, 5, 200});  // one unknown, one known, a rest
    message.card->digests = {5};
    BOOST_CHECK(decode_control(bytes) == message);
}

BOOST_AUTO_TEST_CASE(an_address_that_no_node_can_have_does_not_cost_the_card) {
    for (const char* text : {"0.0.0.0", "224.0.0.1", "::", "ff02::1"}) {
        ControlMessage message = sample();
        message.card->endpoints[0].endpoint.address = IpAddress::parse(text).value();
        BOOST_CHECK(decode_control(encoded(message)) == message);
    }
}

BOOST_AUTO_TEST_CASE(features_stand_behind_the_card_and_may_be_absent) {
    ControlMessage message = sample();
    auto without = to_hex(encoded(message));
    message.card->features = kFeatureViews;
    BOOST_TEST(to_hex(encoded(message)) == without + "01");
    BOOST_CHECK(decode_control(encoded(message)) == message);
}

BOOST_AUTO_TEST_CASE(the_longest_card_fits_one_datagram) {
    ControlMessage message = sample();
    CardEndpoint e = message.card->endpoints[0];
    e.interface.assign(15, 'x');
    message.card->name.assign(kNodeNameMax, 'x');
    message.card->endpoints.assign(kCardEndpointsMax, e);
    message.card->digests.assign(kCardDigestsMax, 1);
    BOOST_TEST(encoded(message).size() <= kControlBytesMax);
}

BOOST_AUTO_TEST_SUITE_END()
