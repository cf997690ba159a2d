#include "netft/wire/relay.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/unit/wire/roundtrip.hpp"

namespace netft {
namespace {

using test::encoded;
using test::unhex;

std::optional<RelayPrefix> prefix_of(Bytes bytes) {
    Bytes rest;
    return decode_relay_prefix(bytes, rest);
}

std::vector<std::uint8_t> reach_bytes(std::uint16_t bytes_max, std::span<const NodeId> nodes) {
    std::array<std::uint8_t, 2048> buffer{};
    ByteWriter out(buffer);
    encode_reach(bytes_max, nodes, out);
    return {out.written().begin(), out.written().end()};
}

BOOST_AUTO_TEST_SUITE(relay)

BOOST_AUTO_TEST_CASE(golden_bytes) {
    RelayPrefix prefix{RelayKind::forwarded, NodeId(0x0102030405060708)};
    BOOST_TEST((encoded(prefix) == unhex("02 000000 0102030405060708")));
    std::array nodes{NodeId(1), NodeId(0xff00000000000000)};
    BOOST_TEST((reach_bytes(1452, nodes) == unhex("05ac 0002 0000000000000001 ff00000000000000")));
}

BOOST_AUTO_TEST_CASE(what_is_encoded_decodes_to_itself) {
    test::check_roundtrips(
        1,
        [](Random& random) {
            return RelayPrefix{static_cast<RelayKind>(1 + random.below(3)), NodeId(random.next())};
        },
        prefix_of);
}

BOOST_AUTO_TEST_CASE(truncated_or_unknown_is_refused) {
    auto whole = encoded(RelayPrefix{RelayKind::forward, NodeId(7)});
    test::check_truncations(whole, prefix_of);
    for (int kind = 0; kind < 256; ++kind) {
        whole[0] = static_cast<std::uint8_t>(kind);
        BOOST_TEST(prefix_of(whole).has_value() == (kind >= 1 && kind <= 3), "kind " << kind);
    }
    std::array nodes{NodeId(1), NodeId(2)};
    test::check_truncations(reach_bytes(1452, nodes), decode_reach);
}

BOOST_AUTO_TEST_CASE(a_reach_message_names_at_most_so_many_nodes) {
    std::vector<NodeId> nodes;
    for (std::uint64_t i = 0; i < kReachNodesMax + 10; ++i) nodes.emplace_back(i + 1);
    auto bytes = reach_bytes(1400, nodes);
    auto reach = decode_reach(bytes);
    BOOST_REQUIRE(reach.has_value());
    BOOST_TEST(reach->count() == kReachNodesMax);
    BOOST_TEST(reach->datagram_bytes_max == 1400);
    BOOST_TEST((reach->node(kReachNodesMax - 1) == nodes[kReachNodesMax - 1]));
    bytes[2] = 0xff;
    BOOST_TEST(!decode_reach(bytes).has_value());
}

BOOST_AUTO_TEST_CASE(a_node_is_called_by_the_interface_identifier_of_its_address) {
    auto address = IpAddress::v6({0xfe, 0x80, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8});
    BOOST_TEST((node_id_of(address) == NodeId(0x0102030405060708)));
    BOOST_TEST((node_id_of(IpAddress::v4({10, 0, 0, 1})) == NodeId()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft
