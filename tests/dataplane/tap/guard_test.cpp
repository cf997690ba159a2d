#include "tap/guard.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/dataplane/tap/namespace.hpp"

namespace netft::tap {

using namespace test;

namespace {

// Where the kernel sends a packet for the peer.
std::string way_to(const std::string& address) {
    if (!succeeds("ip route get " + address + " >/dev/null 2>&1")) return "nowhere";
    return run_json("ip -j route get " + address)[0]["dev"];
}

const std::string kPeer = "169.254.77.2";
const std::string kPeer6 = "fd99::2";

struct Guarded {
    Node node{1};
    Guard guard = *Guard::open("tapt0");
    GuardState state;

    Guarded() {
        run("ip link add uplink0 type bridge");
        run("ip address add 192.0.2.2/24 dev uplink0");
        run("ip address add fd00:2::2/64 dev uplink0 nodad");
        run("ip link set uplink0 up");
        run("ip route add default via 192.0.2.1");
        run("ip -6 route add default via fd00:2::1");
        run("ip address add fd99::1/64 dev tapt0 nodad");
        state.interface_index = node.device.interface_index();
        state.routes = {{{*IpAddress::parse(kPeer), 32}, ipv4_of(1)},
                        {{*IpAddress::parse(kPeer6), 128}, std::nullopt}};
    }

    std::string apply() {
        std::vector<std::string> repaired;
        Status done = guard.apply(state, repaired);
        BOOST_TEST_REQUIRE(done.has_value(), (done ? "" : done.error().what));
        std::string text;
        for (const std::string& what : repaired) text += what + "\n";
        return text;
    }
};

// A VPN's table with a default route, ahead of main; and its like.
const char* const kThieves[] = {
    "ip route add default dev uplink0 table 52; ip rule add pref 5270 table 52;"
    "ip -6 route add default dev uplink0 table 52; ip -6 rule add pref 5270 table 52",
    "ip route add default dev uplink0 table 220; ip rule add pref 220 table 220;"
    "ip -6 route add default dev uplink0 table 220; ip -6 rule add pref 220 table 220",
    "ip route prepend 169.254.77.2/32 dev uplink0; ip -6 route add fd99::2/128 dev uplink0 metric "
    "1",
    "ip route del 169.254.77.2/32 dev tapt0; ip route add 169.254.0.0/16 dev uplink0",
};

}  // namespace

BOOST_AUTO_TEST_SUITE(guard)

BOOST_AUTO_TEST_CASE(no_rule_and_no_route_of_others_takes_a_peers_packets_away) {
    for (const char* thief : kThieves) {
        BOOST_TEST_CONTEXT(thief) {
            Guarded g;
            BOOST_TEST(g.apply() != "");
            run(thief);
            BOOST_TEST(way_to(kPeer) == "tapt0");
            BOOST_TEST(way_to(kPeer6) == "tapt0");
            BOOST_TEST(way_to("8.8.8.8") == "uplink0");
            BOOST_TEST(run_json("ip -j route get " + kPeer)[0]["prefsrc"] == "169.254.77.1");
            BOOST_TEST(g.apply() == "");
        }
    }
}

BOOST_AUTO_TEST_CASE(without_the_adapter_nothing_leaves_by_another_way) {
    Guarded g;
    g.apply();
    run("ip link del tapt0");
    BOOST_TEST(way_to(kPeer) == "nowhere");
    BOOST_TEST(way_to(kPeer6) == "nowhere");
    BOOST_TEST(way_to("8.8.8.8") == "uplink0");
}

BOOST_AUTO_TEST_CASE(before_the_adapter_is_there_it_holds_already) {
    Guarded g;
    run("ip link del tapt0");
    g.state.interface_index = 0;
    for (GuardedRoute& route : g.state.routes) route.source.reset();
    g.apply();
    BOOST_TEST(way_to(kPeer) == "nowhere");
    BOOST_TEST(way_to(kPeer6) == "nowhere");
}

BOOST_AUTO_TEST_CASE(what_is_flushed_or_changed_is_put_back) {
    Guarded g;
    g.apply();
    for (const char* damage : {
             "ip rule del pref 1",
             "ip route flush table 33430000",
             "ip -6 rule del pref 1",
         }) {
        std::string command(damage);
        if (auto at = command.find("33430000"); at != std::string::npos)
            command.replace(at, 8, std::to_string(g.guard.table()));
        BOOST_TEST_CONTEXT(command) {
            run(command);
            BOOST_TEST(g.apply() != "");
            BOOST_TEST(way_to(kPeer) == "tapt0");
            BOOST_TEST(g.apply() == "");
        }
    }
}

BOOST_AUTO_TEST_CASE(peers_that_are_no_more_lose_their_routes) {
    Guarded g;
    g.apply();
    g.state.routes = {{{*IpAddress::parse("169.254.77.3"), 32}, ipv4_of(1)}};
    g.apply();
    BOOST_TEST(way_to("169.254.77.3") == "tapt0");
    run("ip route del 169.254.77.2/32 dev tapt0");
    BOOST_TEST(way_to(kPeer) == "uplink0");
}

BOOST_AUTO_TEST_CASE(remove_takes_back_all_and_nothing_of_others) {
    Guarded g;
    std::string before = run("ip rule; ip -6 rule; ip route show table all; ip -6 route");
    run("ip rule add pref 34 table 52");
    g.apply();
    g.guard.remove();
    run("ip rule del pref 34");
    BOOST_TEST(run("ip rule; ip -6 rule; ip route show table all; ip -6 route") == before);
}

BOOST_AUTO_TEST_CASE(two_adapters_have_tables_of_their_own) {
    BOOST_TEST(guard_table("netft0") == 3343u);
    BOOST_TEST(guard_table("netft1") != guard_table("netft0"));
    BOOST_TEST(guard_table("netft1") != guard_table("netft2"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace netft::tap
