#include "netft/core/card_judge.hpp"

#include <boost/test/unit_test.hpp>

namespace netft::core {
namespace {

IpAddress ip(const char* text) { return *IpAddress::parse(text); }
MacAddress mac(std::uint8_t last) { return {{2, 0, 0, 0, 0, last}}; }

// n1 is ours; n2 and n3 have cards. Configured are the nodes' addresses on 10.0.0.0/24.
struct Court {
    Settings settings;
    std::vector<routing::LocalEndpoint> own;
    std::set<std::pair<PeerId, IpAddress>> proven;
    Card n2;
    Card n3;

    Court() {
        for (std::uint8_t i = 1; i <= 3; ++i) {
            NodeSettings node;
            node.name = "n" + std::to_string(i);
            node.public_key[0] = i;
            node.endpoints = {{Endpoint{IpAddress::v4({10, 0, 0, i})}, ""}};
            node.ipv4 = IpAddress::v4({169, 254, 1, i});
            node.mac = mac(i);
            settings.nodes.push_back(node);
        }
        n2 = card_of(1);
        n3 = card_of(2);
        routing::LocalEndpoint endpoint;
        endpoint.endpoint.address = ip("10.1.0.1");
        endpoint.prefix_length = 24;
        own = {endpoint};
    }
    Card card_of(std::size_t place) {
        const NodeSettings& node = settings.nodes[place];
        Card card;
        card.name = node.name;
        card.ipv4 = node.ipv4;
        card.ipv6 = node.ipv6;
        card.mac = node.mac;
        card.features = kFeatureViews | kFeatureKeyMac;
        card.endpoints = {at(node.endpoints[0].endpoint.address.to_string().c_str())};
        return card;
    }
    static CardEndpoint at(const char* address) {
        CardEndpoint out;
        out.endpoint.address = ip(address);
        out.prefix_length = out.endpoint.address.is_v4() ? 24 : 64;
        out.mtu = 1500;
        return out;
    }
    std::vector<CardVerdict> judge() {
        std::vector<CardClaim> claims{{PeerId(7), &settings.nodes[1], &n2},
                                      {PeerId(9), &settings.nodes[2], &n3}};
        return judge_cards({settings, mac(1), own, proven}, claims);
    }
};

bool has(const CardVerdict& verdict, const char* text) {
    for (const std::string& warning : verdict.warnings)
        if (warning.find(text) != std::string::npos) return true;
    return false;
}

BOOST_FIXTURE_TEST_SUITE(card_judge, Court)

BOOST_AUTO_TEST_CASE(honest_cards_are_used_as_they_are) {
    n2.endpoints.push_back(at("10.1.0.2"));
    n3.endpoints.push_back(at("10.1.0.3"));
    auto verdicts = judge();
    BOOST_TEST((*verdicts[0].card == n2));
    BOOST_TEST((*verdicts[1].card == n3));
    BOOST_TEST(verdicts[0].warnings.empty());
}

BOOST_AUTO_TEST_CASE(what_the_configuration_gives_to_another_is_not_used) {
    n2.endpoints.push_back(at("10.0.0.3"));
    n2.endpoints.push_back(at("10.0.0.1"));
    auto verdicts = judge();
    BOOST_TEST(verdicts[0].card->endpoints.size() == 1u);
    BOOST_TEST(has(verdicts[0], "10.0.0.3:3343 is ignored: the configuration gives it to n3"));
    BOOST_TEST(has(verdicts[0], "10.0.0.1:3343 is ignored: the configuration gives it to n1"));
    BOOST_TEST(verdicts[1].card->endpoints.size() == 1u);
}

BOOST_AUTO_TEST_CASE(of_two_cards_with_one_address_the_one_that_answers_there_has_it) {
    n2.endpoints.push_back(at("10.1.0.9"));
    n3.endpoints.push_back(at("10.1.0.9"));
    auto verdicts = judge();
    BOOST_TEST(verdicts[0].card->endpoints.size() == 2u);
    BOOST_TEST(verdicts[1].card->endpoints.size() == 2u);
    BOOST_TEST(has(verdicts[1], "10.1.0.9 is also one of n2"));
    BOOST_TEST(verdicts[0].warnings.empty());  // said once
    proven = {{PeerId(9), ip("10.1.0.9")}};
    verdicts = judge();
    BOOST_TEST(verdicts[0].card->endpoints.size() == 1u);
    BOOST_TEST(has(verdicts[0], "it is an address of n3"));
    BOOST_TEST(verdicts[1].card->endpoints.size() == 2u);
    BOOST_TEST(verdicts[1].warnings.empty());
}

BOOST_AUTO_TEST_CASE(addresses_that_no_node_can_have_are_not_used) {
    for (const char* address : {"127.0.0.1", "224.0.0.5", "0.0.0.0", "10.1.0.255", "10.1.0.0",
                                "255.255.255.255", "169.254.1.3", "::1", "ff02::1"}) {
        n2.endpoints = {at("10.0.0.2"), at(address)};
        auto verdicts = judge();
        BOOST_TEST(verdicts[0].card->endpoints.size() == 1u, address);
        BOOST_TEST(has(verdicts[0], "is ignored"), address);
    }
    n2.endpoints = {at("10.0.0.2"), at("10.1.0.255")};
    n2.endpoints[1].prefix_length = 8;  // whatever it says of its own prefix
    BOOST_TEST(judge()[0].card->endpoints.size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_endpoint_with_too_small_an_mtu_is_not_used) {
    n2.endpoints[0].mtu = 1279;
    auto verdicts = judge();
    BOOST_TEST(verdicts[0].card->endpoints.empty());
    BOOST_TEST(has(verdicts[0], "MTU 1279"));
    n2.endpoints[0].mtu = 1280;
    BOOST_TEST(judge()[0].card->endpoints.size() == 1u);
    n2.endpoints[0].mtu = 0;  // not known
    BOOST_TEST(judge()[0].card->endpoints.size() == 1u);
}

BOOST_AUTO_TEST_CASE(nobody_gets_the_mac_of_another_key) {
    n2.mac = mac(3);
    auto verdicts = judge();
    BOOST_TEST((verdicts[0].card->mac == mac(2)));  // it says that it derives: then it does
    BOOST_TEST(has(verdicts[0], "is not used"));
    BOOST_TEST((verdicts[1].card->mac == mac(3)));
    n2.features = kFeatureViews;  // an older node, or one that says so
    verdicts = judge();
    BOOST_TEST(!verdicts[0].card.has_value());
    BOOST_TEST(verdicts[0].refusal.find("is that of n3") != std::string::npos);
    BOOST_TEST(verdicts[0].contradicts);
    BOOST_TEST((verdicts[1].card->mac == mac(3)));
    n2.mac = n3.mac = mac(200);  // two older nodes: the first has it
    n3.features = 0;
    verdicts = judge();
    BOOST_TEST(verdicts[0].card.has_value());
    BOOST_TEST(!verdicts[1].card.has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core
