// Every error of cluster.toml, with its line and what is allowed.
#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "netft/control/config.hpp"
#include "tests/unit/control/config_samples.hpp"

using namespace netft;
using namespace netft::control;

namespace {

std::string error_of(const std::string& text, const std::string& self = "n1") {
    auto settings = parse_config(text, "c.toml", self);
    return settings ? "" : settings.error().what;
}

struct Case {
    const char* text;  // put between `cluster`, `security` and two nodes; its first line is line 4
    const char* error;
};

const Case kSections[] = {
    {"[adaptor]\n",
     "c.toml:4: unknown key \"adaptor\", did you mean \"adapter\"? allowed: cluster, port, "
     "adapter, heartbeat, security, traffic, damping, routes, interfaces, worker, network, node"},
    {"[heartbeat]\nsame_subnet = { dealy = \"1s\" }\n",
     "c.toml:5: heartbeat.same_subnet: unknown key \"dealy\", did you mean \"delay\"? allowed: "
     "delay, threshold"},
    {"[heartbeat]\nsame-subnet = 1\n",
     "c.toml:5: heartbeat: unknown key \"same-subnet\", did you mean \"same_subnet\"?"},
    {"[traffic]\nzzz = 1\n",
     "c.toml:5: traffic: unknown key \"zzz\"; allowed: policy, "
     "duplicate_small, hold_down, relay, class"},
    {"[heartbeat]\nsame_subnet = { delay = \"fast\" }\n",
     "c.toml:5: heartbeat.same_subnet.delay: \"fast\" is not a duration; allowed: a whole number "
     "and us, ms, s, m or h, as in \"100ms\""},
    {"[heartbeat]\nsame_subnet = { delay = \"999us\" }\n",
     "c.toml:5: heartbeat.same_subnet.delay: \"999us\" is out of range; allowed: 1ms to 1m"},
    {"[heartbeat]\ncross_subnet = { delay = \"61s\" }\n",
     "c.toml:5: heartbeat.cross_subnet.delay: \"61s\" is out of range; allowed: 1ms to 1m"},
    {"[heartbeat]\nsame_subnet = { delay = 100 }\n",
     "c.toml:5: heartbeat.same_subnet.delay: an integer is not allowed; allowed: a string"},
    {"[heartbeat]\nsame_subnet = { threshold = 0 }\n",
     "c.toml:5: heartbeat.same_subnet.threshold: 0 is out of range; allowed: 1 to 255"},
    {"[heartbeat]\nsame_subnet = { threshold = 256 }\n", "256 is out of range; allowed: 1 to 255"},
    {"[heartbeat]\nsame_subnet = { threshold = \"5\" }\n",
     "a string is not allowed; allowed: an integer, 1 to 255"},
    {"[heartbeat]\nsame_subnet = 5\n", "an integer is not allowed; allowed: a table"},
    {"[adapter]\nname = \"a/b\"\n", "c.toml:5: adapter.name: \"a/b\" is not an interface name"},
    {"[adapter]\nname = \"sixteen-letters-\"\n", "is not an interface name; allowed: 1 to 15"},
    {"[adapter]\nmtu = 575\n", "c.toml:5: adapter.mtu: 575 is out of range; allowed: 576 to 65535"},
    {"[adapter]\nmtu = \"big\"\n", "c.toml:5: adapter.mtu: allowed: \"auto\" or 576 to 65535"},
    {"[adapter]\nipv4_prefix = \"10.9.0.1/24\"\n", "has host bits; write \"10.9.0.0/24\""},
    {"[adapter]\nipv4_prefix = \"169.254.0.0/16\"\n", "cannot hold node addresses"},
    {"[adapter]\nipv4_prefix = \"fd00::/64\"\n", "cannot hold node addresses"},
    {"[adapter]\nipv6_prefix = \"fe80::/64\"\n", "cannot hold node addresses"},
    {"[adapter]\nipv6_prefix = \"fd00::/65\"\n", "cannot hold node addresses"},
    {"[adapter]\nipv4_prefix = \"10.0.0.0/16\"\n",
     "c.toml:5: adapter: the prefix \"10.0.0.0/16\" contains the endpoint \"10.0.0.1:3343\"; "
     "allowed: a subnet that nothing else uses"},
    {"[adapter]\nipv4_prefix = \"10.9.0.0/24\"\n[[network]]\nsubnet = \"10.9.0.0/16\"\n",
     "overlaps the network \"10.9.0.0/16\""},
    {"[traffic]\npolicy = \"fast\"\n",
     "c.toml:5: traffic.policy: \"fast\" is not a policy; allowed: \"failover\", \"spread\", "
     "\"duplicate\""},
    {"[traffic]\nduplicate_small = -1\n", "allowed: 0 to 65535"},
    {"[[traffic.class]]\ndscp = 46\n", "c.toml:4: traffic.class: \"policy\" is missing"},
    {"[[traffic.class]]\npolicy = \"spread\"\n", "it matches nothing; needed: dscp, size"},
    {"[[traffic.class]]\ndscp = 64\npolicy = \"spread\"\n",
     "c.toml:5: traffic.class.dscp: 64 is out of range; allowed: 0 to 63"},
    {"[[traffic.class]]\nudp_port = []\npolicy = \"spread\"\n", "an empty list matches nothing"},
    {"[[traffic.class]]\ntcp_port = [80, \"90-80\"]\npolicy = \"spread\"\n",
     "\"90-80\" is not a range; allowed: \"FIRST-LAST\" within 0 to 65535"},
    {"[[traffic.class]]\nsize = \"1-2-3\"\npolicy = \"spread\"\n", "is not a range"},
    {"[[traffic.class]]\nsize = true\npolicy = \"spread\"\n", "0 to 65535"},
    {"[traffic]\nhold_down = \"2d\"\n", "is not a duration"},
    {"[traffic]\nhold_down = \"3601s\"\n", "allowed: 0s to 1h"},
    {"[heartbeat]\nadaptive = { min = 3 }\n", "c.toml:5: heartbeat.adaptive: \"max\" is missing"},
    {"[heartbeat]\nadaptive = { min = 1, max = 10 }\n", "1 is out of range; allowed: 2 to 255"},
    {"[heartbeat]\nadaptive = { min = 6, max = 10 }\n",
     "c.toml:5: heartbeat.adaptive: the threshold 5 is not within the bounds; allowed: min up to "
     "every threshold, max from there"},
    {"[heartbeat]\nadaptive = { min = 3, max = 9 }\nsame_subnet = { threshold = 10 }\n",
     "c.toml:5: heartbeat.adaptive: the threshold 10 is not within the bounds"},
    {"[damping]\nhalflife = \"1m\"\n",
     "c.toml:5: damping: unknown key \"halflife\", did you mean \"half_life\"?"},
    {"[damping]\nhalf_life = \"0s\"\n",
     "c.toml:5: damping.half_life: \"0s\" is out of range; allowed: 1s to 1h"},
    {"[damping]\nenabled = 1\n", "c.toml:5: damping.enabled: an integer is not allowed"},
    {"[damping]\nsuppress = 20001\n", "20001 is out of range; allowed: 1 to 20000"},
    {"[damping]\nsuppress = 1000\n",
     "c.toml:4: damping: suppress is 1000; allowed: above reuse, which is 1000"},
    {"[damping]\nmax = \"2m\"\n",
     "c.toml:4: damping: max lets no penalty be above 2000; allowed: a longer max, a shorter "
     "half_life, or suppress below that"},
    {"[routes]\nplumb_all_cross_subnet_routes = 1\n",
     "c.toml:5: routes.plumb_all_cross_subnet_routes: an integer is not allowed; allowed: true or "
     "false"},
    {"[interfaces]\nexclude = \"a\"\n", "a string is not allowed; allowed: an array of strings"},
    {"[interfaces]\nexclude = [\"a\",\n2]\n",
     "c.toml:6: interfaces.exclude: an integer is not allowed; allowed: a string"},
    {"[interfaces]\nexclude = [\"\"]\n", "allowed: 1 to 255 printable ASCII characters"},
    {"[worker]\nspin = \"2s\"\n",
     "c.toml:5: worker.spin: \"2s\" is out of range; allowed: 0s to 1s"},
    {"[worker]\ncount = 0\n", "c.toml:5: worker.count: 0 is out of range; allowed: 1 to 16"},
    {"[worker]\ncount = \"all\"\n", "c.toml:5: worker.count: allowed: \"auto\" or 1 to 16"},
    {"[worker]\ncount = 2\ncores = [0, 1, 2]\n",
     "c.toml:6: worker.cores: 3 processors for 2 workers; allowed: at most one each"},
    {"[worker]\ncount = 2\ncores = [1, 1]\n", "processor 1 is named twice"},
    {"[worker]\ncores = [1024]\n", "1024 is out of range; allowed: 0 to 1023"},
    {"[worker]\ncores = 1\n", "allowed: an array of processor numbers"},
    {"[network]\nsubnet = \"10.0.0.0/24\"\n",
     "c.toml:4: network: a table is not allowed; allowed: [[network]] with two brackets, once for "
     "each"},
    {"[[network]]\n", "c.toml:4: network: \"subnet\" is missing"},
    {"[[network]]\nsubnet = \"10.0.0.0\"\n", "\"10.0.0.0\" is not a subnet"},
    {"[[network]]\nsubnet = \"10.0.0.0/24\"\nrole = \"main\"\n",
     "c.toml:6: network.role: \"main\" is not a role; allowed: \"none\", \"cluster\", "
     "\"cluster-and-client\""},
    {"[[network]]\nsubnet = \"10.0.0.0/24\"\nmetric = 0\n", "allowed: 1 to 1000000"},
    {"[[network]]\nsubnet = \"10.0.0.0/8\"\n[[network]]\nsubnet = \"10.3.0.0/16\"\n",
     "c.toml:6: network.subnet: \"10.3.0.0/16\" overlaps \"10.0.0.0/8\" in line 4; an address "
     "belongs to one network"},
    {"[[network]]\nsubnet = \"10.0.0.0/24\"\nname = \"a\"\n[[network]]\nsubnet = "
     "\"10.1.0.0/24\"\nname = \"a\"\n",
     "c.toml:7: network.name: \"a\" is the name of the network in line 4 too"},
    {"[worker]\nspin = \"a\\u0000b\"\n", "\"a?b\" has characters that are not printable ASCII"},
    {"[worker]\nspin = \"\"\"1s\"\"\"\n", "c.toml:5: strings over several lines are not used here"},
    {"a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a = 1\n", "c.toml:4: too many dots in a key"},
    {"[worker\n", "c.toml:4: the header of table \"worker\" does not end; write [worker]"},
    {"[worker]\n[worker]\n",
     "c.toml:5: [worker] stands in line 4 already; a table stands once, with all its keys"},
};

// Put at the end of a node, whose first line is line 4; so the text is line 6.
const Case kNodes[] = {
    {"endpoint = []\n", "c.toml:6: node: unknown key \"endpoint\", did you mean \"endpoints\"?"},
    {"endpoints = \"10.0.0.1\"\n", "allowed: an array of strings"},
    {"endpoints = [\"10.0.0.300\"]\n",
     "c.toml:6: node.endpoints: \"10.0.0.300\" is not an endpoint; allowed: an address"},
    {"endpoints = [\"10.0.0.1\",\n\"10.0.0.2\",\n\"10.0.0.1:3343\"]\n",
     "c.toml:8: node.endpoints: \"10.0.0.1:3343\" of node \"n1\" is an endpoint of node \"n1\" "
     "already; each endpoint stands once"},
    {"endpoints = [\"10.0.0.1:65533\"]\nworker = { count = 4 }\n",
     "c.toml:6: node.endpoints: the 4 workers of node \"n1\" send from the ports 65533 and up; "
     "allowed: a port of 65532 at most"},
    {"port = 5\n", "c.toml:6: node.port: an integer is not allowed; allowed: a table"},
    {"port = { kind = \"xdp\" }\n",
     "c.toml:6: node.port.kind: \"xdp\" is not a kind of port; allowed: \"socket\", "
     "\"af_packet\", \"af_xdp\""},
    {"port = { devices = { \"a/b\" = \"net_ring0\" } }\n", "is not an interface name"},
    {"port = { devices = { \"\" = \"net_ring0\" } }\n", "is not an interface name"},
    {"port = { devices = [] }\n", "allowed: a table of interfaces"},
    {"port = { devices = { nic0 = 1 } }\n", "allowed: a table"},
    {"port = { devices = { nic0 = \"eth0\" } }\n",
     "c.toml:6: node.port.devices: \"eth0\" is no device; allowed: a PCI address (0000:03:00.0) or "
     "a virtual device of DPDK"},
    {"port = { devices = { nic0 = \"net_memif0,,id=1\" } }\n", "must be key=value"},
    {"port = { devices = { nic0 = { addresses = [] } } }\n", "\"device\" is missing"},
    {"port = { devices = { nic0 = { device = \"net_ring0\", addresses = [\"10.0.0.1\"] } } }\n",
     "\"10.0.0.1\" is no address of an interface"},
    {"port = { devices = { nic0 = \"03:00.0\", nic1 = \"0000:03:00.0\" } }\n",
     "\"0000:03:00.0\" is the device of \"nic0\" too; each has its own"},
    {"port = { devices = { nic0 = \"net_af_packet0,iface=e\", nic1 = \"net_af_packet1,iface=e\" } }"
     "\n",
     "\"iface=e\" is that of \"nic0\" too; each has its own"},
    {"port = { devices = { netft0 = \"net_ring0\" } }\n", "is the adapter's name, too"},
};

void check(const Case& row, const std::string& text) {
    std::string error = error_of(text);
    BOOST_TEST(
        error.find(row.error) != std::string::npos,
        "\n  text:   " << row.text << "\n  wanted: " << row.error << "\n  got:    " << error);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(config_errors)

BOOST_AUTO_TEST_CASE(each_bad_section_says_where_and_what_is_allowed) {
    for (const Case& row : kSections) check(row, kHead + kOpen + row.text + two_nodes());
}

BOOST_AUTO_TEST_CASE(each_bad_node_says_where_and_what_is_allowed) {
    std::string node = "[[node]]\nname = \"n1\"\npublic_key = \"" + to_text(key_number(1)) + "\"\n";
    for (const Case& row : kNodes)
        check(row, kHead + "security.mode = \"none\"\n" + node + row.text);
}

BOOST_AUTO_TEST_CASE(the_cluster_needs_a_good_name) {
    BOOST_TEST(error_of(kOpen) == "c.toml:1: \"cluster\" is missing");
    BOOST_TEST(
        error_of("cluster = \"a b\"")
            .starts_with(
                "c.toml:1: cluster: \"a b\" is not a cluster name; allowed: 1 to 63 letters"));
    BOOST_TEST(error_of("cluster = 5").starts_with("c.toml:1: cluster: an integer is not allowed"));
}

BOOST_AUTO_TEST_CASE(a_port_is_1_to_65535) {
    BOOST_TEST(error_of(kHead + "port = 0").starts_with("c.toml:2: port: 0 is out of range"));
    BOOST_TEST(error_of(kHead + "port = 65536").ends_with("allowed: 1 to 65535"));
    std::string high = kHead + "port = 65530\n" + kOpen + "[worker]\ncount = 16\n" +
                       node_text("n1", 1, "\"10.0.0.1:3343\"") + node_text("n2", 2, "");
    BOOST_TEST(error_of(high).starts_with(
        "c.toml:7: port: the 16 workers of node \"n1\" send from the ports 65530 and up"));
}

BOOST_AUTO_TEST_CASE(a_bad_security_section_says_where_and_what_is_allowed) {
    const Case rows[] = {
        {"mode = \"off\"\n",
         "c.toml:3: security.mode: \"off\" is not a security mode; allowed: \"encrypt\", \"sign\", "
         "\"none\""},
        {"mode = false\n", "c.toml:3: security.mode: a boolean is not allowed; allowed: a string"},
        {"zzz = \"x\"\n",
         "c.toml:3: security: unknown key \"zzz\"; allowed: mode, key_file, crypto, rekey"},
        {"key_file = \"cluster.key\"\n",
         "c.toml:3: security.key_file: \"cluster.key\" is not the path of a file; allowed: an "
         "absolute one"},
        {"key_file = \"\"\n", "c.toml:3: security.key_file: \"\" is not the path"},
        {"crypto = \"qat\"\n",
         "c.toml:3: security.crypto: \"qat\" is not a crypto device; allowed: \"auto\", "
         "\"aesni_gcm\", \"openssl\""},
        {"rekey = \"999ms\"\n",
         "c.toml:3: security.rekey: \"999ms\" is out of range; allowed: 1s to 24h"},
        {"rekey = \"25h\"\n", "\"25h\" is out of range; allowed: 1s to 24h"},
    };
    for (const Case& row : rows) check(row, kHead + "[security]\n" + row.text + two_nodes());
}

BOOST_AUTO_TEST_CASE(a_node_needs_a_name_and_a_key) {
    std::string head = kHead + kOpen;
    BOOST_TEST(error_of(head + "[[node]]\n") ==
               "c.toml:4: node: \"name\" is missing\nc.toml:4: node: \"public_key\" is missing");
    BOOST_TEST(error_of(head + "[[node]]\nname=\"n1\"\n") ==
               "c.toml:4: node: \"public_key\" is missing");
    BOOST_TEST(error_of(head + "[[node]]\nname=\"-n1\"\npublic_key=\"\"\n")
                   .starts_with("c.toml:5: node.name: \"-n1\" is not a host name"));
    BOOST_TEST(error_of(head + "[[node]]\nname=\"n1\"\npublic_key=\"abc\"\n")
                   .starts_with("c.toml:6: node.public_key: \"abc\" is not a public key; allowed: "
                                "the base64 of 32 bytes"));
    BOOST_TEST(error_of(head + "[node]\nname=\"n1\"\n").find("allowed: [[node]] with two") !=
               std::string::npos);
    BOOST_TEST(error_of("node = [1]\n" + head)
                   .starts_with("c.toml:1: node: an integer is not allowed; allowed: [[node]]"));
    BOOST_TEST(error_of(head).starts_with("c.toml: there is no node"));
}

BOOST_AUTO_TEST_CASE(what_two_nodes_share_is_refused) {
    std::string head = kHead + kOpen + node_text("n1", 1, "\"10.0.0.1\"");
    BOOST_TEST(
        error_of(head + node_text("N1", 2, "\"10.0.0.2\""))
            .starts_with("c.toml:9: node.name: \"N1\" is the name of another node too, in line 5"));
    BOOST_TEST(error_of(head + node_text("n2", 1, "\"10.0.0.2\""))
                   .starts_with("c.toml:10: node.public_key: is the key of node \"n1\" too"));
    BOOST_TEST(error_of(head + node_text("n2", 2, "\"10.0.0.1\""))
                   .starts_with("c.toml:11: node.endpoints: \"10.0.0.1:3343\" of node \"n2\" is an "
                                "endpoint of node "
                                "\"n1\" already"));
}

BOOST_AUTO_TEST_CASE(all_errors_of_a_file_come_at_once_in_its_order) {
    std::string text = "cluster = \"a b\"\nport = 0\n" + kOpen +
                       "[heartbeat]\nsame_subnet = { delay = 5, threshold = 0 }\n" +
                       "[[node]]\nname = \"n1\"\npublic_key = \"x\"\n" +
                       "endpoints = [\"10.0.0.300\", \"127.0.0.1\"]\n" +
                       node_text("n2", 2, "\"10.0.0.2\"") + node_text("N2", 2, "");
    std::string error = error_of(text);
    std::string lines;
    for (std::size_t at = 0; at < error.size(); at = error.find('\n', at), at += at < error.size())
        lines += error.substr(at + 7, error.find(':', at + 7) - at - 7) + " ";
    BOOST_TEST(lines == "1 2 6 6 9 10 10 16 17 ", error);
}

BOOST_AUTO_TEST_CASE(many_errors_are_cut) {
    std::string text = kHead + kOpen;
    for (int i = 0; i < 70; ++i) text += "[zz" + std::to_string(i) + "]\n";
    std::string error = error_of(text + two_nodes());
    BOOST_TEST(std::count(error.begin(), error.end(), '\n') == 50);
    BOOST_TEST(error.ends_with("c.toml: and 20 more"));
}

BOOST_AUTO_TEST_CASE(an_endpoint_that_no_node_can_have_is_refused) {
    std::string net = kHead + kOpen + "[[network]]\nsubnet = \"10.0.0.0/24\"\n";
    BOOST_TEST(error_of(net + node_text("n1", 1, "\"10.0.0.255\"")) ==
               "c.toml:9: node.endpoints: \"10.0.0.255\" is the broadcast address of "
               "\"10.0.0.0/24\"; allowed: an address of this node");
    BOOST_TEST(error_of(net + node_text("n1", 1, "\"10.0.0.0\"")).find("subnet's own address") !=
               std::string::npos);
    std::string point = kHead + kOpen + "[[network]]\nsubnet = \"10.0.0.0/31\"\n";
    BOOST_TEST(error_of(point + node_text("n1", 1, "\"10.0.0.0\"")) == "");
    auto good = parse_config(kHead + kOpen + two_nodes(), "c.toml", "n1");
    std::string own = kHead + kOpen +
                      node_text("n1", 1, "\"" + good->nodes[1].ipv4.to_string() + "\"") +
                      node_text("n2", 2, "\"10.0.0.2\"");
    BOOST_TEST(error_of(own).find("is the virtual address of node \"n2\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(two_nodes_without_endpoints_could_never_meet) {
    std::string one = kHead + kOpen + node_text("n1", 1, "\"10.0.0.1\"") + node_text("n2", 2, "");
    BOOST_TEST(error_of(one) == "");
    BOOST_TEST(
        error_of(one + node_text("n3", 3, ""))
            .starts_with("c.toml:12: node.endpoints: nodes \"n2\" and \"n3\" both have none"));
}

BOOST_AUTO_TEST_CASE(a_host_is_found_by_its_whole_name_and_else_by_its_first_part) {
    auto self_of = [](const std::string& one, const std::string& other, const std::string& host) {
        std::string text =
            kHead + kOpen + node_text(one, 1, "\"10.0.0.1\"") + node_text(other, 2, "\"10.0.0.2\"");
        auto settings = parse_config(text, "c.toml", WantedNode::of_host(host));
        return settings ? settings->nodes[settings->self.value].name : settings.error().what;
    };
    BOOST_TEST(self_of("x", "n1.example.com", "n1.example.com") == "n1.example.com");
    BOOST_TEST(self_of("x", "n1.example.com", "N1.Example.Com") == "n1.example.com");
    BOOST_TEST(self_of("x", "n1.b", "n1.b") == "n1.b");
    BOOST_TEST(self_of("x", "n1", "n1.example.com") == "n1");
    BOOST_TEST(self_of("x", "n1", "n1") == "n1");
    BOOST_TEST(self_of("n1.b", "n1", "n1.b") ==
               "c.toml: this host, \"n1.b\", may be node \"n1.b\" or node \"n1\"; give one of them "
               "with --node");
    BOOST_TEST(self_of("x", "n1.b", "n1.c").find("is none of its nodes") != std::string::npos);
    // What --node says is a node's name and nothing else.
    std::string text = kHead + kOpen + node_text("n1", 1, "\"10.0.0.1\"");
    BOOST_TEST(!parse_config(text, "c.toml", "n1.example.com").has_value());
}

BOOST_AUTO_TEST_CASE(a_host_that_is_not_in_the_file_is_told_who_is) {
    BOOST_TEST(error_of(kHead + kOpen + two_nodes(), "web") ==
               "c.toml: this host, \"web\", is none of its nodes; give one of them with --node; "
               "allowed: n1, n2");
    std::string many = kHead + kOpen;
    for (std::uint32_t i = 0; i < 25; ++i)
        many += node_text("x" + std::to_string(i), i, "\"10.0.0." + std::to_string(i + 1) + "\"");
    BOOST_TEST(error_of(many).ends_with("x18, x19 and 5 more"));
}

BOOST_AUTO_TEST_CASE(more_than_fits_is_refused) {
    std::string nodes = kHead + kOpen;
    for (std::uint32_t i = 0; i <= kNodesMax; ++i)
        nodes += node_text("n" + std::to_string(i), i, "");
    BOOST_TEST(error_of(nodes).ends_with("\nc.toml:" + std::to_string(4 + 4 * kNodesMax) +
                                         ": node: too many; allowed: 1024"));
    std::string endpoints = "\"10.0.0.100\"";
    for (int i = 1; i <= 16; ++i) endpoints += ", \"10.0.0." + std::to_string(i) + "\"";
    BOOST_TEST(error_of(kHead + kOpen + node_text("n1", 1, endpoints)) ==
               "c.toml:7: node.endpoints: too many endpoints; allowed: 16");
    std::string small = kHead + kOpen + "[adapter]\nipv4_prefix = \"10.9.0.0/30\"\n" + two_nodes() +
                        node_text("n3", 3, "\"10.0.0.3\"");
    BOOST_TEST(error_of(small) == "c.toml:5: 10.9.0.0/30 has no room for so many nodes");
    BOOST_TEST(error_of(std::string(kConfigBytesMax + 1, '\n')) ==
               "c.toml: the file is too large; allowed: 1 MiB");
    BOOST_TEST(error_of("#" + std::string(70000, 'x')) ==
               "c.toml:1: line too long; allowed: 64 KiB");
}

BOOST_AUTO_TEST_CASE(text_that_would_exhaust_the_parser_is_an_error) {
    std::string dotted = "a";
    for (int i = 0; i < 20000; ++i) dotted += ".a";
    for (const std::string& text :
         {dotted + " = 1\n", "[" + dotted + "]\n", "a = " + std::string(50000, '['),
          "a = " + std::string(50000, '{'), std::string("\xff\xfe\x00", 3), std::string(1, '\0')})
        BOOST_TEST(error_of(text).starts_with("c.toml:1: "));
}

BOOST_AUTO_TEST_SUITE_END()
