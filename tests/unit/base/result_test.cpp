#include "netft/base/result.hpp"

#include <boost/test/unit_test.hpp>
#include <cerrno>

using namespace netft;

namespace {

Result<int> half(int value) {
    if (value % 2 != 0) return fail("half: " + std::to_string(value) + " is odd");
    return value / 2;
}

Status open_nothing() { return fail_errno("/no/such/file", ENOENT); }

}  // namespace

BOOST_AUTO_TEST_SUITE(result)

BOOST_AUTO_TEST_CASE(a_result_is_a_value_or_says_what_went_wrong) {
    BOOST_TEST(half(4).value() == 2);
    auto failed = half(3);
    BOOST_REQUIRE(!failed);
    BOOST_TEST(failed.error().what == "half: 3 is odd");
    BOOST_TEST(failed.error().errno_value == 0);
}

BOOST_AUTO_TEST_CASE(a_failed_system_call_keeps_its_errno_and_text) {
    auto failed = open_nothing();
    BOOST_REQUIRE(!failed);
    BOOST_TEST(failed.error().what == "/no/such/file: No such file or directory");
    BOOST_TEST(failed.error().errno_value == ENOENT);
}

BOOST_AUTO_TEST_CASE(context_grows_to_the_left_and_keeps_the_errno) {
    Status outer = with_context("config", open_nothing().error());
    BOOST_TEST(outer.error().what == "config: /no/such/file: No such file or directory");
    BOOST_TEST(outer.error().errno_value == ENOENT);
}

BOOST_AUTO_TEST_SUITE_END()
