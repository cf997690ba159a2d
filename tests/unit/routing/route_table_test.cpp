#include "routing/table/route_table.hpp"

#include <boost/test/unit_test.hpp>

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

BOOST_AUTO_TEST_CASE(the_65536th_route_gets_none_and_the_known_keep_theirs) {
    RouteTable table;
    Endpoint local{ip("10.0.0.1")};
    auto remote = [](std::uint32_t i) { return Endpoint{IpAddress::v4(0x0b000000u + i)}; };
    for (std::uint32_t i = 1; i <= 65535; ++i)
        BOOST_REQUIRE(table.id_of(PeerId(1), local, remote(i)).value().value == i);
    BOOST_TEST(!table.id_of(PeerId(1), local, remote(65536)).has_value());
    BOOST_TEST(table.id_of(PeerId(1), local, remote(7)).value().value == 7);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace netft::routing::test
