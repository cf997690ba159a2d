#include "netft/session/data_windows.hpp"

#include <boost/test/unit_test.hpp>

namespace netft::session {
namespace {

BOOST_AUTO_TEST_SUITE(data_windows)

BOOST_AUTO_TEST_CASE(each_space_has_a_window_of_its_own) {
    DataWindows windows;
    for (std::size_t place : {0, 1, 7, kDataSpacesMax - 1}) {
        BOOST_TEST((windows.take(place, 200'000) == Freshness::fresh));
        BOOST_TEST((windows.take(place, 200'000) == Freshness::duplicate));
        BOOST_TEST((windows.take(place, 100'000) == Freshness::fresh));
        BOOST_TEST((windows.take(place, 1) == Freshness::too_old));
    }
}

BOOST_AUTO_TEST_CASE(reset_forgets_all_of_them) {
    DataWindows windows;
    for (std::size_t place : {0, 3}) (void)windows.take(place, 5);
    windows.reset();
    for (std::size_t place : {0, 3}) BOOST_TEST((windows.take(place, 5) == Freshness::fresh));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::session
