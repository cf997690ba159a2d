#include "netft/daemon/stack.hpp"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <thread>

using namespace netft::daemon;

namespace {

std::atomic<bool> runs{false};
std::atomic<bool> stops{false};

void wait_in_vain() {
    runs = true;
    while (!stops) {
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(stack)

BOOST_AUTO_TEST_CASE(a_thread_that_runs_in_circles_tells_where) {
    prepare_stacks();
    std::thread thread(wait_in_vain);
    while (!runs) std::this_thread::yield();
    std::vector<std::string> lines = stack_of(thread.native_handle());
    stops = true;
    thread.join();
    BOOST_REQUIRE(lines.size() >= 2u);
    // Under AddressSanitizer its own backtrace() is one frame more, and the trampoline comes first.
    BOOST_TEST((lines[0] + lines[1]).find("unit_daemon") != std::string::npos, lines[0]);
}

BOOST_AUTO_TEST_SUITE_END()
