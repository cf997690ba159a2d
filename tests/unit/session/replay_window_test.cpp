#include "netft/session/replay_window.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <unordered_set>
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

// A datagram that is sent on two routes: when its copies arrive, in datagrams sent since.
struct Copy {
    std::uint64_t arrives;
    std::uint64_t counter;
};
constexpr std::uint64_t kJitter = 64;  // each route reorders within so many datagrams

// Each of `count` counters goes out on both routes; the second lags by `lag`.
std::vector<Copy> copies(Random& random, std::uint64_t count, double loss, std::uint64_t lag) {
    std::uint64_t first = 1 + random.below(std::uint64_t{1} << 40);
    std::vector<Copy> out;
    for (std::uint64_t counter = first; counter < first + count; ++counter)
        for (std::uint64_t behind : {std::uint64_t{0}, lag})
            if (!random.chance(loss))
                out.push_back({counter + behind + random.below(kJitter), counter});
    std::stable_sort(out.begin(), out.end(),
                     [](const Copy& a, const Copy& b) { return a.arrives < b.arrives; });
    return out;
}

// Whichever copy comes first is fresh, whichever comes second is a duplicate; the mistakes.
template <class AnyWindow>
std::size_t mistakes(const std::vector<Copy>& arriving) {
    AnyWindow window;
    std::unordered_set<std::uint64_t> seen;
    std::size_t wrong = 0;
    for (const Copy& copy : arriving) {
        Freshness right =
            seen.insert(copy.counter).second ? Freshness::fresh : Freshness::duplicate;
        if (window.take(copy.counter) != right) ++wrong;
    }
    return wrong;
}

template <class AnyWindow>
void check_window(std::uint64_t count) {
    for (double loss : {0.0, 0.2, 0.8})
        for (std::uint64_t lag : {std::uint64_t{1}, std::uint64_t{100}, std::uint64_t{10'000},
                                  AnyWindow::kSpan - kJitter}) {
            if (lag > AnyWindow::kSpan - kJitter) continue;
            Random random(lag + static_cast<std::uint64_t>(loss * 10));
            auto arriving = copies(random, count, loss, lag);
            BOOST_TEST(mistakes<AnyWindow>(arriving) == 0u, "loss " << loss << ", lag " << lag);
        }
}

BOOST_AUTO_TEST_CASE(never_rejects_a_legitimate_datagram) {
    check_window<ReplayWindow<2048>>(200'000);  // a peer's data
    check_window<ReplayWindow<4>>(20'000);      // its control, a route's heartbeats
    check_window<Window>(20'000);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::session
