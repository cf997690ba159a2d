// cluster.toml -> settings: everything that is allowed.
#include "netft/control/config.hpp"

#include <boost/test/unit_test.hpp>
#include <fstream>

#include "netft/control/addresses.hpp"
#include "netft/control/config_sections.hpp"
#include "netft/control/config_values.hpp"
#include "tests/unit/control/config_samples.hpp"
#include "tests/unit/control/folder.hpp"

using namespace netft;
using namespace netft::control;

namespace {

core::Settings parsed(const std::string& text, const std::string& self = "n1") {
    auto settings = parse_config(text, "c.toml", self);
    std::string error = settings ? "" : settings.error().what;
    BOOST_REQUIRE_EQUAL(error, "");
    return *settings;
}

const char* kEverything = R"(
cluster = "demo_1"
port = 4000
[adapter]
name = "ha0"
mtu = 9000
ipv4_prefix = "10.99.0.0/24"
ipv6_prefix = "fd00:99::/64"
[heartbeat]
same_subnet = { delay = "10ms", threshold = 3 }
cross_subnet = { delay = "1s" }
adaptive = { max = 12, min = 3 }
[security]
mode = "sign"
key_file = "/etc/netft/other.key"
rekey = "5m"
crypto = "openssl"
[traffic]
policy = "spread"
duplicate_small = 256
hold_down = "30s"
relay = false
[damping]
enabled = false
half_life = "30s"
suppress = 3000
reuse = 700
max = "5m"
[[traffic.class]]
dscp = [46, "8-10"]
udp_port = "5404-5406"
policy = "duplicate"
[[traffic.class]]
tcp_port = 2380
size = [60, 61]
policy = "failover"
[routes]
plumb_all_cross_subnet_routes = true
[interfaces]
exclude = ["lo?", "x*"]
[worker]
spin = "50us"
count = 4
cores = [2, 3]
[[network]]
subnet = "10.0.0.0/24"
name = "blue"
role = "cluster-and-client"
metric = 7
[[network]]
subnet = "fd00::/64"
[[node]]
name = "n1"
public_key = "AAAAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
endpoints = ["10.0.0.1", "fd00::1", "fe80::1%eth0", "10.0.0.1:3344", "[fd00::1]:3344"]
[node.port]
kind = "af_packet"
devices = { nic0 = "0000:03:00.0", nic1 = { device = "net_memif0,id=1", addresses = ["10.0.0.1/24"] } }
[node.traffic]
policy = "duplicate"
[node.worker]
cores = [0]
[[node]]
name = "N2.example"
public_key = "AAAAAgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
)";

}  // namespace

BOOST_AUTO_TEST_SUITE(config)

BOOST_AUTO_TEST_CASE(a_short_file_gets_the_documented_defaults) {
    core::Settings s = parsed(kHead + two_nodes());
    BOOST_TEST(s.cluster == "demo");
    BOOST_TEST((s.cluster_id == cluster_id_of("demo")));
    BOOST_TEST((s.security == SecurityMode::encrypt));
    BOOST_TEST(s.cluster_keys.empty());
    BOOST_TEST((s.rekey_after == 120s));
    BOOST_TEST((s.crypto == core::CryptoKind::automatic));
    BOOST_TEST(s.adapter_name == "netft0");
    BOOST_TEST(!s.adapter_mtu);
    BOOST_TEST(s.port == 3343);
    BOOST_TEST((s.topology.same_subnet == Timing{100ms, 5}));
    BOOST_TEST((s.topology.cross_subnet == Timing{250ms, 5}));
    BOOST_TEST(!s.topology.plumb_all_cross_subnet_routes);
    BOOST_TEST((s.hold_down == 5s));
    BOOST_TEST(s.relay);
    BOOST_TEST((s.damping == core::DampingRule{}));
    BOOST_TEST((s.traffic == core::TrafficRule{}));
    BOOST_TEST(s.classes.empty());
    BOOST_TEST((s.spin == 200us));
    BOOST_TEST((s.own_workers() == core::WorkerCount{1, {}}));
    BOOST_TEST(s.exclude_interfaces == default_excluded_interfaces());
    BOOST_TEST(s.nodes.size() == 2);
    BOOST_TEST(s.self.value == 0);
    BOOST_TEST((s.nodes[0].port == core::PortKind::socket));
}

BOOST_AUTO_TEST_CASE(a_node_of_fewer_workers_takes_as_many_of_the_clusters_processors) {
    core::Settings s = parsed(kHead + "[worker]\ncount = 2\ncores = [2, 3]\n" +
                              node_text("n1", 1, "\"10.0.0.1\"") + "worker = { count = 1 }\n" +
                              node_text("n2", 2, ""));
    BOOST_TEST((s.own_workers() == core::WorkerCount{1, {2}}));
}

