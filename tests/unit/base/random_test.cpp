#include "netft/base/random.hpp"

#include <boost/test/unit_test.hpp>

using namespace netft;

BOOST_AUTO_TEST_SUITE(random_numbers)

// Reference values of SplitMix64 for seed 1234567 (Vigna's splitmix64.c).
BOOST_AUTO_TEST_CASE(the_sequence_is_that_of_splitmix64) {
    Random random(1234567);
    for (std::uint64_t expected : {6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
                                   4593380528125082431u, 16408922859458223821u})
        BOOST_TEST(random.next() == expected);
}

BOOST_AUTO_TEST_CASE(one_seed_gives_one_sequence_and_another_seed_another) {
    Random a(7), b(7), c(8);
    BOOST_TEST(a.next() == b.next());
    BOOST_TEST(a.next() != c.next());
}

BOOST_AUTO_TEST_CASE(values_stay_in_their_bounds) {
    Random random(3);
    bool low = false, high = false;
    for (int i = 0; i < 10'000; ++i) {
        BOOST_REQUIRE(random.below(7) < 7u);
        Duration d = random.between(10ns, 12ns);
        BOOST_REQUIRE(d.count() >= 10);
        BOOST_REQUIRE(d.count() <= 12);
        low |= d == 10ns;
        high |= d == 12ns;
    }
    BOOST_TEST(low);
    BOOST_TEST(high);
    BOOST_TEST(random.between(5s, 5s).count() == Duration(5s).count());
}

BOOST_AUTO_TEST_CASE(chance_is_never_at_zero_always_at_one_and_near_its_share_between) {
    Random random(11);
    int hits = 0;
    for (int i = 0; i < 100'000; ++i) {
        BOOST_REQUIRE(!random.chance(0.0));
        BOOST_REQUIRE(random.chance(1.0));
        hits += random.chance(0.25);
    }
    BOOST_TEST(hits > 24'000);
    BOOST_TEST(hits < 26'000);
}

BOOST_AUTO_TEST_SUITE_END()
