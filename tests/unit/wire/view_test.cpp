#include "netft/wire/view.hpp"

#include "netft/wire/control.hpp"
#include "tests/unit/wire/roundtrip.hpp"

using namespace netft;
using namespace netft::test;

namespace {

ViewRoute random_route(Random& random, std::size_t interfaces) {
    return {.interface = static_cast<std::uint8_t>(random.below(interfaces)),
            .remote = static_cast<std::uint32_t>(random.next()),
            .state = static_cast<BfdState>(random.below(4)),
            .suspect = random.chance(0.5),
            .peer_said_so = random.chance(0.5),
            .damped = random.chance(0.5),
            .reason = static_cast<Diagnostic>(random.below(256))};
}

NodeView random_view(Random& random, std::size_t peers, std::size_t routes) {
    NodeView view{.is_stalled = random.chance(0.5)};
    view.interfaces.resize(1 + random.below(kViewInterfacesMax));
    for (ViewInterface& interface : view.interfaces)
        interface = {static_cast<std::uint32_t>(random.next()),
                     static_cast<Diagnostic>(random.below(256))};
    for (std::size_t i = 0; i < peers; ++i) {
        ViewPeer peer{.ipv4 = IpAddress::v4(static_cast<std::uint32_t>(0xa9fe0000 + i))};
        peer.standing = static_cast<Standing>(random.below(7));
        for (std::size_t k = random.below(routes + 1); k > 0; --k)
            peer.routes.push_back(random_route(random, view.interfaces.size()));
        view.peers.push_back(std::move(peer));
    }
    return view;
}

ControlMessage message_of(ViewPart part) {
    ControlMessage message{.serial = 7};
    message.view = std::move(part);
    return message;
}

ControlMessage random_message(Random& random) {
    if (random.chance(0.1)) {
        ControlMessage ack{.serial = random.next()};
        ack.view_ack = static_cast<std::uint8_t>(random.next());
        return ack;
    }
    auto parts = static_cast<std::uint8_t>(1 + random.below(kViewPartsMax));
    return message_of({static_cast<std::uint8_t>(random.below(parts)), parts,
                       random_view(random, random.below(20), 5)});
}

ControlMessage sample() {
    NodeView view{
        .is_stalled = true,
        .interfaces = {{0x11223344, Diagnostic::none}, {0x55667788, Diagnostic::carrier_lost}}};
    view.peers = {{IpAddress::v4(0xa9fe0c22),
                   Standing::known,
                   {{.interface = 1,
                     .remote = 0x01020304,
                     .state = BfdState::up,
                     .suspect = true,
                     .peer_said_so = true,
                     .reason = Diagnostic::heartbeats_missed}}}};
    return message_of({0, 2, view});
}

// The sample with the byte at this place, counted from the end, made another.
bool is_taken_with(std::size_t from_end, std::uint8_t value) {
    auto bytes = encoded(sample());
    bytes[bytes.size() - from_end] = value;
    return decode_control(bytes).has_value();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(view)

BOOST_AUTO_TEST_CASE(a_part_of_a_view_has_these_bytes) {
    BOOST_TEST(to_hex(encoded(sample())) ==
               "03010000"
               "0000000000000007"  // kind, version, serial
               "00020102"          // part 0 of 2, stalled, two interfaces
               "1122334400"
               "5566778810"  // carrier lost
               "01"
               "a9fe0c220001"  // one peer: known, one route
               "01010203040f"  // from the second interface: up, suspect, the peer said so
               "19");          // heartbeats missed
}

BOOST_AUTO_TEST_CASE(the_acknowledgement_of_a_part_has_these_bytes) {
    ControlMessage ack{.serial = 9};
    ack.view_ack = 3;
    BOOST_TEST(to_hex(encoded(ack)) ==
               "04010000"
               "0000000000000009"
               "03");
}

BOOST_AUTO_TEST_CASE(decoding_what_was_encoded_gives_the_same_message) {
    check_roundtrips(106, random_message, decode_control);
}

BOOST_AUTO_TEST_CASE(a_shorter_message_is_refused) {
    check_truncations(encoded(sample()), decode_control);
}

BOOST_AUTO_TEST_CASE(what_is_out_of_its_range_is_refused) {
    BOOST_TEST(is_taken_with(1, 200));   // a diagnostic of a later version
    BOOST_TEST(is_taken_with(9, 99));    // a standing of a later version
    BOOST_TEST(!is_taken_with(7, 2));    // a third interface
    BOOST_TEST(!is_taken_with(8, 2));    // a second route
    BOOST_TEST(!is_taken_with(14, 2));   // a second peer
    BOOST_TEST(!is_taken_with(28, 2));   // part 2 of 2
    BOOST_TEST(!is_taken_with(27, 0));   // part 0 of 0
    BOOST_TEST(!is_taken_with(25, 99));  // interfaces
}

BOOST_AUTO_TEST_CASE(bytes_behind_the_last_peer_are_left_to_later_versions) {
    auto bytes = encoded(sample());
    bytes.insert(bytes.end(), {1, 2, 3});
    BOOST_CHECK(decode_control(bytes) == sample());
}

BOOST_AUTO_TEST_CASE(a_view_of_any_size_comes_back_from_parts_that_each_fit_a_datagram) {
    Random random(107);
    for (std::size_t peers : {0u, 1u, 3u, 63u, 500u}) {
        for (std::size_t routes : {0u, 4u, 200u}) {
            if (peers * routes > 15000) continue;
            NodeView view = random_view(random, peers, routes);
            std::vector<ViewPart> parts = split(view, kViewPartBytesMax);
            BOOST_REQUIRE(!parts.empty());
            for (const ViewPart& part : parts) {
                auto bytes = encoded(message_of(part));
                BOOST_TEST(bytes.size() <= kControlBytesMax);
                BOOST_CHECK(decode_control(bytes) == message_of(part));
            }
            BOOST_CHECK(join(parts) == view);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_node_of_64_with_four_networks_says_it_all_in_two_parts) {
    NodeView view;
    view.interfaces.resize(4);
    for (std::uint32_t i = 0; i < 63; ++i)
        view.peers.push_back({IpAddress::v4(0xa9fe0000 + i), {}, std::vector<ViewRoute>(4)});
    BOOST_TEST(split(view, kViewPartBytesMax).size() == 2u);
}

BOOST_AUTO_TEST_CASE(what_is_more_than_the_most_parts_hold_is_left_out) {
    NodeView view;
    view.interfaces.resize(1);
    for (std::uint32_t i = 0; i < 20000; ++i)
        view.peers.push_back({IpAddress::v4(0xa9000000 + i), {}, std::vector<ViewRoute>(2)});
    std::vector<ViewPart> parts = split(view, kViewPartBytesMax);
    BOOST_TEST(parts.size() == kViewPartsMax);
    BOOST_TEST(join(parts).peers.size() > 5000u);
}

BOOST_AUTO_TEST_SUITE_END()
