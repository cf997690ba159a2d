#include "netft/core/source_watch.hpp"

#include <boost/test/unit_test.hpp>
#include <functional>

namespace netft::core {
namespace {

// A sender and a peer that reports after every `every` heartbeats.
struct Bed {
    explicit Bed(std::size_t n) : sources(n), watch(n) {}

    std::size_t sources;
    SourceWatch watch;
    std::uint64_t counter = std::uint64_t{3} << 32;
    std::uint64_t highest = 0;
    std::uint64_t received = 0;

    void run(unsigned heartbeats, unsigned every, const std::function<bool(unsigned)>& is_lost) {
        for (unsigned i = 0; i < heartbeats; ++i) {
            ++counter;
            watch.handle_sent(counter, true);
            if (!is_lost(SourceWatch::source_of(counter, sources))) {
                highest = counter;
                ++received;
            }
            if (i % every == every - 1) watch.handle_report(highest, received);
        }
    }
};

BOOST_AUTO_TEST_SUITE(source_watch)

BOOST_AUTO_TEST_CASE(a_source_port_that_never_comes_through_is_named) {
    for (std::size_t sources : {2u, 3u, 5u, 16u})
        for (unsigned broken = 0; broken < sources; ++broken) {
            Bed bed(sources);
            auto cut = [broken](unsigned source) { return source == broken; };
            bed.run(100, 1, [](unsigned) { return false; });
            BOOST_TEST(bed.watch.broken() == 0u);
            unsigned enough = SourceWatch::broken_after(sources);
            bed.run(static_cast<unsigned>(sources) * (enough + 1), 1, cut);
            BOOST_TEST(bed.watch.broken() == 1u << broken);
            bed.run(static_cast<unsigned>(sources) * (SourceWatch::kSound + 1u), 1,
                    [](unsigned) { return false; });
            BOOST_TEST(bed.watch.broken() == 0u);
        }
}

BOOST_AUTO_TEST_CASE(several_are_named_but_never_all) {
    Bed bed(4);
    bed.run(40, 1, [](unsigned source) { return source == 1 || source == 2; });
    BOOST_TEST(bed.watch.broken() == 0b0110u);
    Bed dead(2);
    dead.run(10, 1, [](unsigned) { return false; });
    dead.run(100, 1, [](unsigned) { return true; });
    BOOST_TEST(dead.watch.broken() == 0u);
}

// The switch moves the flows: what was broken is sound, and the other way round.
BOOST_AUTO_TEST_CASE(all_are_never_named_even_when_the_paths_change_places) {
    for (std::size_t sources : {2u, 3u, 4u, 16u}) {
        auto all = static_cast<std::uint16_t>((1u << sources) - 1);
        std::uint16_t first = static_cast<std::uint16_t>(all >> sources / 2);
        Bed bed(sources);
        for (std::uint16_t dead : {first, static_cast<std::uint16_t>(all & ~first), first}) {
            auto cut = [dead](unsigned source) { return (dead >> source & 1) != 0; };
            for (int i = 0; i < 400; ++i) {
                bed.run(1, 1, cut);
                BOOST_TEST(bed.watch.broken() != all);
            }
            BOOST_TEST(bed.watch.broken() == dead);
        }
    }
}

// A peer whose heartbeats come at half of our rate echoes every second of ours: no evidence.
BOOST_AUTO_TEST_CASE(a_peer_that_reports_rarely_breaks_nothing) {
    for (unsigned every : {2u, 3u, 4u, 7u}) {
        Bed bed(2);
        bed.run(200, every, [](unsigned) { return false; });
        BOOST_TEST(bed.watch.broken() == 0u);
    }
}

BOOST_AUTO_TEST_CASE(loss_is_not_taken_for_a_broken_path) {
    for (unsigned seed = 1; seed <= 20; ++seed) {
        Bed bed(2);
        std::uint32_t state = seed;
        auto is_lost = [&state](unsigned) {
            state = state * 1'664'525 + 1'013'904'223;
            return state >> 24 < 26;  // a tenth
        };
        bed.run(2'000, 1, is_lost);
        BOOST_TEST(bed.watch.broken() == 0u);
    }
}

BOOST_AUTO_TEST_CASE(probes_say_nothing) {
    Bed bed(2);
    for (int i = 0; i < 50; ++i) {
        bed.run(3, 1, [](unsigned) { return false; });
        bed.watch.handle_sent(++bed.counter, false);  // and it is lost
    }
    BOOST_TEST(bed.watch.broken() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core
