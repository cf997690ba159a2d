#include "tools/relay/link_model.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <vector>

using namespace netft;
using namespace netft::relay;

namespace {

constexpr int kPackets = 20'000;

// One packet a millisecond.
std::vector<LinkModel::Fate> fates_of(const LinkFault& fault, std::uint64_t seed = 1) {
    LinkModel model(fault, seed);
    std::vector<LinkModel::Fate> fates;
    for (int i = 0; i < kPackets; ++i) fates.push_back(model.handle_packet(TimePoint(i * 1ms)));
    return fates;
}

int overtaken(const std::vector<LinkModel::Fate>& fates) {
    int count = 0;
    for (std::size_t i = 1; i < fates.size(); ++i) count += fates[i].due < fates[i - 1].due;
    return count;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(link_model)

BOOST_AUTO_TEST_CASE(a_good_link_changes_nothing) {
    auto fates = fates_of({});
    for (int i = 0; i < kPackets; ++i) {
        BOOST_REQUIRE(fates[static_cast<std::size_t>(i)].copies == 1);
        BOOST_REQUIRE((fates[static_cast<std::size_t>(i)].due == TimePoint(i * 1ms)));
    }
}

BOOST_AUTO_TEST_CASE(jitter_moves_packets_within_its_bounds_and_keeps_their_order) {
    auto fates = fates_of({.delay = 20ms, .jitter = 8ms});
    BOOST_TEST(overtaken(fates) == 0);
    Duration least = 1s, most{};
    for (int i = 0; i < kPackets; ++i) {
        Duration late = fates[static_cast<std::size_t>(i)].due - TimePoint(i * 1ms);
        least = std::min(least, late);
        most = std::max(most, late);
    }
    BOOST_TEST((least >= 12ms && most <= 28ms && most - least > 8ms));
}

BOOST_AUTO_TEST_CASE(a_reordered_packet_is_overtaken_and_the_others_are_not_held_up) {
    auto fates = fates_of({.delay = 1ms, .reorder = 0.1});
    int count = overtaken(fates);
    BOOST_TEST((count > kPackets / 12 && count < kPackets / 8));
    for (int i = 0; i < kPackets; ++i) {
        Duration late = fates[static_cast<std::size_t>(i)].due - TimePoint(i * 1ms);
        BOOST_REQUIRE((late == 1ms || late == 1ms + LinkModel::kHoldMin));
    }
}

BOOST_AUTO_TEST_CASE(loss_and_duplication_take_their_share) {
    int lost = 0, twice = 0;
    for (const auto& fate : fates_of({.duplicate = 0.25, .loss = 0.2})) {
        lost += fate.copies == 0;
        twice += fate.copies == 2;
    }
    BOOST_TEST((lost > 3700 && lost < 4300));
    BOOST_TEST((twice > 3700 && twice < 4300));
}

BOOST_AUTO_TEST_CASE(one_seed_is_one_sequence) {
    LinkFault fault{.delay = 5ms, .jitter = 5ms, .reorder = 0.2, .duplicate = 0.2, .loss = 0.2};
    auto a = fates_of(fault, 7), b = fates_of(fault, 7), c = fates_of(fault, 8);
    int differ = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        BOOST_REQUIRE((a[i].copies == b[i].copies && a[i].due == b[i].due));
        differ += a[i].due != c[i].due;
    }
    BOOST_TEST(differ > kPackets / 2);
}

BOOST_AUTO_TEST_SUITE_END()
