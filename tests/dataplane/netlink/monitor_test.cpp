// The monitor against a real kernel. As root.
//
//   this thread (a namespace without a name)      far (a namespace held by a file descriptor)
//     eth0 10.77.0.1/24 ------------------ veth ------ peer0 10.77.0.2/24
//     netft0 (a TAP in the adapter's role)
//
// Namespaces without a name vanish with the process, however it ends.
#include "routing/netlink/monitor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdlib>
#include <functional>

namespace netft::routing {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kPatience = 5s;

void run(const std::string& command) {
    BOOST_REQUIRE_MESSAGE(std::system(command.c_str()) == 0, command);
}

int own_namespace() { return ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC); }

class Namespaces {
 public:
    Namespaces() : home_(own_namespace()) {
        BOOST_REQUIRE_MESSAGE(unshare(CLONE_NEWNET) == 0, "needs root");
        far_ = own_namespace();
        BOOST_REQUIRE(unshare(CLONE_NEWNET) == 0);
        near_ = own_namespace();
        run("ip link set lo up");
        // Unlike indices: where both ends have the same, the kernel takes the pair for one real NIC
        // and may hold news of its carrier back for a second (linkwatch_urgent_event()).
        run("ip link add eth0 index 70 type veth peer name peer0 index 71 netns " + far());
        run("ip addr add 10.77.0.1/24 dev eth0; ip link set eth0 up");
        in_far("ip addr add 10.77.0.2/24 dev peer0; ip link set peer0 up");
    }
    ~Namespaces() {
        setns(home_, CLONE_NEWNET);
        for (int fd : {home_, far_, near_}) close(fd);
    }
    // For `ip … netns`.
    std::string far() const {
        return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(far_);
    }
    void in_far(const std::string& command) {
        BOOST_REQUIRE(setns(far_, CLONE_NEWNET) == 0);
        int result = std::system(command.c_str());
        BOOST_REQUIRE(setns(near_, CLONE_NEWNET) == 0);
        BOOST_REQUIRE_MESSAGE(result == 0, command);
    }

 private:
    int home_ = -1;
    int far_ = -1;
    int near_ = -1;
};

struct Fixture {
    Namespaces namespaces;
    Monitor monitor = Monitor::open("netft0").value();

    Fixture() {
        monitor.set_wanted([](const InterfaceFact&) { return true; });
    }

    std::optional<InterfaceFact> fact(const std::string& name) {
        auto facts = monitor.read_facts();
        BOOST_REQUIRE_MESSAGE(facts.has_value(), (facts ? "" : facts.error().what));
        auto found = std::find_if(facts->begin(), facts->end(),
                                  [&](const InterfaceFact& f) { return f.name == name; });
        return found != facts->end() ? std::optional(*found) : std::nullopt;
    }

    // Waits for events until `is_true`; all changes seen on the way.
    Changes wait(const std::function<bool(const Changes&)>& is_true) {
        Changes all;
        auto deadline = Clock::now() + kPatience;
        while (!is_true(all)) {
            auto left =
                std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
            BOOST_REQUIRE_MESSAGE(left > 0ms, "waited in vain");
            pollfd event{monitor.fd(), POLLIN, 0};
            if (poll(&event, 1, static_cast<int>(left.count())) <= 0) continue;
            Changes changes = monitor.handle_ready();
            all = {all.links || changes.links, all.watched || changes.watched,
                   all.adapter || changes.adapter, all.next_hops || changes.next_hops};
        }
        return all;
    }

    void wait_for_carrier(bool carrier) {
        wait([&](const Changes&) { return fact("eth0")->carrier == carrier; });
    }

    // Reads away what waits.
    void settle() {
        while (monitor.handle_ready().any()) {
        }
    }
};