BOOST_AUTO_TEST_CASE(every_key_arrives_where_it_belongs) {
    core::Settings s = parsed(kEverything);
    BOOST_TEST(s.cluster == "demo_1");
    BOOST_TEST(s.port == 4000);
    BOOST_TEST(s.adapter_name == "ha0");
    BOOST_TEST(*s.adapter_mtu == 9000);
    BOOST_TEST((s.topology.same_subnet == Timing{10ms, 3, 3, 12}));
    BOOST_TEST((s.topology.cross_subnet == Timing{1s, 5, 3, 12}));
    BOOST_TEST((s.security == SecurityMode::sign));
    BOOST_TEST((s.rekey_after == 5min));
    BOOST_TEST((s.crypto == core::CryptoKind::openssl));
    BOOST_TEST((s.hold_down == 30s));
    BOOST_TEST(!s.relay);
    BOOST_TEST((s.damping == core::DampingRule{false, 30s, 3000, 700, 5min}));
    BOOST_TEST((s.traffic == core::TrafficRule{core::Policy::spread, 256}));
    BOOST_TEST(s.classes.size() == 2);
    BOOST_TEST((s.classes[0].dscp == std::vector<core::ValueRange>{{46, 46}, {8, 10}}));
    BOOST_TEST((s.classes[0].udp_port == std::vector<core::ValueRange>{{5404, 5406}}));
    BOOST_TEST((s.classes[0].policy == core::Policy::duplicate));
    BOOST_TEST((s.classes[1].tcp_port == std::vector<core::ValueRange>{{2380, 2380}}));
    BOOST_TEST((s.classes[1].size == std::vector<core::ValueRange>{{60, 60}, {61, 61}}));
    BOOST_TEST((s.nodes[0].traffic == core::TrafficRule{core::Policy::duplicate, 256}));
    BOOST_TEST(!s.nodes[1].traffic);
    BOOST_TEST(s.topology.plumb_all_cross_subnet_routes);
    BOOST_TEST((s.exclude_interfaces == std::vector<std::string>{"lo?", "x*"}));
    BOOST_TEST((s.spin == 50us));
    BOOST_TEST((s.workers == core::WorkerCount{4, {2, 3}}));
    BOOST_TEST((s.nodes[0].workers == core::WorkerCount{4, {0}}));
    BOOST_TEST(!s.nodes[1].workers);
    BOOST_TEST(s.topology.networks.size() == 2);
    BOOST_TEST(
        (s.topology.networks[0] == routing::NetworkOverride{*Prefix::parse("10.0.0.0/24"), "blue",
                                                            NetworkRole::cluster_and_client, 7}));
    BOOST_TEST(!s.topology.networks[1].role);
    const core::NodeSettings& n1 = s.nodes[0];
    BOOST_TEST((n1.port == core::PortKind::af_packet));
    BOOST_REQUIRE(n1.port_devices.size() == 2u);
    BOOST_TEST(n1.port_devices[0].interface == "nic0");
    BOOST_TEST((n1.port_devices[0].device.bus == core::DeviceString::Bus::pci));
    BOOST_TEST(n1.port_devices[1].device.name == "net_memif0");
    BOOST_TEST(n1.port_devices[1].device.arguments == "id=1");
    BOOST_TEST((n1.port_devices[1].addresses == std::vector{*Prefix::parse("10.0.0.1/24")}));
    BOOST_TEST((s.nodes[1].port == core::PortKind::socket));
}

BOOST_AUTO_TEST_CASE(an_endpoint_without_a_port_takes_the_clusters) {
    core::Settings s = parsed(kEverything);
    const auto& endpoints = s.nodes[0].endpoints;
    BOOST_TEST(endpoints.size() == 5);
    BOOST_TEST(endpoints[0].endpoint.to_string() == "10.0.0.1:4000");
    BOOST_TEST(endpoints[1].endpoint.to_string() == "[fd00::1]:4000");
    BOOST_TEST(endpoints[2].endpoint.to_string() == "[fe80::1]:4000");
    BOOST_TEST(endpoints[2].interface == "eth0");
    BOOST_TEST(endpoints[3].endpoint.port == 3344);
    BOOST_TEST(endpoints[4].endpoint.port == 3344);
}

