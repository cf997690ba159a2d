#include "netft/daemon/take_over.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

namespace netft::daemon {
namespace {

core::RememberedPeer peer() {
    core::RememberedPeer out;
    out.key[0] = 0xab;
    out.key[31] = 0x0c;
    out.card.name = "n2";
    out.card.ipv4 = IpAddress::v4({169, 254, 1, 2});
    out.card.ipv6 = IpAddress::v6({0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2});
    out.card.mac = MacAddress{{2, 0, 0, 0, 0, 9}};
    out.card.adapter_mtu = 1400;
    CardEndpoint endpoint;
    endpoint.endpoint = {IpAddress::v4({10, 0, 0, 2}), 3343};
    endpoint.prefix_length = 24;
    endpoint.mtu = 1500;
    endpoint.interface = "eth0";
    out.card.endpoints = {endpoint};
    out.reachable = true;
    return out;
}

BOOST_AUTO_TEST_SUITE(take_over)

BOOST_AUTO_TEST_CASE(what_is_remembered_comes_back_as_it_was) {
    auto text = to_json({peer()}).dump();
    auto back = memory_of(nlohmann::json::parse(text));
    BOOST_REQUIRE(back.size() == 1u);
    BOOST_TEST((back[0].key == peer().key));
    BOOST_TEST((back[0].card == peer().card));
    BOOST_TEST(back[0].reachable);
}

BOOST_AUTO_TEST_CASE(the_longest_card_is_remembered) {
    core::RememberedPeer longest = peer();
    longest.card.name = std::string(kNodeNameMax, 'n');
    longest.card.endpoints.assign(kCardEndpointsMax, longest.card.endpoints[0]);
    for (CardEndpoint& endpoint : longest.card.endpoints) endpoint.interface = std::string(15, 'e');
    auto back = memory_of(to_json({longest}));
    BOOST_REQUIRE(back.size() == 1u);
    BOOST_TEST((back[0].card == longest.card));
}

BOOST_AUTO_TEST_CASE(nonsense_is_forgotten) {
    auto good = to_json({peer()})[0];
    auto with = [&good](const char* key, nlohmann::json value) {
        auto bad = good;
        bad[key] = std::move(value);
        return bad;
    };
    nlohmann::json peers = {nullptr,
                            1,
                            nlohmann::json::object(),
                            with("key", 5),
                            with("key", "ab"),
                            with("key", std::string(64, 'x')),
                            with("card", ""),
                            with("card", "0"),
                            with("card", "0101"),
                            with("reachable", "yes")};
    auto back = memory_of(peers);
    BOOST_REQUIRE(back.size() == 1u);  // the last one's card is good
    BOOST_TEST(!back[0].reachable);
    BOOST_TEST(memory_of("nonsense").empty());
    BOOST_TEST(memory_of(nullptr).empty());
}

BOOST_AUTO_TEST_CASE(nobody_there_is_an_error_that_says_so) {
    auto met = Predecessor::meet("/nonexistent/netftd.sock");
    BOOST_REQUIRE(!met);
    BOOST_TEST(met.error().what.find("no netftd to take over from") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::daemon
