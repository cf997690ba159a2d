// Two nodes that know each other's cards find mirror-image routes, whatever they have.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <tuple>

#include "netft/base/random.hpp"
#include "tests/unit/routing/builders.hpp"

namespace netft::routing::test {

namespace {

// One node with up to six endpoints on few subnets, so that all rules meet.
std::vector<LocalEndpoint> random_node(Random& random, unsigned host) {
    std::vector<LocalEndpoint> out;
    auto count = random.below(7);
    for (std::uint16_t id = 1; id <= count; ++id) {
        auto net = std::to_string(random.below(3));
        // A shared last byte now and then: both nodes have the address.
        auto last = std::to_string(random.chance(0.1) ? 99 : host * 10 + id);
        const char* lengths[] = {"/24", "/24", "/24", "/16", "/32"};
        const char* length = lengths[random.below(5)];
        std::string text = "10." + net + ".0." + last + length;
        if (random.chance(0.3)) text = "fd00:" + net + "::" + last + "/64";
        if (random.chance(0.3)) text = "fe80::" + last + "/64";
        LocalEndpoint e = local(id, text.c_str(), "eth" + std::to_string(id));
        e.speed_mbps = random.chance(0.5) ? 1000 : 10000;
        e.default_route = random.chance(0.3);
        e.configured = random.chance(0.5);
        e.usable = random.chance(0.8);
        e.mtu = random.chance(0.5) ? 1500 : 9000;
        if (!e.usable) e.reason = Diagnostic::carrier_lost;
        bool is_new = std::none_of(out.begin(), out.end(), [&](const LocalEndpoint& other) {
            return other.endpoint.address.with_scope(0) == e.endpoint.address.with_scope(0);
        });
        if (is_new) out.push_back(std::move(e));
    }
    return out;
}

TopologySettings random_settings(Random& random) {
    TopologySettings settings{.plumb_all_cross_subnet_routes = random.chance(0.3)};
    if (random.chance(0.3))
        settings.networks.push_back({.subnet = prefix("10.1.0.0/24"), .role = NetworkRole::none});
    if (random.chance(0.3))
        settings.networks.push_back({.subnet = prefix("10.2.0.0/24"), .metric = 42});
    return settings;
}

// A route as both ends must see it: the lower node's address first.
using Seen = std::tuple<Endpoint, Endpoint, std::uint32_t, std::uint16_t, bool, bool>;

std::vector<Seen> seen(const TopologyManager& tm, bool mirrored) {
    std::vector<Seen> out;
    for (const Route& r : tm.routes()) {
        Endpoint a{r.local.address.with_scope(0), r.local.port};
        Endpoint b{r.remote.address.with_scope(0), r.remote.port};
        if (mirrored) std::swap(a, b);
        out.push_back({a, b, r.priority, r.mtu, r.cross_subnet, r.usable});
    }
    std::sort(out.begin(), out.end());
    return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(symmetry)

BOOST_AUTO_TEST_CASE(both_ends_of_random_cards_compute_mirror_images) {
    std::size_t routes = 0;
    for (std::uint64_t seed = 1; seed <= 5000; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) {
            Random random(seed);
            auto a = random_node(random, 1);
            auto b = random_node(random, 2);
            TopologySettings settings = random_settings(random);
            TopologyManager tm_a(settings), tm_b(settings);
            tm_a.update(a, {});
            tm_b.update(b, {});
            auto card_a = tm_a.card_endpoints(), card_b = tm_b.card_endpoints();
            tm_a.update(a, std::vector{peer(2, card_b)});
            tm_b.update(b, std::vector{peer(1, card_a)});
            BOOST_REQUIRE(seen(tm_a, false) == seen(tm_b, true));
            routes += tm_a.routes().size();
        }
    }
    BOOST_TEST(routes > 5000u);  // the generator does make something of it
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace netft::routing::test
