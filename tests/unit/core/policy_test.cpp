#include "netft/core/policy.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

#include "netft/core/copy_budget.hpp"

namespace netft::core {
namespace {

struct Packet {
    bool is_ipv6 = false;
    std::uint8_t dscp = 0;
    std::uint8_t protocol = kProtocolUdp;
    std::uint16_t source_port = 40'000;
    std::uint16_t destination_port = 5405;
    bool is_fragment = false;
    std::uint8_t host = 1;

    std::vector<std::uint8_t> bytes() const {
        std::vector<std::uint8_t> out(14 + 40 + 8 + 8);
        ByteWriter w(out);
        for (int i = 0; i < 12; ++i) w.u8(2);
        w.u16(is_ipv6 ? 0x86dd : 0x0800);
        if (is_ipv6) {
            w.u16(static_cast<std::uint16_t>(0x6000 | dscp << 6));
            w.u32(0);
            w.u8(is_fragment ? 44 : protocol);
            w.u8(64);
            for (int i = 0; i < 32; ++i) w.u8(host);
            if (is_fragment) w.u8(protocol), w.u8(0), w.u16(1), w.u32(7);
        } else {
            w.u8(0x45);
            w.u8(static_cast<std::uint8_t>(dscp << 2));
            w.u32(0);
            w.u16(is_fragment ? 0x2000 : 0x4000);
            w.u8(64);
            w.u8(protocol);
            w.u16(0);
            for (int i = 0; i < 8; ++i) w.u8(host);
        }
        w.u16(source_port);
        w.u16(destination_port);
        return out;
    }
    Flow flow(std::size_t size = 100) const {
        std::vector<std::uint8_t> whole = bytes();
        return flow_of({whole, size});
    }
};

TrafficClass class_of(Policy policy) {
    TrafficClass c;
    c.policy = policy;
    return c;
}

BOOST_AUTO_TEST_SUITE(policy)

BOOST_AUTO_TEST_CASE(fields_are_found_in_either_family) {
    for (bool is_ipv6 : {false, true}) {
        Flow flow = Packet{.is_ipv6 = is_ipv6, .dscp = 46}.flow(999);
        BOOST_TEST(flow.is_ip);
        BOOST_TEST(flow.dscp == 46);
        BOOST_TEST(flow.protocol == kProtocolUdp);
        BOOST_TEST(flow.has_ports);
        BOOST_TEST(flow.destination_port == 5405);
        BOOST_TEST(flow.bytes == 999u);
    }
}

BOOST_AUTO_TEST_CASE(what_tells_flows_apart_changes_the_hash) {
    std::uint64_t base = Packet{}.flow().hash;
    BOOST_TEST(Packet{}.flow(1'000).hash == base);
    BOOST_TEST(Packet{.source_port = 40'001}.flow().hash != base);
    BOOST_TEST(Packet{.destination_port = 1}.flow().hash != base);
    BOOST_TEST(Packet{.protocol = kProtocolTcp}.flow().hash != base);
    BOOST_TEST(Packet{.host = 2}.flow().hash != base);
}

BOOST_AUTO_TEST_CASE(fragments_of_one_packet_are_one_flow) {
    for (bool is_ipv6 : {false, true}) {
        Packet fragment{.is_ipv6 = is_ipv6, .is_fragment = true};
        Packet next = fragment;
        next.source_port = 7;  // what stands there in a later fragment is payload
        BOOST_TEST(!fragment.flow().has_ports);
        BOOST_TEST(fragment.flow().hash == next.flow().hash);
    }
}

BOOST_AUTO_TEST_CASE(no_length_is_read_beyond_its_end) {
    for (bool is_ipv6 : {false, true}) {
        std::vector<std::uint8_t> whole = Packet{.is_ipv6 = is_ipv6}.bytes();
        for (std::size_t length = 0; length <= whole.size(); ++length) {
            std::vector<std::uint8_t> cut(whole.begin(),
                                          whole.begin() + static_cast<std::ptrdiff_t>(length));
            (void)flow_of({cut, length});
        }
        whole[14] = 0x4f;  // options that are not there
        (void)flow_of({whole, whole.size()});
    }
}

BOOST_AUTO_TEST_CASE(the_first_class_that_matches_decides_then_the_size_then_the_rule) {
    TrafficClass corosync = class_of(Policy::duplicate);
    corosync.udp_port = {{5404, 5406}};
    TrafficClass bulk = class_of(Policy::spread);
    bulk.size = {{1'000, 65'535}};
    TrafficClass marked = class_of(Policy::failover);
    marked.dscp = {{46, 46}, {8, 8}};
    std::vector<TrafficClass> classes{corosync, bulk, marked};
    TrafficRule rule{Policy::spread, 256};

    auto policy = [&](const Packet& packet, std::size_t size) {
        return policy_of(packet.flow(size), rule, classes);
    };
    BOOST_TEST((policy({}, 2'000) == Policy::duplicate));
    BOOST_TEST((policy({.source_port = 5404, .destination_port = 9}, 2'000) == Policy::duplicate));
    BOOST_TEST((policy({.protocol = kProtocolTcp}, 2'000) == Policy::spread));
    BOOST_TEST((policy({.dscp = 46, .destination_port = 9}, 500) == Policy::failover));
    BOOST_TEST((policy({.destination_port = 9}, 256) == Policy::duplicate));
    BOOST_TEST((policy({.destination_port = 9}, 257) == Policy::spread));
}

BOOST_AUTO_TEST_CASE(a_class_needs_all_it_names_but_one_protocol_is_enough) {
    TrafficClass c = class_of(Policy::duplicate);
    c.dscp = {{46, 46}};
    c.udp_port = {{53, 53}};
    c.tcp_port = {{2380, 2380}};
    std::vector<TrafficClass> classes{c};
    auto matches = [&](const Packet& packet) {
        return policy_of(packet.flow(), {}, classes) == Policy::duplicate;
    };
    BOOST_TEST(matches({.dscp = 46, .destination_port = 53}));
    BOOST_TEST(matches({.dscp = 46, .protocol = kProtocolTcp, .destination_port = 2380}));
    BOOST_TEST(!matches({.dscp = 46, .protocol = kProtocolTcp, .destination_port = 53}));
    BOOST_TEST(!matches({.dscp = 0, .destination_port = 53}));
    BOOST_TEST(!matches({.dscp = 46, .destination_port = 53, .is_fragment = true}));
}

BOOST_AUTO_TEST_CASE(copies_have_a_budget_that_comes_back) {
    CopyBudget budget;
    TimePoint now{1h};
    int taken = 0;
    while (budget.take(now, 10)) taken += 10;
    BOOST_TEST(taken == CopyBudget::kDatagramsPerSecond);
    BOOST_TEST(!budget.take(now, 1));
    BOOST_TEST(budget.take(now + 1ms, 20));
    BOOST_TEST(!budget.take(now + 1ms, 1));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core
