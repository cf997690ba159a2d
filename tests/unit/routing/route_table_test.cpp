#include "routing/table/route_table.hpp"

#include <boost/test/unit_test.hpp>
#include <set>

#include "tests/unit/routing/builders.hpp"

namespace netft::routing::test {

BOOST_AUTO_TEST_SUITE(route_table)

BOOST_AUTO_TEST_CASE(ids_count_from_one_and_stay) {
    RouteTable table;
    Endpoint a{ip("10.0.0.1")}, b{ip("10.0.0.2")};
    BOOST_TEST(table.id_of(PeerId(1), a, b).value().value == 1);
    BOOST_TEST(table.id_of(PeerId(1), b, a).value().value == 2);
    BOOST_TEST(table.id_of(PeerId(2), a, b).value().value == 3);
    BOOST_TEST(table.id_of(PeerId(1), a, b).value().value == 1);
    Endpoint other_port{ip("10.0.0.2"), 4000};
    BOOST_TEST(table.id_of(PeerId(1), a, other_port).value().value == 4);
}

BOOST_AUTO_TEST_CASE(a_peer_with_ever_new_endpoints_spends_its_own_ids_alone) {
    RouteTable table;
    Endpoint local{ip("10.0.0.1")};
    RouteId honest = table.id_of(PeerId(1), local, Endpoint{ip("10.0.0.2")}).value();
    std::set<RouteId> given;
    for (std::uint32_t round = 0; round < 10'000; ++round) {
        table.begin_round();
        BOOST_REQUIRE((table.id_of(PeerId(1), local, Endpoint{ip("10.0.0.2")}) == honest));
        for (std::uint32_t i = 0; i < 16; ++i) {
            Endpoint remote{IpAddress::v4(0x0b000000u + round * 16 + i)};
            auto id = table.id_of(PeerId(2), local, remote);
            BOOST_REQUIRE(id.has_value());
            given.insert(*id);
        }
    }
    BOOST_TEST(given.size() == RouteTable::kRoutesPerPeerMax);
    BOOST_TEST(!given.contains(honest));
    BOOST_TEST(table.id_of(PeerId(3), local, Endpoint{ip("10.0.0.3")}).has_value());
}

BOOST_AUTO_TEST_CASE(routes_that_are_there_never_share_an_id) {
    RouteTable table;
    Endpoint local{ip("10.0.0.1")};
    auto remote = [](std::uint32_t i) { return Endpoint{IpAddress::v4(0x0b000000u + i)}; };
    for (std::uint32_t round = 0; round < 100; ++round) {
        table.begin_round();
        std::set<RouteId> ids;
        for (std::uint32_t i = 0; i < 256; ++i)
            ids.insert(table.id_of(PeerId(1), local, remote(round * 100 + i)).value());
        BOOST_REQUIRE(ids.size() == 256u);
    }
}

BOOST_AUTO_TEST_CASE(when_all_are_given_away_those_gone_longest_come_back) {
    RouteTable table;
    Endpoint local{ip("10.0.0.1")};
    auto remote = [](std::uint32_t i) { return Endpoint{IpAddress::v4(0x0b000000u + i)}; };
    std::uint32_t given = 0;
    for (std::uint16_t peer = 1; given < 65535; ++peer)
        for (std::uint32_t i = 0; i < 500 && given < 65535; ++i, ++given)
            BOOST_REQUIRE(table.id_of(PeerId(peer), local, remote(i)).has_value());
    BOOST_TEST(!table.id_of(PeerId(200), local, remote(1)).has_value());  // all are there
    table.begin_round();
    BOOST_TEST(table.id_of(PeerId(1), local, remote(0)).value().value == 1);
    table.begin_round();
    BOOST_TEST(table.id_of(PeerId(200), local, remote(1)).value().value == 2);
    BOOST_TEST(table.id_of(PeerId(1), local, remote(0)).value().value == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace netft::routing::test
