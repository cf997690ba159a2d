#include "netft/base/ids.hpp"

#include <boost/test/unit_test.hpp>
#include <type_traits>
#include <unordered_set>

using namespace netft;

static_assert(!std::is_convertible_v<int, RouteId>);
static_assert(!std::is_convertible_v<RouteId, std::uint16_t>);
static_assert(!std::is_convertible_v<RouteId, PeerId>);

BOOST_AUTO_TEST_SUITE(ids)

BOOST_AUTO_TEST_CASE(ids_compare_by_value_and_start_at_zero) {
    BOOST_CHECK(RouteId{} == RouteId(0));
    BOOST_CHECK(RouteId(1) < RouteId(2));
    BOOST_CHECK(RouteId(1) != RouteId(2));
}

BOOST_AUTO_TEST_CASE(ids_are_keys_of_hashed_containers) {
    std::unordered_set<SessionIndex> set{SessionIndex(1), SessionIndex(2), SessionIndex(1)};
    BOOST_TEST(set.size() == 2u);
    BOOST_TEST(set.contains(SessionIndex(2)));
}

BOOST_AUTO_TEST_SUITE_END()
