#include "netft/core/coordinator.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

#include "netft/core/config_digest.hpp"

namespace netft::core {
namespace {

constexpr std::size_t kOpeningDatagram = kHeaderSize + kOpeningSize;

Settings settings_of(std::uint16_t self) {
    Settings s;
    s.cluster = "test";
    s.cluster_id[0] = 1;
    s.security = SecurityMode::none;
    s.self = NodeIndex(self);
    for (std::uint8_t i = 0; i < 3; ++i) {
        NodeSettings node;
        node.name = "n" + std::to_string(i + 1);
        node.public_key[0] = static_cast<std::uint8_t>(i + 1);
        node.endpoints = {
            {Endpoint{IpAddress::v4({10, 0, 0, static_cast<std::uint8_t>(i + 1)}), kNetftPort},
             ""}};
        node.ipv4 = IpAddress::v4({169, 254, 1, static_cast<std::uint8_t>(i + 1)});
        node.ipv6 = IpAddress::v6({0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, i});
        s.nodes.push_back(node);
    }
    return s;
}

struct One {
    Settings settings = settings_of(0);
    Coordinator coordinator{settings, {77, MacAddress{{2, 0, 0, 0, 0, 1}}}, 5};
    TimePoint now{1h};
    Endpoint remote{IpAddress::v4({10, 0, 0, 2}), kNetftPort};
    EndpointId local;

