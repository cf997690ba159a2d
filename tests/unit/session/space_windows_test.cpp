#include "netft/session/space_windows.hpp"

#include <boost/test/unit_test.hpp>

namespace netft::session {
namespace {

BOOST_AUTO_TEST_SUITE(space_windows)

BOOST_AUTO_TEST_CASE(each_space_has_a_window_of_its_own) {
    SpaceWindows windows;
    for (std::uint16_t space : {1, 2, 0xffff}) {
        BOOST_TEST((windows.take(space, 1000) == Freshness::fresh));
        BOOST_TEST((windows.take(space, 1000) == Freshness::duplicate));
        BOOST_TEST((windows.take(space, 1) == Freshness::too_old));
    }
    windows.reset();
    BOOST_TEST((windows.take(1, 1) == Freshness::fresh));
}

BOOST_AUTO_TEST_CASE(of_too_many_spaces_the_one_used_longest_ago_goes) {
    SpaceWindows windows;
    for (std::uint16_t space = 0; space < SpaceWindows::kSpacesMax; ++space) windows.take(space, 5);
    BOOST_TEST((windows.take(0, 5) == Freshness::duplicate));
    windows.take(999, 5);  // takes the place of space 1
    BOOST_TEST((windows.take(0, 5) == Freshness::duplicate));
    BOOST_TEST((windows.take(2, 5) == Freshness::duplicate));
    BOOST_TEST((windows.take(1, 5) == Freshness::fresh));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::session
