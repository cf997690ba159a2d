#include "netft/wire/drop_reason.hpp"

#include <boost/test/unit_test.hpp>
#include <set>
#include <string>

using namespace netft;

BOOST_AUTO_TEST_SUITE(drop_reason)

BOOST_AUTO_TEST_CASE(every_reason_has_a_name_of_its_own_and_a_help_text) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < kDropReasons; ++i) {
        auto reason = static_cast<DropReason>(i);
        BOOST_TEST(names.insert(to_string(reason)).second);
        BOOST_TEST(help(reason).size() > 10u, to_string(reason));
    }
    BOOST_TEST(to_string(DropReason::rx_truncated) == "rx_truncated");
    BOOST_TEST(to_string(DropReason::control_queue_full) == "control_queue_full");
}

BOOST_AUTO_TEST_CASE(counters_count_and_add_up) {
    DropCounters a, b;
    a.count(DropReason::rx_truncated);
    b.count(DropReason::rx_truncated, 2);
    b.count(DropReason::control_queue_full, 5);
    a.add(b);
    BOOST_TEST(a.of(DropReason::rx_truncated) == 3u);
    BOOST_TEST(a.of(DropReason::control_queue_full) == 5u);
    BOOST_TEST(a.of(DropReason::tx_error) == 0u);
    BOOST_TEST(a.total() == 8u);
    BOOST_TEST(b.total() == 7u);
}

BOOST_AUTO_TEST_SUITE_END()
