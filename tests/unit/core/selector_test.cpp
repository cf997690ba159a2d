#include "netft/core/selector.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

namespace netft::core {
namespace {

constexpr TimePoint kNow{1h};

Candidate up(std::uint16_t id, std::uint32_t priority) {
    return {RouteId(id), true, false, priority, {}};
}
Candidate down(std::uint16_t id, std::uint32_t priority) {
    return {RouteId(id), false, false, priority, {}};
}
Candidate suspect(std::uint16_t id, std::uint32_t priority) {
    return {RouteId(id), true, true, priority, kNow};
}
Candidate damped(Candidate c) {
    c.is_damped = true;
    return c;
}
Candidate back_since(std::uint16_t id, std::uint32_t priority, Duration ago) {
    return {RouteId(id), true, false, priority, kNow - ago};
}

struct Row {
    const char* what;
    std::vector<Candidate> candidates;
    std::optional<RouteId> current;
    std::optional<RouteId> expected;
    std::optional<TimePoint> recheck = {};
};

BOOST_AUTO_TEST_SUITE(selector)

BOOST_AUTO_TEST_CASE(chooses_as_the_table_says) {
    const Row rows[] = {
        {"nothing at all", {}, {}, {}},
        {"nothing up", {down(1, 10)}, RouteId(1), {}},
        {"first choice: the cheapest", {up(1, 20), up(2, 10)}, {}, RouteId(2)},
        {"equal price: the lower id", {up(2, 10), up(1, 10)}, {}, RouteId(1)},
        {"equal price: no move", {up(1, 10), up(2, 10)}, RouteId(2), RouteId(2)},
        {"current lost: at once", {down(1, 10), up(2, 20)}, RouteId(1), RouteId(2)},
        {"current gone from the plan", {up(2, 20)}, RouteId(1), RouteId(2)},
        {"current suspect, another not", {suspect(1, 10), up(2, 20)}, RouteId(1), RouteId(2)},
        {"all suspect: stay", {suspect(1, 10), suspect(2, 20)}, RouteId(2), RouteId(2)},
        {"suspect is better than nothing", {suspect(1, 10), down(2, 1)}, {}, RouteId(1)},
        {"never lost: no hold-down", {up(1, 10), up(2, 20)}, RouteId(2), RouteId(1)},
        {"hold-down runs", {back_since(1, 10, 2s), up(2, 20)}, RouteId(2), RouteId(2), kNow + 3s},
        {"hold-down over", {back_since(1, 10, 5s), up(2, 20)}, RouteId(2), RouteId(1)},
        {"the better of two is held, the other not",
         {back_since(1, 10, 1s), back_since(3, 15, 9s), up(2, 20)},
         RouteId(2),
         RouteId(3),
         kNow + 4s},
        {"current damped, another not", {damped(up(1, 10)), up(2, 20)}, RouteId(1), RouteId(2)},
        {"damped is not returned to", {damped(up(1, 10)), up(2, 20)}, RouteId(2), RouteId(2)},
        {"damped is better than nothing", {damped(up(1, 10)), down(2, 1)}, {}, RouteId(1)},
        {"damped is better than suspect", {damped(up(1, 20)), suspect(2, 10)}, {}, RouteId(1)},
        {"all damped: the cheapest", {damped(up(1, 20)), damped(up(2, 10))}, {}, RouteId(2)},
        {"all damped and suspect", {damped(suspect(1, 10)), down(2, 1)}, {}, RouteId(1)},
        {"current damped: what is just back is held",
         {damped(up(1, 10)), back_since(2, 20, 2s)},
         RouteId(1),
         RouteId(1),
         kNow + 3s},
        {"current damped: the better of those that are not",
         {damped(up(1, 10)), up(2, 30), up(3, 20)},
         RouteId(1),
         RouteId(3)},
        {"current lost: hold-down does not matter",
         {back_since(1, 10, 1s), down(2, 20)},
         RouteId(2),
         RouteId(1)},
    };
    for (const Row& row : rows) {
        BOOST_TEST_CONTEXT(row.what) {
            Selection selection = select(kNow, row.candidates, row.current, 5s);
            BOOST_TEST((selection.route == row.expected));
            BOOST_TEST((selection.recheck == row.recheck));
        }
    }
}

BOOST_AUTO_TEST_CASE(is_unsettled_while_it_or_what_it_left_is_suspect) {
    std::vector<Candidate> left{suspect(1, 10), up(2, 20)};
    Selection moved = select(kNow, left, RouteId(1), 5s);
    BOOST_TEST(moved.is_unsettled);
    BOOST_TEST(!moved.is_suspect);
    BOOST_TEST(!select(kNow, left, RouteId(2), 5s).is_unsettled);
    std::vector<Candidate> all{suspect(1, 10), suspect(2, 20)};
    BOOST_TEST(select(kNow, all, RouteId(2), 5s).is_suspect);
    std::vector<Candidate> lost{down(1, 10), up(2, 20)};
    BOOST_TEST(!select(kNow, lost, RouteId(1), 5s).is_unsettled);
}

struct ShareRow {
    const char* what;
    std::vector<Candidate> candidates;
    std::vector<Quality> qualities;
    std::vector<Share> expected;
};

BOOST_AUTO_TEST_CASE(shares_are_as_the_table_says) {
    const ShareRow rows[] = {
        {"nothing up", {down(1, 10)}, {{}}, {}},
        {"alike",
         {up(1, 10), up(2, 99)},
         {{200, 0.0}, {200, 0.0}},
         {{RouteId(1), 256, true}, {RouteId(2), 256, true}}},
        {"nothing measured yet",
         {up(1, 10), up(2, 20)},
         {{}, {}},
         {{RouteId(1), 256, true}, {RouteId(2), 256, true}}},
        {"twice as far",
         {up(1, 10), up(2, 20)},
         {{1'500, 0.0}, {3'500, 0.0}},
         {{RouteId(1), 256, true}, {RouteId(2), 128, true}}},
        {"much further: keeps what it has",
         {up(1, 10), up(2, 20)},
         {{500, 0.0}, {50'000, 0.0}},
         {{RouteId(1), 256, true}, {RouteId(2), 5, false}}},
        {"lossy",
         {up(1, 10), up(2, 20)},
         {{200, 0.1}, {200, 0.0}},
         {{RouteId(1), 1, false}, {RouteId(2), 256, true}}},
        {"suspect: none",
         {suspect(1, 10), up(2, 20)},
         {{200, 0.0}, {200, 0.0}},
         {{RouteId(2), 256, true}}},
        {"all suspect",
         {suspect(1, 10), suspect(2, 20)},
         {{}, {}},
         {{RouteId(1), 256, true}, {RouteId(2), 256, true}}},
        {"just back: none yet",
         {back_since(1, 10, 2s), up(2, 20)},
         {{}, {}},
         {{RouteId(1), 256, false}, {RouteId(2), 256, true}}},
        {"all just back",
         {back_since(1, 10, 2s), down(2, 20)},
         {{}, {}},
         {{RouteId(1), 256, true}}},
    };
    for (const ShareRow& row : rows) {
        BOOST_TEST_CONTEXT(row.what) {
            std::vector<Share> shares;
            shares.reserve(8);
            share(kNow, row.candidates, row.qualities, 5s, shares);
            BOOST_TEST((shares == row.expected));
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core
