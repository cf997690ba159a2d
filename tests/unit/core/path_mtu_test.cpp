#include "netft/core/path_mtu.hpp"

#include <boost/test/unit_test.hpp>

#include "netft/base/random.hpp"

namespace netft::core {
namespace {

BOOST_AUTO_TEST_SUITE(path_mtu)

// A path that takes packets up to `takes`; heartbeats every 100 ms.
struct Bed {
    PathMtu mtu;
    TimePoint now{1h};
    std::uint16_t takes = 1500;
    bool peer_counts = true;
    bool is_active = true;
    double loss = 0;  // of packets of any size
    Random random{7};
    std::uint8_t received = 0;
    unsigned probes = 0;

    void run(Duration length) {
        for (TimePoint end = now + length; now < end; now += 100ms) {
            auto size = mtu.handle_heartbeat(now, {.ceiling = 1500,
                                                   .probes_received = received,
                                                   .timeout = 150ms,
                                                   .stagger = 0ms,
                                                   .is_active = is_active,
                                                   .loss = loss});
            if (!size) continue;
            ++probes;
            bool is_lost = random.chance(loss);
            if (!is_lost && *size <= takes && peer_counts) ++received;
        }
    }
};

BOOST_AUTO_TEST_CASE(a_healthy_path_takes_the_full_size) {
    Bed bed;
    bed.run(1s);
    BOOST_TEST(bed.mtu.mtu() == 1500);
    BOOST_TEST(bed.mtu.limit() == 1500);
    BOOST_TEST(!bed.mtu.is_black_hole());
}

BOOST_AUTO_TEST_CASE(an_idle_path_is_probed_rarely) {
    Bed bed;
    bed.is_active = false;
    bed.run(100s);
    BOOST_TEST(bed.probes <= 11u);
    bed.is_active = true;
    bed.run(10s);
    BOOST_TEST(bed.probes >= 25u);
}

BOOST_AUTO_TEST_CASE(every_size_is_found_from_both_sides) {
    for (std::uint16_t size = PathMtu::kBase; size < 1500; ++size) {
        Bed bed;
        bed.run(2s);
        bed.takes = size;
        bed.run(1200ms);
        BOOST_REQUIRE(bed.mtu.is_black_hole());
        BOOST_REQUIRE(bed.mtu.limit() <= size);
        bed.run(5s);
        BOOST_REQUIRE(!bed.mtu.is_black_hole());
        BOOST_REQUIRE(bed.mtu.mtu() <= size);
        BOOST_REQUIRE(bed.mtu.mtu() + PathMtu::kStep >= size);
        bed.takes = 1500;
        bed.run(PathMtu::kRaise + 2s);
        BOOST_REQUIRE(bed.mtu.mtu() == 1500);
    }
}

BOOST_AUTO_TEST_CASE(loss_is_not_taken_for_a_size) {
    for (double loss : {0.05, 0.2, 0.3}) {
        Bed bed;
        bed.run(2s);
        bed.loss = loss;
        for (int i = 0; i < 600; ++i) {
            bed.run(1s);
            BOOST_REQUIRE_MESSAGE(bed.mtu.limit() == 1500, loss << " after " << i << " s");
        }
    }
}

BOOST_AUTO_TEST_CASE(a_black_hole_is_found_through_loss) {
    Bed bed;
    bed.run(2s);
    bed.loss = 0.2;
    bed.takes = 1400;
    bed.run(30s);
    BOOST_TEST(bed.mtu.mtu() <= 1400);
    BOOST_TEST(bed.mtu.mtu() >= 1400 - PathMtu::kStep);
}

BOOST_AUTO_TEST_CASE(a_path_below_the_base_stays_a_black_hole_until_it_heals) {
    Bed bed;
    bed.run(2s);
    bed.takes = 600;
    bed.run(30s);
    BOOST_TEST(bed.mtu.is_black_hole());
    bed.takes = 1500;
    bed.run(10s);
    BOOST_TEST(!bed.mtu.is_black_hole());
    bed.run(10s);
    BOOST_TEST(bed.mtu.mtu() == 1500);
}

BOOST_AUTO_TEST_CASE(a_path_that_was_always_small_is_measured) {
    Bed bed;
    bed.takes = 1400;
    bed.run(8s);
    BOOST_TEST(!bed.mtu.is_black_hole());
    BOOST_TEST(bed.mtu.mtu() <= 1400);
    BOOST_TEST(bed.mtu.mtu() >= 1400 - PathMtu::kStep);
}

BOOST_AUTO_TEST_CASE(a_peer_that_counts_no_probes_proves_nothing) {
    Bed bed;
    bed.peer_counts = false;
    bed.run(300s);
    BOOST_TEST(!bed.mtu.is_black_hole());
    BOOST_TEST(bed.mtu.limit() == 0);
    BOOST_TEST(bed.probes <= 40u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core
