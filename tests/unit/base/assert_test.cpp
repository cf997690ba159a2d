#include "netft/base/assert.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <csignal>

BOOST_AUTO_TEST_SUITE(contract)

BOOST_AUTO_TEST_CASE(a_kept_promise_costs_nothing_and_a_broken_one_aborts) {
    NETFT_ASSERT(true);
    pid_t child = fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) {
        std::signal(SIGABRT, SIG_DFL);  // not the test framework's handler
        close(STDERR_FILENO);
        NETFT_ASSERT(1 + 1 == 3);
        _exit(0);
    }
    int status = 0;
    BOOST_REQUIRE(waitpid(child, &status, 0) == child);
    BOOST_TEST(WIFSIGNALED(status));
    BOOST_TEST(WTERMSIG(status) == SIGABRT);
}

BOOST_AUTO_TEST_SUITE_END()
