#include "routing/topology/topology_manager.hpp"

#include <boost/test/unit_test.hpp>

#include "routing/topology/metric.hpp"
#include "tests/unit/routing/builders.hpp"

namespace netft::routing::test {

namespace {

using Strings = std::vector<std::string>;

struct Case {
    const char* what;
    std::vector<LocalEndpoint> local;
    std::vector<PeerEndpoints> peers;
    Strings expected;
    bool all_cross = false;
};

LocalEndpoint as_configured(LocalEndpoint e) {
    e.configured = true;
    return e;
}

CardEndpoint as_configured(CardEndpoint e) {
    e.configured = true;
    return e;
}

LocalEndpoint unseen(std::uint16_t id, const char* address) {
    return {.id = EndpointId(id),
            .endpoint = {ip(address), kNetftPort},
            .configured = true,
            .reason = Diagnostic::address_gone};
}

std::vector<Case> plumbing_cases() {
    return {
        {"two networks",
         {local(1, "10.0.0.1/24", "eth0"), local(2, "10.1.0.1/24", "eth1")},
         {peer(2, {card("10.0.0.2/24", "eth0"), card("10.1.0.2/24", "eth1")})},
         {"10.0.0.1>10.0.0.2", "10.1.0.1>10.1.0.2"}},
        {"IPv6",
         {local(1, "fd00::1/64", "eth0")},
         {peer(2, {card("fd00::2/64", "eth0")})},
         {"fd00::1>fd00::2"}},
        {"families do not mix",
         {local(1, "10.0.0.1/24", "eth0")},
         {peer(2, {card("fd00::2/64", "eth0")})},
         {}},
        {"no shared subnet: all pairs",
         {local(1, "10.0.0.1/24", "eth0"), local(2, "10.1.0.1/24", "eth1")},
         {peer(2, {card("10.8.0.2/24", "eth0"), card("10.9.0.2/24", "eth1")})},
         {"10.0.0.1>10.8.0.2 x", "10.0.0.1>10.9.0.2 x", "10.1.0.1>10.8.0.2 x",
          "10.1.0.1>10.9.0.2 x"}},
        {"one shared subnet is enough",
         {local(1, "10.0.0.1/24", "eth0"), local(2, "10.1.0.1/24", "eth1")},
         {peer(2, {card("10.0.0.2/24", "eth0"), card("10.9.0.2/24", "eth1")})},
         {"10.0.0.1>10.0.0.2"}},
        {"the flag plumbs all",
         {local(1, "10.0.0.1/24", "eth0"), local(2, "10.1.0.1/24", "eth1")},
         {peer(2, {card("10.0.0.2/24", "eth0"), card("10.9.0.2/24", "eth1")})},
         {"10.0.0.1>10.0.0.2", "10.0.0.1>10.9.0.2 x", "10.1.0.1>10.0.0.2 x", "10.1.0.1>10.9.0.2 x"},
         true},
        {"unlike prefixes share when each contains the other",
         {local(1, "10.0.0.1/24", "eth0")},
         {peer(2, {card("10.0.0.2/16", "eth0")})},
         {"10.0.0.1>10.0.0.2"}},
        {"and not when one does not",
         {local(1, "10.0.0.1/24", "eth0")},
         {peer(2, {card("10.0.1.2/16", "eth0")})},
         {"10.0.0.1>10.0.1.2 x"}},
        {"/32 addresses are always across",
         {local(1, "10.0.0.1/32", "eth0")},
         {peer(2, {card("10.0.0.2/32", "eth0")})},
         {"10.0.0.1>10.0.0.2 x"}},
        {"an address of both joins nothing",
         {local(1, "10.0.0.1/24", "eth0"), local(2, "172.17.0.1/16", "docker0")},
         {peer(2, {card("10.0.0.2/24", "eth0"), card("172.17.0.1/16", "docker0")})},
         {"10.0.0.1>10.0.0.2"},
         true},
        {"loopback in a card is nonsense",
         {local(1, "10.0.0.1/24", "eth0")},
         {peer(2, {card("127.0.0.1/8", "eth0")})},
         {}},
        {"an endpoint twice in a card counts once",
         {local(1, "10.0.0.1/24", "eth0")},
         {peer(2, {card("10.0.0.2/24", "eth0"), card("10.0.0.2/24", "eth0")})},
         {"10.0.0.1>10.0.0.2"}},
        {"bootstrap: the local subnet decides",
         {local(1, "10.0.0.1/24", "eth0"), local(2, "10.1.0.1/24", "eth1")},
         {bootstrap(2, {"10.1.0.2"})},
         {"10.1.0.1>10.1.0.2"}},
        {"bootstrap: across where no local subnet has it",
         {local(1, "10.0.0.1/24", "eth0"), local(2, "10.1.0.1/24", "eth1"),
          local(3, "fd00::1/64", "eth2")},
         {bootstrap(2, {"10.9.0.2"})},
         {"10.0.0.1>10.9.0.2 x", "10.1.0.1>10.9.0.2 x"}},
        {"an own address never seen takes the peer's subnet",
         {unseen(1, "10.0.0.1")},
         {peer(2, {card("10.0.0.2/24", "eth0")})},
         {"10.0.0.1>10.0.0.2 !"}},
        {"link-local alone",
         {local(1, "fe80::1/64", "eth0")},
         {peer(2, {card("fe80::2/64", "eth0")})},
         {"fe80::1>fe80::2"}},
        {"link-local beside another pair",
         {local(1, "10.0.0.1/24", "eth0"), local(2, "fe80::1/64", "eth1")},
         {peer(2, {card("10.0.0.2/24", "eth0"), card("fe80::2/64", "eth1")})},
         {"10.0.0.1>10.0.0.2"}},
        {"link-local beside a cross-subnet pair, flag or not",
         {local(1, "10.0.0.1/24", "eth0"), local(2, "fe80::1/64", "eth1")},
         {peer(2, {card("10.9.0.2/24", "eth0"), card("fe80::2/64", "eth1")})},
         {"10.0.0.1>10.9.0.2 x"},
         true},
        {"link-local configured at both ends",
         {local(1, "10.0.0.1/24", "eth0"), as_configured(local(2, "fe80::1/64", "eth1"))},
         {peer(2, {card("10.0.0.2/24", "eth0"), as_configured(card("fe80::2/64", "eth1"))})},
         {"10.0.0.1>10.0.0.2", "fe80::1>fe80::2"}},
        {"link-local configured at one end",
         {local(1, "10.0.0.1/24", "eth0"), as_configured(local(2, "fe80::1/64", "eth1"))},
         {peer(2, {card("10.0.0.2/24", "eth0"), card("fe80::2/64", "eth1")})},
         {"10.0.0.1>10.0.0.2"}},
        {"link-local and global never pair",
         {local(1, "fe80::1/64", "eth0")},
         {peer(2, {card("fd00::2/64", "eth0")})},
         {},
         true},
        {"two peers",
         {local(1, "10.0.0.1/24", "eth0")},
         {peer(2, {card("10.0.0.2/24", "eth0")}), peer(3, {card("10.0.0.3/24", "eth0")})},
         {"10.0.0.1>10.0.0.2", "10.0.0.1>10.0.0.3"}},
    };
}

TopologyManager updated(TopologySettings settings, const std::vector<LocalEndpoint>& local,
                        const std::vector<PeerEndpoints>& peers) {
    TopologyManager tm(std::move(settings));
    tm.update(local, peers);
    return tm;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(topology_manager)

BOOST_AUTO_TEST_CASE(endpoints_are_plumbed_by_the_rules) {
    for (const Case& c : plumbing_cases()) {
        BOOST_TEST_CONTEXT(c.what) {
            auto tm = updated({.plumb_all_cross_subnet_routes = c.all_cross}, c.local, c.peers);
            BOOST_TEST(texts(tm.routes()) == c.expected, boost::test_tools::per_element());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_route_carries_what_its_ends_say) {
    LocalEndpoint eth0 = local(1, "10.0.0.1/24", "eth0");
    eth0.mtu = 9000;
    TopologySettings settings{.same_subnet = {10ms, 3}, .cross_subnet = {70ms, 4}};
    auto tm = updated(settings, {eth0}, {peer(2, {card("10.0.0.2/24", "eth9", 150)})});
    const Route& same = tm.routes().at(0);
    BOOST_TEST(same.local_id.value == 1);
    BOOST_TEST(same.interface == "eth0");
    BOOST_TEST(same.network == "10.0.0.0/24");
    BOOST_TEST(same.priority == 150u);
    BOOST_TEST(same.mtu == 1500);
    BOOST_CHECK(same.timing == (Timing{10ms, 3}));
    tm.update(std::vector{eth0}, std::vector{peer(2, {card("10.9.0.2/24", "eth9", 50)})});
    const Route& across = tm.routes().at(0);
    BOOST_TEST(across.network == "10.0.0.0/24 to 10.9.0.0/24");
    BOOST_TEST(across.priority == 1100u);
    BOOST_CHECK(across.timing == (Timing{70ms, 4}));
}

BOOST_AUTO_TEST_CASE(mtu_is_the_smaller_known_one) {
    struct {
        std::uint32_t local;
        std::uint16_t remote, expected;
    } const cases[] = {{1500, 9000, 1500}, {9000, 1500, 1500}, {9000, 0, 9000},
                       {0, 1400, 1400},    {70000, 0, 65535},  {0, 0, 0}};
    for (const auto& c : cases) {
        LocalEndpoint eth0 = local(1, "10.0.0.1/24", "eth0");
        CardEndpoint remote = card("10.0.0.2/24", "eth0");
        eth0.mtu = c.local;
        remote.mtu = c.remote;
        BOOST_TEST(updated({}, {eth0}, {peer(2, {remote})}).routes().at(0).mtu == c.expected);
    }
}

BOOST_AUTO_TEST_CASE(metrics_come_from_role_and_speed_or_from_the_file) {
    struct {
        bool default_route;
        std::uint32_t speed;
        std::vector<NetworkOverride> networks;
        NetworkRole role;
        std::uint32_t metric;
    } const cases[] = {
        {false, 0, {}, NetworkRole::cluster, 100},
        {false, 1, {}, NetworkRole::cluster, 100},
        {false, 1000, {}, NetworkRole::cluster, 91},
        {false, 10000, {}, NetworkRole::cluster, 87},
        {true, 10000, {}, NetworkRole::cluster_and_client, 187},
        {true,
         10000,
         {{.subnet = prefix("10.0.0.0/24"), .role = NetworkRole::cluster}},
         NetworkRole::cluster,
         87},
        {true,
         10000,
         {{.subnet = prefix("10.0.0.77/24"), .metric = 5}},
         NetworkRole::cluster_and_client,
         5},
        {true,
         0,
         {{.subnet = prefix("10.0.0.0/16"), .metric = 5}},
         NetworkRole::cluster_and_client,
         200},
    };
    for (const auto& c : cases) {
        LocalEndpoint eth0 = local(1, "10.0.0.1/24", "eth0");
        eth0.default_route = c.default_route;
        eth0.speed_mbps = c.speed;
        auto tm = updated({.networks = c.networks}, {eth0}, {});
        BOOST_CHECK(tm.networks().at(0).role == c.role);
        BOOST_TEST(tm.networks()[0].metric == c.metric);
        BOOST_CHECK(tm.card_endpoints().at(0).role == c.role);
        BOOST_TEST(tm.card_endpoints()[0].metric == c.metric);
    }
}

BOOST_AUTO_TEST_CASE(a_named_network_gives_its_name_to_routes_and_warnings) {
    TopologySettings settings{.networks = {{.subnet = prefix("10.0.0.0/24"), .name = "blue"}}};
    auto tm = updated(settings, {local(1, "10.0.0.1/24", "eth0")},
                      {peer(2, {card("10.0.0.2/24", "eth0")})});
    BOOST_TEST(tm.networks().at(0).name == "blue");
    BOOST_TEST(tm.routes().at(0).network == "blue");
    BOOST_TEST(
        tm.warnings() == Strings{"n2: only one network (blue) joins us: one cut separates us"},
        boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(role_none_at_either_end_takes_an_endpoint_out) {
    std::vector<LocalEndpoint> locals{local(1, "10.0.0.1/24", "eth0"),
                                      local(2, "10.1.0.1/24", "eth1")};
    CardEndpoint out = card("10.1.0.2/24", "eth1");
    TopologySettings none{
        .networks = {{.subnet = prefix("10.1.0.0/24"), .role = NetworkRole::none}}};
    // By our file: no route, not in the card; people still see the network.
    auto ours = updated(none, locals, {peer(2, {card("10.0.0.2/24", "eth0"), out})});
    BOOST_TEST(texts(ours.routes()) == Strings{"10.0.0.1>10.0.0.2"},
               boost::test_tools::per_element());
    BOOST_TEST(ours.card_endpoints().size() == 1u);
    BOOST_TEST(ours.networks().size() == 2u);
    BOOST_CHECK(ours.networks()[1].role == NetworkRole::none);
    // By the peer's card.
    out.role = NetworkRole::none;
    auto theirs = updated({}, locals, {peer(2, {card("10.0.0.2/24", "eth0"), out})});
    BOOST_TEST(texts(theirs.routes()) == Strings{"10.0.0.1>10.0.0.2"},
               boost::test_tools::per_element());
    // Before the card: the configured address is not tried from elsewhere either.
    none.plumb_all_cross_subnet_routes = true;
    BOOST_TEST(updated(none, locals, {bootstrap(2, {"10.1.0.2"})}).routes().empty());
}

BOOST_AUTO_TEST_CASE(an_unusable_end_makes_the_route_unusable_with_the_reason) {
    LocalEndpoint eth0 = local(1, "10.0.0.1/24", "eth0");
    CardEndpoint remote = card("10.0.0.2/24", "eth0");
    remote.available = false;
    auto tm = updated({}, {eth0}, {peer(2, {remote})});
    BOOST_TEST(!tm.routes().at(0).usable);
    BOOST_CHECK(tm.routes()[0].reason == Diagnostic::remote_endpoint_unavailable);
    eth0.usable = false;
    eth0.reason = Diagnostic::carrier_lost;
    BOOST_TEST(tm.update(std::vector{eth0}, std::vector{peer(2, {remote})}));
    BOOST_CHECK(tm.routes()[0].reason == Diagnostic::carrier_lost);
    BOOST_TEST(!tm.card_endpoints().at(0).available);
}

BOOST_AUTO_TEST_CASE(a_link_local_route_keeps_its_id_when_the_index_changes) {
    LocalEndpoint eth0 = local(1, "fe80::1/64", "eth0");
    auto tm = updated({}, {eth0}, {peer(2, {card("fe80::2/64", "eth0")})});
    BOOST_TEST(tm.routes().at(0).remote.address.scope() == 11u);
    BOOST_TEST(tm.routes()[0].local.address.scope() == 11u);
    BOOST_TEST(tm.routes()[0].network == "fe80::/64%eth0");
    BOOST_TEST(tm.card_endpoints().at(0).endpoint.address.scope() == 0u);
    RouteId id = tm.routes()[0].id;
    eth0.interface_index = 40;
    eth0.endpoint.address = eth0.endpoint.address.with_scope(40);
    BOOST_TEST(tm.update(std::vector{eth0}, std::vector{peer(2, {card("fe80::2/64", "eth0")})}));
    BOOST_CHECK(tm.routes().at(0).id == id);
    BOOST_TEST(tm.routes()[0].remote.address.scope() == 40u);
}

BOOST_AUTO_TEST_CASE(routes_keep_their_ids_and_come_sorted) {
    std::vector locals{local(1, "10.0.0.1/24", "eth0"), local(2, "10.1.0.1/24", "eth1")};
    auto n2 = peer(2, {card("10.0.0.2/24", "eth0"), card("10.1.0.2/24", "eth1")});
    auto n3 = peer(3, {card("10.0.0.3/24", "eth0"), card("10.1.0.3/24", "eth1")});
    TopologyManager tm({});
    BOOST_TEST(tm.update(locals, std::vector{n3}));
    BOOST_TEST(tm.update(locals, std::vector{n3, n2}));
    std::vector<std::uint16_t> ids;
    for (const Route& route : tm.routes()) ids.push_back(route.id.value);
    BOOST_TEST(ids == (std::vector<std::uint16_t>{3, 4, 1, 2}), boost::test_tools::per_element());
    BOOST_TEST(!tm.update(locals, std::vector{n3, n2}));
    auto before = tm.routes();
    tm.update(std::vector{locals[1]}, std::vector{n3, n2});
    BOOST_TEST(tm.update(locals, std::vector{n2, n3}));
    BOOST_CHECK(tm.routes() == before);
}

BOOST_AUTO_TEST_CASE(the_card_replaces_the_configured_address_under_the_same_id) {
    std::vector locals{local(1, "10.0.0.1/24", "eth0"), local(2, "10.1.0.1/24", "eth1")};
    TopologyManager tm({});
    tm.update(locals, std::vector{bootstrap(2, {"10.0.0.2"})});
    BOOST_TEST(tm.warnings().empty());
    RouteId id = tm.routes().at(0).id;
    tm.update(locals,
              std::vector{peer(2, {card("10.0.0.2/24", "eth0"), card("10.1.0.2/24", "eth1")})});
    BOOST_TEST(tm.routes().size() == 2u);
    BOOST_CHECK(tm.routes()[0].id == id);
}

BOOST_AUTO_TEST_CASE(new_settings_take_effect_with_the_next_update) {
    std::vector locals{local(1, "10.0.0.1/24", "eth0")};
    std::vector peers{peer(2, {card("10.0.0.2/24", "eth0")})};
    auto tm = updated({}, locals, peers);
    RouteId id = tm.routes().at(0).id;
    tm.handle_settings({.same_subnet = {1ms, 3}});
    BOOST_TEST(tm.update(locals, peers));
    BOOST_CHECK(tm.routes().at(0).timing == (Timing{1ms, 3}));
    BOOST_CHECK(tm.routes()[0].id == id);
}

BOOST_AUTO_TEST_CASE(warnings_say_what_one_cut_would_do) {
    struct {
        std::vector<LocalEndpoint> local;
        PeerEndpoints peer;
        Strings expected;
    } const cases[] = {
        {{local(1, "10.0.0.1/24", "eth0"), local(2, "10.1.0.1/24", "eth1")},
         peer(2, {card("10.0.0.2/24", "a"), card("10.1.0.2/24", "b")}),
         {}},
        {{local(1, "10.0.0.1/24", "eth0"), local(2, "10.1.0.1/24", "eth1")},
         peer(2, {card("10.0.0.2/24", "a")}),
         {"n2: only one network (10.0.0.0/24) joins us: one cut separates us"}},
        {{local(1, "10.0.0.1/24", "eth0"), local(2, "fd00::1/64", "eth0")},
         peer(2, {card("10.0.0.2/24", "a"), card("fd00::2/64", "b")}),
         {"n2: all routes leave by our interface eth0: one cut separates us"}},
        {{local(1, "10.0.0.1/24", "eth0"), local(2, "10.1.0.1/24", "eth1")},
         peer(2, {card("10.0.0.2/24", "a"), card("10.1.0.2/24", "a")}),
         {"n2: all routes end at its interface a: one cut separates us"}},
        {{local(1, "10.0.0.1/24", "eth0")},
         peer(2, {card("10.9.0.2/24", "a")}),
         {"n2: only one network (10.0.0.0/24 to 10.9.0.0/24) joins us: one cut separates us"}},
        {{},
         peer(2, {card("10.0.0.2/24", "a")}),
         {"no route to n2: this node has no endpoint in use"}},
        {{local(1, "10.0.0.1/24", "eth0")},
         peer(2, {}),
         {"no route to n2: it has no endpoint in use"}},
        {{local(1, "10.0.0.1/24", "eth0")},
         bootstrap(2, {"fd00::2"}),
         {"no route to n2: no two endpoints can be joined"}},
    };
    for (const auto& c : cases) {
        auto tm = updated({}, c.local, {c.peer});
        BOOST_TEST(tm.warnings() == c.expected, boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(ends_of_one_subnet_with_different_mtus_are_both_named_until_they_agree) {
    std::vector locals{local(1, "10.0.0.1/24", "eth0"), local(2, "fd00::1/64", "eth0"),
                       local(3, "10.1.0.1/24", "eth1")};
    PeerEndpoints n2 =
        peer(2, {card("10.0.0.2/24", "a"), card("fd00::2/64", "a"), card("10.1.0.2/24", "b")});
    for (CardEndpoint& endpoint : n2.endpoints) endpoint.mtu = 1500;
    for (LocalEndpoint& endpoint : locals) endpoint.mtu = 1500;
    locals[0].mtu = locals[1].mtu = 9000;
    TopologyManager tm({});
    BOOST_TEST(tm.update(locals, std::vector{n2}));
    BOOST_TEST(tm.warnings() == Strings{"n2: MTU differs on 10.0.0.0/24: our eth0 (10.0.0.1) has "
                                        "9000, its a (10.0.0.2) has 1500"},
               boost::test_tools::per_element());
    locals[0].mtu = locals[1].mtu = 1500;
    BOOST_TEST(tm.update(locals, std::vector{n2}));
    BOOST_TEST(tm.warnings().empty());
}

BOOST_AUTO_TEST_CASE(mtus_that_differ_across_routers_or_are_not_known_are_no_warning) {
    std::vector locals{local(1, "10.0.0.1/24", "eth0"), local(2, "10.1.0.1/24", "eth1")};
    for (LocalEndpoint& endpoint : locals) endpoint.mtu = 9000;
    PeerEndpoints across = peer(2, {card("10.8.0.2/24", "a"), card("10.9.0.2/24", "b")});
    for (CardEndpoint& endpoint : across.endpoints) endpoint.mtu = 1500;
    BOOST_TEST(updated({}, locals, {across}).warnings().empty());
    BOOST_TEST(updated({}, locals, {bootstrap(2, {"10.0.0.2"})}).warnings().empty());
}

BOOST_AUTO_TEST_CASE(the_card_holds_the_configured_and_usable_endpoints_first) {
    std::vector<LocalEndpoint> locals;
    for (std::uint16_t i = 1; i <= 20; ++i) {
        locals.push_back(local(i, ("10.0." + std::to_string(i) + ".1/24").c_str(), "eth"));
        locals.back().usable = i > 3;
        if (i <= 3) locals.back().reason = Diagnostic::interface_gone;
    }
    locals[19].configured = true;
    locals[0].configured = true;
    auto tm = updated({}, locals, {peer(2, {card("10.0.2.2/24", "a"), card("10.0.4.2/24", "b")})});
    BOOST_TEST(tm.card_endpoints().size() == kCardEndpointsMax);
    BOOST_TEST(tm.card_endpoints()[0].endpoint.address.to_string() == "10.0.1.1");
    BOOST_TEST(tm.card_endpoints()[1].endpoint.address.to_string() == "10.0.20.1");
    // 10.0.2.1 found no room, so the peer does not know it: no route by it.
    BOOST_TEST(texts(tm.routes()) == Strings{"10.0.4.1>10.0.4.2"},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(networks_are_listed_by_subnet_with_their_best_metric) {
    LocalEndpoint slow = local(1, "10.0.0.1/24", "eth0");
    LocalEndpoint fast = local(2, "10.0.0.9/24", "eth1");
    fast.speed_mbps = 1000;
    auto tm = updated({},
                      {slow, fast, local(3, "fe80::1/64", "eth2"), local(4, "fe80::1/64", "eth3"),
                       unseen(5, "10.7.0.1")},
                      {});
    Strings names;
    for (const Network& network : tm.networks()) names.push_back(network.name);
    BOOST_TEST(names == (Strings{"10.0.0.0/24", "fe80::/64%eth2", "fe80::/64%eth3"}),
               boost::test_tools::per_element());
    BOOST_TEST(tm.networks()[0].metric == 91u);
}

BOOST_AUTO_TEST_CASE(two_networks_over_one_nic_are_no_redundancy) {
    TopologyManager tm({});
    std::vector<LocalEndpoint> ours{local(1, "10.0.0.1/24", "eth0.10"),
                                    local(2, "10.1.0.1/24", "eth0.20")};
    ours[0].nic = ours[1].nic = "eth0";
    std::vector<PeerEndpoints> peers{
        peer(1, {card("10.0.0.2/24", "eth0"), card("10.1.0.2/24", "eth1")})};
    tm.update(ours, peers);
    BOOST_TEST(tm.warnings() == std::vector<std::string>{"n1: eth0.10 and eth0.20 run over eth0: "
                                                         "one cut separates us"},
               boost::test_tools::per_element());
    ours[1].nic = "eth1";
    tm.update(ours, peers);
    BOOST_TEST(tm.warnings().empty());
}

BOOST_AUTO_TEST_CASE(two_nics_on_one_subnet_behind_a_strict_filter_are_warned_of_once) {
    TopologyManager tm({});
    std::vector<LocalEndpoint> ours{local(1, "10.0.0.1/24", "eth0"),
                                    local(2, "10.0.0.11/24", "eth1")};
    std::vector<PeerEndpoints> peers{
        peer(1, {card("10.0.0.2/24", "eth0"), card("10.0.0.12/24", "eth1")}),
        peer(2, {card("10.0.0.3/24", "eth0"), card("10.0.0.13/24", "eth1")})};
    auto told = [&] {
        tm.update(ours, peers);
        return std::count_if(tm.warnings().begin(), tm.warnings().end(), [](const auto& text) {
            return text.starts_with("eth0 and eth1 are both on 10.0.0.0/24, and rp_filter=1");
        });
    };
    BOOST_TEST(told() == 0);
    ours[1].strict_filter = true;
    BOOST_TEST(told() == 1);
}

BOOST_AUTO_TEST_CASE(an_address_that_both_have_is_named) {
    TopologyManager tm({});
    std::vector<LocalEndpoint> ours{local(1, "10.0.0.1/24", "eth0"),
                                    local(2, "10.1.0.1/24", "eth1")};
    std::vector<PeerEndpoints> peers{
        peer(1, {card("10.0.0.2/24", "eth0"), card("10.1.0.1/24", "eth1")})};
    tm.update(ours, peers);
    BOOST_TEST(std::count(tm.warnings().begin(), tm.warnings().end(),
                          "n1 and this node both have the address eth1 (10.1.0.1): it joins "
                          "nothing, and one of them is to be given another") == 1);
    ours[1].usable = false;  // it was, and is gone
    tm.update(ours, peers);
    BOOST_TEST(tm.faults().empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace netft::routing::test