    One() {
        routing::InterfaceFact fact;
        fact.index = 2;
        fact.name = "eth0";
        fact.mtu = 1500;
        fact.admin_up = fact.carrier = true;
        fact.addresses = {*Prefix::parse("10.0.0.1/24")};
        coordinator.handle_interfaces(now, std::vector{fact});
        local = coordinator.endpoints().at(0).id;
    }
    std::vector<ControlSend> sends() {
        std::vector<ControlSend> out;
        while (auto send = coordinator.poll_send()) out.push_back(*send);
        return out;
    }
    // n2's initiation, as n1 gets it.
    std::vector<std::uint8_t> initiation() const {
        Opening opening{settings.cluster_id,
                        settings.nodes[1].public_key,
                        settings.nodes[0].public_key,
                        SessionIndex(55),
                        9,
                        SecurityMode::none};
        std::vector<std::uint8_t> bytes(kOpeningDatagram);
        ByteWriter out(bytes);
        encode(Header{MessageType::initiation, 0, 0, SessionIndex(0), 0}, out);
        encode(opening, out);
        return bytes;
    }
    void receive(const std::vector<std::uint8_t>& bytes, std::optional<PeerId> peer = {}) {
        coordinator.handle_datagram(now, local, remote, peer, bytes);
    }
    void open_session() {
        receive(initiation());
        auto plan = coordinator.poll_plan();
        coordinator.handle_event(now,
                                 SessionShown{PeerId(1), plan->peers.at(0).sessions.at(0).local});
        sends();
    }
    Card card_of_n2() const {
        Card card;
        card.name = "n2";
        card.ipv4 = settings.nodes[1].ipv4;
        card.ipv6 = settings.nodes[1].ipv6;
        card.mac = MacAddress{{2, 0, 0, 0, 0, 2}};
        CardEndpoint endpoint;
        endpoint.endpoint = remote;
        endpoint.prefix_length = 24;
        endpoint.mtu = 1500;
        card.endpoints = {endpoint};
        return card;
    }
    void receive_card(std::uint64_t serial, const Card& card) {
        std::vector<std::uint8_t> bytes(kHeaderSize + kControlBytesMax);
        ByteWriter out(bytes);
        encode(Header{MessageType::control, 0, 0, SessionIndex(1), serial}, out);
        encode(ControlMessage{serial, card}, out);
        bytes.resize(out.size());
        receive(bytes, PeerId(1));
    }
    std::string note_of_n2() { return coordinator.peers().at(0).note; }
};

BOOST_FIXTURE_TEST_SUITE(coordinator_tests, One)

BOOST_AUTO_TEST_CASE(initiates_to_every_peer_at_the_start) {
    coordinator.handle_timers(now);
    auto out = sends();
    BOOST_REQUIRE(out.size() == 2u);
    BOOST_TEST(out[0].remote.to_string() == "10.0.0.2:3343");
    BOOST_TEST(out[1].remote.to_string() == "10.0.0.3:3343");
}

BOOST_AUTO_TEST_CASE(foreign_and_mistaken_openings_are_named_drops) {
    coordinator.handle_timers(now);
    sends();
    struct Row {
        std::size_t byte;
        DropReason reason;
    };
    // Offsets in the payload: cluster 0, sender 16, receiver 48, mode 92.
    for (Row row :
         {Row{0, DropReason::rx_foreign_cluster}, Row{16, DropReason::rx_unknown_node},
          Row{48, DropReason::rx_not_for_us}, Row{92, DropReason::rx_security_mismatch}}) {
        auto bytes = initiation();
        bytes[kHeaderSize + row.byte] ^= row.byte == 92 ? 2 : 0x40;
        receive(bytes);
        BOOST_TEST(coordinator.drops().of(row.reason) == 1u, to_string(row.reason));
    }
    auto own = initiation();
    own[kHeaderSize + 16] = 1;
    receive(own);
    BOOST_TEST(coordinator.drops().of(DropReason::rx_own_key) == 1u);
    BOOST_TEST(sends().empty());
    BOOST_TEST(!coordinator.peers().at(0).has_session);
}

BOOST_AUTO_TEST_CASE(truncated_openings_and_cards_are_named_drops) {
    auto bytes = initiation();
    bytes.resize(60);
    receive(bytes);
    BOOST_TEST(coordinator.drops().of(DropReason::rx_truncated) == 1u);
    open_session();
    std::vector<std::uint8_t> control(kHeaderSize + 3);
    ByteWriter out(control);
    encode(Header{MessageType::control, 0, 0, SessionIndex(1), 1}, out);
    receive(control, PeerId(1));
    BOOST_TEST(coordinator.drops().of(DropReason::control_bad_message) == 1u);
}

BOOST_AUTO_TEST_CASE(answers_an_initiation_and_introduces_itself_when_shown) {
    receive(initiation());
    auto answer = sends();
    BOOST_REQUIRE(answer.size() == 1u);
    DropReason why{};
    BOOST_TEST((decode_header(answer[0].bytes, why)->type == MessageType::response));
    auto plan = coordinator.poll_plan();
    BOOST_TEST(!plan->peers.at(0).sessions.at(0).confirmed);
    coordinator.handle_event(now, SessionShown{PeerId(1), plan->peers.at(0).sessions.at(0).local});
    auto card = sends();
    BOOST_REQUIRE(!card.empty());
    auto message = decode_control(Bytes(card[0].bytes).subspan(kHeaderSize));
    BOOST_REQUIRE(message && message->card);
    BOOST_TEST(message->card->name == "n1");
    BOOST_TEST(message->card->endpoints.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_floating_address_goes_to_the_newest_claim) {
    Settings next = settings;
    next.floating = {*Prefix::parse("10.99.0.0/24"), *Prefix::parse("10.0.0.0/24")};
    coordinator.handle_settings(now, next);
    open_session();
    const IpAddress vip = *IpAddress::parse("10.99.0.250");
    Card card = card_of_n2();
    card.claims = {{vip, 1}};
    receive_card(1, card);
    BOOST_TEST((coordinator.poll_plan()->peers.at(0).others->claimed == std::vector{vip}));
    sends();

    coordinator.handle_adapter_addresses(now, std::vector{vip});  // we take it over
    BOOST_TEST(coordinator.poll_plan()->peers.at(0).others->claimed.empty());
    coordinator.handle_timers(now);
    auto out = sends();
    BOOST_REQUIRE(!out.empty());
    auto message = decode_control(Bytes(out[0].bytes).subspan(kHeaderSize));
    BOOST_REQUIRE(message && message->card);
    BOOST_TEST((message->card->claims == std::vector<AddressClaim>{{vip, 2}}));

    card.claims = {{vip, 3}};  // and it takes it back
    receive_card(2, card);
    BOOST_TEST((coordinator.poll_plan()->peers.at(0).others->claimed == std::vector{vip}));
}

BOOST_AUTO_TEST_CASE(a_claim_to_what_does_not_float_is_dropped_counted_and_said) {
    Settings next = settings;
    next.floating = {*Prefix::parse("10.0.0.0/8"), *Prefix::parse("169.254.0.0/16")};
    next.nodes[1].allowed = {*Prefix::parse("192.168.7.0/24")};
    coordinator.handle_settings(now, next);
    open_session();
    Card card = card_of_n2();
    card.claims = {{*IpAddress::parse("192.168.8.1"), 1},  // nobody's
                   {settings.nodes[2].ipv4, 9},            // the own address of n3
                   {settings.nodes[0].ipv4, 9},            // our own
                   {*IpAddress::parse("10.0.0.3"), 9},     // an endpoint of n3
                   {*IpAddress::parse("192.168.7.1"), 1}};
    receive_card(1, card);
    BOOST_TEST((coordinator.poll_plan()->peers.at(0).others->claimed ==
                std::vector{*IpAddress::parse("192.168.7.1")}));
    BOOST_TEST(coordinator.drops().of(DropReason::control_refused_claim) == 3u);
    bool is_said = false;
    for (const std::string& warning : coordinator.warnings())
        is_said |= warning.find("192.168.8.1") != std::string::npos;
    BOOST_TEST(is_said);
}

BOOST_AUTO_TEST_CASE(frames_from_a_wrong_address_are_said_with_peer_and_source) {
    coordinator.handle_event(now, SourceRefused{PeerId(1), *IpAddress::parse("10.50.0.1")});
    auto has_warning = [this] {
        for (const std::string& warning : coordinator.warnings())
            if (warning == "n2: frames from 10.50.0.1 refused: not in its allowed") return true;
        return false;
    };
    BOOST_TEST(has_warning());
    coordinator.handle_timers(now + Coordinator::kRefusalShown);
    BOOST_TEST(!has_warning());
}

BOOST_AUTO_TEST_CASE(a_card_makes_routes_and_is_acknowledged) {
    open_session();
    receive_card(1, card_of_n2());
    BOOST_TEST(note_of_n2() == "");
    auto plan = coordinator.poll_plan();
    BOOST_REQUIRE(plan->routes.size() == 1u);
    BOOST_TEST(plan->routes[0].usable);
    auto out = sends();
    BOOST_REQUIRE(!out.empty());
    BOOST_TEST(!decode_control(Bytes(out[0].bytes).subspan(kHeaderSize))->card.has_value());
}

BOOST_AUTO_TEST_CASE(what_contradicts_in_a_card_is_named_and_the_rest_is_used) {
    open_session();
    std::uint64_t serial = 0;
    auto said = [&](const Card& card) {
        receive_card(++serial, card);
        BOOST_TEST(note_of_n2() == "");
        std::string all;
        for (const std::string& warning : coordinator.warnings()) all += warning + "\n";
        return all;
    };
    Card card = card_of_n2();
    card.name = "N2";  // renamed, or written otherwise: the key says who it is
    BOOST_TEST(said(card).find("n2: calls itself N2") != std::string::npos);
    card = card_of_n2();
    card.ipv4 = IpAddress::v4({169, 254, 1, 3});
    BOOST_TEST(said(card).find("169.254.1.3") != std::string::npos);
    BOOST_TEST(coordinator.drops().of(DropReason::control_refused_card) == 1u);
    BOOST_TEST(said(card_of_n2()).find("calls itself") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(cards_whose_mac_cannot_be_used_are_refused) {
    open_session();
    std::uint64_t serial = 0;
    auto refused = [&](Card card, const char* word) {
        receive_card(++serial, card);
        BOOST_TEST(note_of_n2().find(word) != std::string::npos, note_of_n2());
        BOOST_TEST(coordinator.drops().of(DropReason::control_refused_card) == serial);
    };
    Card card = card_of_n2();
    card.mac = MacAddress{{2, 0, 0, 0, 0, 1}};
    refused(card, "this node");
    card.mac = MacAddress{{3, 0, 0, 0, 0, 1}};
    refused(card, "unicast");
    receive_card(++serial, card_of_n2());
    BOOST_TEST(note_of_n2() == "");
}

BOOST_AUTO_TEST_CASE(a_peer_that_floods_with_cards_is_limited_and_its_last_one_is_taken_later) {
    open_session();
    for (std::uint64_t serial = 1; serial <= 100; ++serial) receive_card(serial, card_of_n2());
    BOOST_TEST(coordinator.drops().of(DropReason::control_card_limited) == 80u);
    now += 1s;
    Card last = card_of_n2();
    last.name = "last";
    receive_card(101, last);
    BOOST_TEST(coordinator.warnings().back().find("last") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_node_taken_out_and_put_back_goes_on_counting_and_is_known) {
    open_session();
    receive_card(1, card_of_n2());
    auto counter_of = [](const ControlSend& send) {
        DropReason why{};
        return decode_header(send.bytes, why)->counter;
    };
    auto before = sends();
    BOOST_REQUIRE(!before.empty());
    Settings without = settings;
    without.nodes.erase(without.nodes.begin() + 1);
    BOOST_TEST(coordinator.handle_settings(now, without).empty());
    BOOST_TEST(coordinator.handle_settings(now, settings).empty());
    auto peers = coordinator.peers();
    BOOST_TEST(peers.at(0).name == "n2");
    BOOST_TEST(!peers.at(0).has_session);
    BOOST_TEST(peers.at(0).has_card);
    open_session();
    receive_card(2, card_of_n2());
    auto after = sends();
    BOOST_REQUIRE(!after.empty());
    BOOST_TEST(counter_of(after.front()) > counter_of(before.back()));
}

BOOST_AUTO_TEST_CASE(an_mtu_that_is_only_claimed_changes_nothing) {
    open_session();
    std::uint16_t before = coordinator.datagram_bytes_max();
    Card card = card_of_n2();
    card.endpoints[0].mtu = 1300;
    receive_card(1, card);
    BOOST_TEST(coordinator.datagram_bytes_max() == before);
    RouteId route = coordinator.routes().at(0).id;
    coordinator.handle_event(now, RouteTransition{.route = route, .to = BfdState::up});
    std::uint16_t with_it = coordinator.datagram_bytes_max();
    BOOST_TEST(with_it < before);
    now += 1s;
    coordinator.handle_event(now, RouteTransition{.route = route, .to = BfdState::down});
    BOOST_TEST(coordinator.datagram_bytes_max() == with_it);  // it may come back
    now += Coordinator::kMtuRemembered;
    coordinator.handle_timers(now);
    BOOST_TEST(coordinator.datagram_bytes_max() == before);
}

BOOST_AUTO_TEST_CASE(a_configuration_that_differs_is_named_by_section) {
    open_session();
    Settings other = settings;
    other.relay = false;
    other.topology.same_subnet.delay = 20ms;
    std::swap(other.nodes[1], other.nodes[2]);  // the order means nothing
    Card card = card_of_n2();
    card.digests = config_digests(other);
    receive_card(1, card);
    BOOST_TEST(coordinator.warnings().back() ==
               "n2 runs another configuration: heartbeat, traffic");
    card.digests = config_digests(settings);
    receive_card(2, card);
    for (const std::string& warning : coordinator.warnings())
        BOOST_TEST(warning.find("another configuration") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_flood_of_openings_is_limited) {
    for (int i = 0; i < 10'000; ++i) receive(initiation());
    BOOST_TEST(coordinator.drops().of(DropReason::rx_rate_limited) >=
               10'000u - Coordinator::kOpeningsBurst - 1);
}

BOOST_AUTO_TEST_CASE(a_closed_port_makes_its_routes_unusable) {
    open_session();
    receive_card(1, card_of_n2());
    coordinator.handle_port(now, local, "no room");
    auto plan = coordinator.poll_plan();
    BOOST_TEST(!plan->routes.at(0).usable);
    BOOST_TEST((plan->routes.at(0).reason == Diagnostic::port_failed));
    coordinator.handle_port(now, local, "");
    BOOST_TEST(coordinator.poll_plan()->routes.at(0).usable);
}

BOOST_AUTO_TEST_CASE(a_reload_refuses_what_cannot_change_and_keeps_the_rest_as_it_was) {
    Settings next = settings;
    next.cluster = "other";
    next.port = 4000;
    auto refusals = coordinator.handle_settings(now, next);
    BOOST_REQUIRE(refusals.size() == 2u);
    BOOST_TEST(refusals[0] ==
               "cluster cannot change while netftd runs: it is test, the file says other");
    BOOST_TEST(refusals[1] ==
               "port cannot change while netftd runs: it is 3343, the file says 4000");
    BOOST_TEST(coordinator.settings().cluster == "test");
}

BOOST_AUTO_TEST_CASE(a_reload_may_take_nodes_out_and_put_others_in_front) {
    open_session();
    Settings next = settings;
    next.nodes.erase(next.nodes.begin() + 2);
    NodeSettings fresh = next.nodes[1];
    fresh.name = "n0";
    fresh.public_key[0] = 200;
    next.nodes.insert(next.nodes.begin(), fresh);
    next.self = NodeIndex(1);
    BOOST_TEST(coordinator.handle_settings(now, next).empty());
    auto peers = coordinator.peers();
    BOOST_REQUIRE(peers.size() == 2u);
    BOOST_TEST(peers[0].name == "n2");
    BOOST_TEST(peers[0].has_session);  // it kept its session
    BOOST_TEST(peers[1].name == "n0");
    BOOST_TEST((peers[1].id != peers[0].id));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core
