#include "netft/core/worker_board.hpp"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <thread>

namespace netft::core {
namespace {

// All fields from one number, so that a torn copy shows.
PeerSelection selection_of(std::uint32_t n) {
    PeerSelection selection;
    for (std::size_t i = 0; i < kDestinationsMax; ++i)
        selection.routes[i] = {RouteId(static_cast<std::uint16_t>(n + i)), n % (kWeightMax + 1),
                               n % 2 == 0};
    selection.count = static_cast<std::uint8_t>(n % (kDestinationsMax + 1));
    selection.copied_count = static_cast<std::uint8_t>(n % 5);
    selection.is_suspect = n % 3 == 0;
    selection.is_sick = n % 7 == 0;
    selection.datagram_bytes = static_cast<std::uint16_t>(n);
    selection.broken_sources = static_cast<std::uint16_t>(n >> 3);
    selection.relay_bytes = static_cast<std::uint16_t>(n >> 5);
    selection.single = static_cast<std::uint8_t>(n >> 7);
    if (n % 11 == 0) selection.relay = PeerId(static_cast<std::uint16_t>(n));
    selection.copied_until = TimePoint(Duration(n));
    selection.session = SessionIndex(n);
    return selection;
}

BOOST_AUTO_TEST_SUITE(worker_board)

BOOST_AUTO_TEST_CASE(what_is_published_is_read_once) {
    SelectionLine line;
    std::uint32_t seen = 0;
    PeerSelection out;
    BOOST_TEST(!line.read(seen, out));  // nothing yet
    for (std::uint32_t n : {1u, 2u, 256u, 0xffffffffu}) {
        line.publish(selection_of(n));
        BOOST_TEST(line.read(seen, out));
        BOOST_TEST((out == selection_of(n)));
        BOOST_TEST(!line.read(seen, out));
    }
    seen = 0;  // whoever forgets reads again
    BOOST_TEST(line.read(seen, out));
}

BOOST_AUTO_TEST_CASE(a_read_while_it_is_written_is_whole_or_fails) {
    constexpr std::uint32_t kLast = 200'000;
    SelectionLine line;
    std::thread writer([&] {
        for (std::uint32_t n = 1; n <= kLast; ++n) line.publish(selection_of(n));
    });
    std::uint32_t seen = 0;
    std::uint32_t before = 0;
    std::size_t wrong = 0;
    PeerSelection out;
    while (before < kLast) {
        if (!line.read(seen, out)) continue;
        std::uint32_t n = out.session.value;
        wrong += out != selection_of(n) || n <= before;
        before = n;
    }
    writer.join();
    BOOST_TEST(wrong == 0u);
}

BOOST_AUTO_TEST_CASE(counts_of_all_workers_are_taken_once) {
    WorkerBoard board(3);
    RouteId route(70);
    BOOST_TEST((board.take_counts(route) == RouteCounts{}));
    RouteTally::add(board.make_tally(1, route).sent, 5);
    RouteTally::add(board.make_tally(2, route).sent, 2);
    RouteTally::add(board.make_tally(2, route).received, 1);
    RouteTally::add(board.make_tally(1, route).copies, 3);
    RouteTally::add(board.make_tally(2, RouteId(71)).received, 9);
    BOOST_TEST((board.take_counts(route) == RouteCounts{7, 1, 3}));
    BOOST_TEST((board.take_counts(route) == RouteCounts{}));
    RouteTally::add(board.make_tally(1, route).sent, 1);
    BOOST_TEST((board.take_counts(route) == RouteCounts{1, 0, 0}));
}

BOOST_AUTO_TEST_CASE(every_space_has_one_owner) {
    for (std::size_t workers = 1; workers <= kWorkersMax; ++workers)
        for (std::uint16_t space = 0; space < kDataSpacesMax; ++space) {
            std::size_t owners = 0;
            for (std::size_t i = 0; i < workers; ++i)
                owners += WorkerRole{i, workers, nullptr}.owns(space);
            BOOST_TEST(owners == 1u);
        }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core