BOOST_AUTO_TEST_CASE(nodes_get_the_addresses_of_their_keys) {
    core::Settings s = parsed(kEverything);
    std::vector<PublicKey> keys{s.nodes[0].public_key, s.nodes[1].public_key};
    auto expected = *assign_addresses(
        keys, {.ipv4 = Prefix::parse("10.99.0.0/24"), .ipv6 = Prefix::parse("fd00:99::/64")});
    for (std::size_t i = 0; i < 2; ++i) {
        BOOST_TEST((s.nodes[i].ipv4 == expected[i].ipv4));
        BOOST_TEST((s.nodes[i].ipv6 == expected[i].ipv6));
        BOOST_TEST((s.nodes[i].extra_ipv4 == expected[i].extra_ipv4));
        BOOST_TEST((s.nodes[i].extra_ipv6 == expected[i].extra_ipv6));
    }
}

BOOST_AUTO_TEST_CASE(a_node_may_choose_its_addresses_and_the_others_keep_theirs) {
    const std::string adapter =
        "[adapter]\nipv4_prefix = \"10.99.0.0/24\"\nipv6_prefix = \"fd99::/64\"\n";
    core::Settings before = parsed(kHead + adapter + two_nodes());
    core::Settings s = parsed(kHead + adapter + two_nodes() +
                              "address = [\"169.254.10.1\", \"fe80::2\", \"10.99.0.2\", "
                              "\"fd99::2\"]\nallowed = [\"10.88.0.0/16\", \"fd88::1\"]\n");
    BOOST_TEST((s.nodes[0].ipv4 == before.nodes[0].ipv4));
    BOOST_TEST((s.nodes[0].extra_ipv4 == before.nodes[0].extra_ipv4));
    BOOST_TEST(s.nodes[1].ipv4.to_string() == "169.254.10.1");
    BOOST_TEST(s.nodes[1].ipv6.to_string() == "fe80::2");
    BOOST_TEST(s.nodes[1].extra_ipv4->to_string() == "10.99.0.2/24");
    BOOST_TEST(s.nodes[1].extra_ipv6->to_string() == "fd99::2/64");
    BOOST_REQUIRE(s.nodes[1].allowed.size() == 2);
    BOOST_TEST(s.nodes[1].allowed[1].to_string() == "fd88::1/128");
}

BOOST_AUTO_TEST_CASE(what_is_free_of_the_prefixes_floats_unless_the_file_says_what_does) {
    const std::string adapter = "[adapter]\nipv4_prefix = \"10.99.0.0/24\"\n";
    auto floating = [&](const std::string& line) {
        return parsed(kHead + adapter + line + two_nodes()).floating;
    };
    BOOST_TEST((floating("") == std::vector{*Prefix::parse("10.99.0.0/24")}));
    BOOST_TEST((floating("floating = []\n").empty()));
    BOOST_TEST(
        (floating("floating = [\"10.1.2.3\"]\n") == std::vector{*Prefix::parse("10.1.2.3/32")}));
}

BOOST_AUTO_TEST_CASE(every_security_mode_can_be_written_out) {
    BOOST_TEST((parsed(kHead + kOpen + two_nodes()).security == SecurityMode::none));
    for (auto mode : {SecurityMode::none, SecurityMode::sign, SecurityMode::encrypt}) {
        std::string section = "[security]\nmode = \"" + std::string(to_text(mode)) + "\"\n";
        BOOST_TEST((parsed(kHead + section + two_nodes()).security == mode));
    }
}

BOOST_AUTO_TEST_CASE(a_host_name_is_found_in_any_case) {
    BOOST_TEST(parsed(kEverything, "n2.EXAMPLE").self.value == 1);
}

BOOST_AUTO_TEST_CASE(mtu_auto_may_be_written_out) {
    BOOST_TEST(!parsed(kHead + kOpen + "[adapter]\nmtu = \"auto\"\n" + two_nodes()).adapter_mtu);
}

BOOST_AUTO_TEST_CASE(as_many_nodes_as_fit_are_read) {
    std::string text = kHead + kOpen;
    for (std::uint32_t i = 0; i < kNodesMax; ++i)
        text +=
            node_text("n" + std::to_string(i), i,
                      "\"10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256) + "\"");
    BOOST_TEST(parsed(text).nodes.size() == kNodesMax);
}

BOOST_AUTO_TEST_CASE(load_reads_a_file_and_names_it_in_errors) {
    Folder folder;
    std::string path = folder.path + "/cluster.toml";
    std::ofstream(path) << kHead + kOpen + two_nodes();
    BOOST_TEST(load_config(path, "n2")->self.value == 1);
    std::ofstream(path) << "oops = 1\n";
    BOOST_TEST(load_config(path, "n2").error().what.starts_with(path + ":1: unknown key"));
    BOOST_TEST(load_config(folder.path, "n2").error().what == folder.path + ": not a plain file");
    auto missing = load_config(path + "x", "n2");
    BOOST_TEST(missing.error().what == path + "x: No such file or directory");
    BOOST_TEST(missing.error().errno_value == ENOENT);
}

BOOST_AUTO_TEST_SUITE_END()
