#include "netft/control/server_limits.hpp"

#include <boost/test/unit_test.hpp>

using namespace netft;
using namespace netft::control;

namespace {

constexpr TimePoint kNow{Duration(1h)};
constexpr uid_t kUser = 1000;

// How many of `tries` requests pass, all at `now`.
int admitted(ServerLimits& limits, TimePoint now, uid_t uid, RequestLimit& client, int tries) {
    int passed = 0;
    for (int i = 0; i < tries; ++i)
        passed += limits.admit_request(now, uid, client).admitted ? 1 : 0;
    return passed;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(limits)

BOOST_AUTO_TEST_CASE(many_connections_of_one_user_get_no_more_than_the_user) {
    ServerLimits limits;
    int passed = 0;
    for (int i = 0; i < 10; ++i) {
        RequestLimit client = ServerLimits::client_bucket(kUser);
        passed += admitted(limits, kNow, kUser, client, 1000);
    }
    BOOST_TEST(passed == 200);
    RequestLimit other = ServerLimits::client_bucket(kUser + 1);
    BOOST_TEST(admitted(limits, kNow, kUser + 1, other, 50) == 50);
    RequestLimit root = ServerLimits::client_bucket(0);
    BOOST_TEST(admitted(limits, kNow, 0, root, 5000) == 1000);
}

BOOST_AUTO_TEST_CASE(a_burst_is_told_of_once) {
    ServerLimits limits;
    RequestLimit client = ServerLimits::client_bucket(kUser);
    int told = 0;
    for (int second = 0; second < 3; ++second)
        for (int i = 0; i < 500; ++i)
            told += limits.admit_request(kNow + second * 1s, kUser, client).first ? 1 : 0;
    BOOST_TEST(told == 1);
    admitted(limits, kNow + 1h, kUser, client, 100);
    BOOST_TEST(limits.admit_request(kNow + 1h, kUser, client).first);
}

BOOST_AUTO_TEST_CASE(refusals_use_the_bucket_up_sooner) {
    ServerLimits limits;
    RequestLimit client = ServerLimits::client_bucket(kUser);
    int refused = 0;
    while (limits.admit_request(kNow, kUser, client).admitted) {
        limits.handle_refusal(kNow, kUser);
        ++refused;
    }
    BOOST_TEST(refused == 10);
}

BOOST_AUTO_TEST_CASE(one_user_cannot_take_all_connections_and_users_none_of_roots) {
    ServerLimits limits;
    BOOST_TEST(limits.admit_client(kNow, kUser, ServerLimits::kUserClientsMax - 1, 20).admitted);
    Admission verdict = limits.admit_client(kNow, kUser, ServerLimits::kUserClientsMax, 20);
    BOOST_TEST(!verdict.admitted);
    BOOST_TEST(verdict.first);
    BOOST_TEST(!limits.admit_client(kNow, kUser, ServerLimits::kUserClientsMax, 20).first);
    std::size_t full = ServerLimits::kClientsMax - ServerLimits::kRootClients;
    BOOST_TEST(!limits.admit_client(kNow, kUser + 1, 0, full).admitted);
    BOOST_TEST(limits.admit_client(kNow, 0, 0, full).admitted);
    BOOST_TEST(!limits.admit_client(kNow, 0, 0, ServerLimits::kClientsMax).admitted);
}

BOOST_AUTO_TEST_CASE(more_users_than_can_be_remembered_are_refused_until_others_are_idle) {
    ServerLimits limits;
    RequestLimit client(1'000'000, 1'000'000);
    for (uid_t uid = 1; uid <= ServerLimits::kUsersMax; ++uid)
        BOOST_REQUIRE(limits.admit_request(kNow, uid, client).admitted);
    BOOST_TEST(!limits.admit_request(kNow, 50'000, client).admitted);
    BOOST_TEST(limits.admit_request(kNow, 0, client).admitted);
    BOOST_TEST(limits.admit_request(kNow + 10s, 50'000, client).admitted);
}

BOOST_AUTO_TEST_SUITE_END()
