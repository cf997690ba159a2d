#include "netft/core/flow_table.hpp"

#include <boost/test/unit_test.hpp>
#include <map>
#include <vector>

#include "netft/base/random.hpp"

namespace netft::core {
namespace {

struct Fixture {
    FlowTable table;
    TimePoint now{1h};
    std::vector<Share> both{{RouteId(1), 256, true}, {RouteId(2), 256, true}};

    std::map<std::uint16_t, int> spread_of(std::uint64_t flows, std::span<const Share> shares) {
        std::map<std::uint16_t, int> count;
        for (std::uint64_t flow = 0; flow < flows; ++flow)
            ++count[table.take(now, flow, shares).value];
        return count;
    }
};

BOOST_FIXTURE_TEST_SUITE(flow_table, Fixture)

BOOST_AUTO_TEST_CASE(sixteen_flows_use_both_routes_alike) {
    auto count = spread_of(16, both);
    BOOST_TEST(count[1] == 8);
    BOOST_TEST(count[2] == 8);
}

BOOST_AUTO_TEST_CASE(flows_follow_the_weights) {
    both[1].weight = 64;
    auto count = spread_of(100, both);
    BOOST_TEST(count[1] == 80);
    BOOST_TEST(count[2] == 20);
}

BOOST_AUTO_TEST_CASE(a_flow_that_runs_stays_whatever_the_weights_say) {
    std::vector<RouteId> at;
    for (std::uint64_t flow = 0; flow < 16; ++flow) at.push_back(table.take(now, flow, both));
    Random random(3);
    for (int i = 0; i < 10'000; ++i) {
        now += 1ms;
        both[0].weight = 1 + static_cast<std::uint32_t>(random.below(256));
        both[1].weight = 1 + static_cast<std::uint32_t>(random.below(256));
        both[0].takes_new = random.chance(0.5);
        for (std::uint64_t flow = 0; flow < 16; ++flow)
            BOOST_REQUIRE(table.take(now, flow, both) == at[flow]);
    }
}

BOOST_AUTO_TEST_CASE(flows_leave_a_route_that_is_gone_and_only_those) {
    std::vector<RouteId> before;
    for (std::uint64_t flow = 0; flow < 16; ++flow) before.push_back(table.take(now, flow, both));
    std::vector<Share> three = both;
    three.push_back({RouteId(3), 256, true});
    std::span<const Share> left = std::span(three).subspan(1);
    for (std::uint64_t flow = 0; flow < 16; ++flow) {
        RouteId after = table.take(now + 1ms, flow, left);
        BOOST_TEST((after != RouteId(1)));
        if (before[flow] != RouteId(1)) BOOST_TEST((after == before[flow]));
    }
}

BOOST_AUTO_TEST_CASE(a_route_that_came_back_gets_flows_at_their_pauses) {
    (void)spread_of(16, std::span(both).first(1));
    now += 100ms;
    BOOST_TEST(spread_of(16, both)[2] == 0);  // they run
    now += FlowTable::kPause;
    auto count = spread_of(16, both);
    BOOST_TEST(count[1] == 8);
    BOOST_TEST(count[2] == 8);
}

BOOST_AUTO_TEST_CASE(a_route_that_takes_no_new_flows_gets_none) {
    both[0].takes_new = false;
    BOOST_TEST(spread_of(100, both)[1] == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core