bool has_address(const InterfaceFact& fact, const char* text) {
    return std::count_if(fact.addresses.begin(), fact.addresses.end(),
                         [&](const Prefix& p) { return p == *Prefix::parse(text); }) == 1;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(netlink_monitor, Fixture)

BOOST_AUTO_TEST_CASE(facts_are_what_the_kernel_has) {
    wait_for_carrier(true);
    run("ip link set eth0 mtu 1400 address 02:00:00:00:00:07");
    InterfaceFact eth0 = fact("eth0").value();
    BOOST_TEST(eth0.index != 0u);
    BOOST_TEST(eth0.kind == "veth");
    BOOST_TEST(eth0.mtu == 1400u);
    BOOST_TEST(eth0.mac.to_string() == "02:00:00:00:00:07");
    BOOST_TEST(eth0.admin_up);
    BOOST_TEST(!eth0.loopback);
    BOOST_TEST(!eth0.default_route);
    BOOST_TEST(has_address(eth0, "10.77.0.1/24"));
    BOOST_TEST(fact("lo")->loopback);
    BOOST_TEST(!fact("peer0"));
}

BOOST_AUTO_TEST_CASE(default_routes_of_the_main_table_are_seen) {
    wait_for_carrier(true);
    run("ip route add default via 10.77.0.2 table 99");
    BOOST_TEST(!fact("eth0")->default_route);
    settle();
    run("ip route add default via 10.77.0.2");
    wait([&](const Changes& c) { return c.links; });
    BOOST_TEST(fact("eth0")->default_route);
    run("ip route del default");
    wait([&](const Changes&) { return !fact("eth0")->default_route; });
    run("ip route add default nexthop via 10.77.0.2 nexthop via 10.77.0.3");
    BOOST_TEST(fact("eth0")->default_route);
}

BOOST_AUTO_TEST_CASE(addresses_that_cannot_be_used_yet_are_left_out) {
    // Without carrier, detection of duplicates does not end: the address stays tentative.
    namespaces.in_far("ip link set peer0 down");
    run("ip addr add fd77::1/64 dev eth0; ip addr add fd77::2/64 dev eth0 nodad");
    InterfaceFact eth0 = fact("eth0").value();
    BOOST_TEST(!has_address(eth0, "fd77::1/64"));
    BOOST_TEST(has_address(eth0, "fd77::2/64"));
    namespaces.in_far("ip link set peer0 up");
    wait([&](const Changes&) { return has_address(*fact("eth0"), "fd77::1/64"); });
    eth0 = fact("eth0").value();
    for (const Prefix& p : eth0.addresses)
        BOOST_TEST(p.address.scope() == (p.address.is_link_local() ? eth0.index : 0u));
}

BOOST_AUTO_TEST_CASE(loss_of_carrier_arrives_at_once) {
    for (int i = 0; i < 3; ++i) {
        wait_for_carrier(true);
        settle();
        auto cut = Clock::now();
        namespaces.in_far("ip link set peer0 down");
        auto done = Clock::now();
        wait([&](const Changes& c) { return c.links && !fact("eth0")->carrier; });
        auto seen = Clock::now();
        std::chrono::duration<double, std::milli> late = seen - done, command = done - cut;
        BOOST_TEST_MESSAGE("carrier lost: seen " << late.count()
                                                 << " ms after the command, which took "
                                                 << command.count());
        BOOST_TEST(fact("eth0")->admin_up);
        namespaces.in_far("ip link set peer0 up");
    }
}

BOOST_AUTO_TEST_CASE(facts_tell_a_loss_of_carrier_that_the_kernel_holds_back) {
    run("ip link add eth1 index 90 type veth peer name peer1 index 90 netns " + namespaces.far());
    run("ip link set eth1 up");
    namespaces.in_far("ip link set peer1 up");
    wait([&](const Changes&) { return fact("eth1")->carrier; });
    namespaces.in_far("ip link set peer1 down");
    monitor.watch({fact("eth1")->index});
    monitor.look_again();
    BOOST_TEST(!fact("eth1")->carrier);
}

BOOST_AUTO_TEST_CASE(interfaces_and_addresses_come_and_go) {
    wait_for_carrier(true);
    settle();
    run("ip addr add 10.77.1.1/24 dev eth0");
    wait([&](const Changes& c) { return c.links && has_address(*fact("eth0"), "10.77.1.1/24"); });
    settle();
    run("ip addr flush dev eth0");
    wait([&](const Changes& c) { return c.links && fact("eth0")->addresses.empty(); });
    settle();
    run("ip link set eth0 down");
    wait([&](const Changes& c) { return c.links && !fact("eth0")->admin_up; });
    settle();
    run("ip link del eth0");
    wait([&](const Changes& c) { return c.links && !fact("eth0"); });
}

BOOST_AUTO_TEST_CASE(ports_of_a_bridge_have_no_addresses) {
    run("ip link add br0 type bridge; ip link set eth0 master br0; ip addr add 10.78.0.1/24 dev "
        "br0");
    BOOST_TEST(fact("eth0")->addresses.empty());
    BOOST_TEST(has_address(*fact("br0"), "10.78.0.1/24"));
}

BOOST_AUTO_TEST_CASE(churn_of_the_adapter_is_told_apart) {
    wait_for_carrier(true);
    run("ip tuntap add dev netft0 mode tap");
    wait([](const Changes& c) { return c.adapter; });
    settle();
    const char* commands[] = {"ip link set netft0 up mtu 1300",
                              "ip addr add 169.254.7.7/32 dev netft0",
                              "ip route add 169.254.7.8/32 dev netft0", "ip addr flush dev netft0",
                              "ip link set netft0 down"};
    for (const char* command : commands) {
        BOOST_TEST_CONTEXT(command) {
            run(command);
            Changes changes = wait([](const Changes& c) { return c.adapter; });
            BOOST_TEST(!changes.links);
            settle();
        }
    }
    run("ip link del netft0");
    BOOST_TEST(wait([](const Changes& c) { return c.adapter; }).links);
    settle();
    run("ip tuntap add dev netft0 mode tap; ip addr add 169.254.7.7/32 dev netft0");
    wait([](const Changes& c) { return c.adapter; });
}

BOOST_AUTO_TEST_CASE(an_overrun_means_that_all_may_have_changed) {
    int small = 1;
    setsockopt(monitor.fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    run("for i in $(seq 1 60); do ip addr add 10.79.$i.1/24 dev eth0; done");
    Changes changes = monitor.handle_ready();
    BOOST_TEST((changes.links && changes.adapter && changes.next_hops));
    BOOST_TEST(fact("eth0")->addresses.size() >= 61u);
}

BOOST_AUTO_TEST_CASE(next_hops_are_found_and_their_macs_asked_for) {
    namespaces.in_far("ip addr add fd77::2/64 dev peer0 nodad");
    run("ip addr add fd77::1/64 dev eth0 nodad; ip route add 10.99.0.0/24 via 10.77.0.2");
    wait_for_carrier(true);
    std::uint32_t eth0 = fact("eth0")->index;
    struct {
        const char *local, *remote, *next_hop;
        bool is_gateway;
    } const cases[] = {{"10.77.0.1", "10.77.0.2", "10.77.0.2", false},
                       {"10.77.0.1", "10.99.0.9", "10.77.0.2", true},
                       {"fd77::1", "fd77::2", "fd77::2", false}};
    for (const auto& c : cases) {
        auto ask = [&] {
            auto found =
                monitor.resolve(*IpAddress::parse(c.local), *IpAddress::parse(c.remote), eth0);
            BOOST_REQUIRE_MESSAGE(found.has_value(), (found ? "" : found.error().what));
            return found->value();
        };
        NextHop next_hop = ask();
        BOOST_TEST(next_hop.interface_index == eth0);
        BOOST_TEST(next_hop.address.to_string() == c.next_hop);
        BOOST_TEST(next_hop.is_gateway == c.is_gateway);
        BOOST_REQUIRE(monitor.solicit(next_hop).has_value());
        wait([&](const Changes&) { return ask().is_resolved(); });
        BOOST_TEST(!ask().mac.is_zero());
    }
}

BOOST_AUTO_TEST_CASE(a_next_hop_that_does_not_answer_fails) {
    wait_for_carrier(true);
    auto ask = [&] {
        return monitor.resolve(*IpAddress::parse("10.77.0.1"), *IpAddress::parse("10.77.0.9"), 0)
            .value()
            .value();
    };
    BOOST_CHECK(ask().state == NeighbourState::none);
    BOOST_REQUIRE(monitor.solicit(ask()).has_value());
    wait([&](const Changes&) { return ask().state == NeighbourState::failed; });
    BOOST_TEST(!ask().is_resolved());
}

BOOST_AUTO_TEST_CASE(where_no_route_leads_there_is_no_next_hop) {
    wait_for_carrier(true);
    auto found = monitor.resolve(*IpAddress::parse("10.77.0.1"), *IpAddress::parse("192.0.2.1"), 0);
    BOOST_REQUIRE(found.has_value());
    BOOST_TEST(!found->has_value());
    run("ip route add blackhole 192.0.2.0/24");
    found = monitor.resolve(*IpAddress::parse("10.77.0.1"), *IpAddress::parse("192.0.2.1"), 0);
    BOOST_TEST((!found.has_value() || !found->has_value()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace netft::routing
