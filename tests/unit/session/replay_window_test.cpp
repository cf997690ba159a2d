#include "netft/session/replay_window.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <set>
#include <vector>

#include "netft/base/random.hpp"

namespace netft::session {
namespace {

using Window = ReplayWindow<16>;  // remembers at least 960 counters

BOOST_AUTO_TEST_SUITE(replay_window)

BOOST_AUTO_TEST_CASE(takes_each_counter_once) {
    Window window;
    for (std::uint64_t counter : {5, 6, 4, 100, 99, 7}) {
        BOOST_TEST((window.take(counter) == Freshness::fresh));
        BOOST_TEST((window.take(counter) == Freshness::duplicate));
    }
    BOOST_TEST(window.highest() == 100u);
}

BOOST_AUTO_TEST_CASE(begins_anywhere) {
    for (std::uint64_t first : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{63},
                                std::uint64_t{64}, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
        Window window;
        BOOST_TEST((window.take(first) == Freshness::fresh));
        BOOST_TEST((window.take(first) == Freshness::duplicate));
    }
}

BOOST_AUTO_TEST_CASE(refuses_what_it_no_longer_remembers) {
    Window window;
    window.take(5000);
    BOOST_TEST((window.check(5000 - Window::kSpan) == Freshness::fresh));
    BOOST_TEST((window.check(5000 - Window::kSpan - 1) == Freshness::too_old));
}

BOOST_AUTO_TEST_CASE(forgets_nothing_when_it_jumps_far_ahead) {
    Window window;
    window.take(1);
    window.take(1'000'000);
    BOOST_TEST((window.take(1'000'000) == Freshness::duplicate));
    BOOST_TEST((window.take(999'999) == Freshness::fresh));
}

// Loss and reordering within the span: every counter that arrives is taken exactly once.
BOOST_AUTO_TEST_CASE(never_rejects_a_legitimate_datagram) {
    for (double loss : {0.0, 0.2, 0.8}) {
        for (std::uint64_t lag : {1, 100, 900}) {
            Random random(static_cast<std::uint64_t>(loss * 10) + lag);
            Window window;
            std::vector<std::uint64_t> late;
            std::set<std::uint64_t> taken;
            for (std::uint64_t counter = 1; counter < 20'000; ++counter) {
                bool lagging = random.chance(0.5);
                if (!random.chance(loss)) {
                    if (lagging)
                        late.push_back(counter);
                    else if (window.take(counter) == Freshness::fresh)
                        taken.insert(counter);
                    else
                        BOOST_ERROR("rejected " << counter);
                }
                while (!late.empty() && late.front() + lag <= counter) {
                    if (window.take(late.front()) != Freshness::fresh)
                        BOOST_ERROR("rejected the lagging " << late.front());
                    taken.insert(late.front());
                    BOOST_TEST((window.take(late.front()) == Freshness::duplicate));
                    late.erase(late.begin());
                }
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::session
