#include "routing/topology/view_inbox.hpp"

#include <boost/test/unit_test.hpp>

#include "routing/topology/reach.hpp"

using namespace netft;
using namespace netft::routing;

namespace {

IpAddress node(std::uint32_t n) { return IpAddress::v4(0xa9fe0000 + n); }

// A view of so many peers, in parts of one peer each.
std::vector<ViewPart> parts_of(std::uint8_t count, BfdState state = BfdState::up) {
    std::vector<ViewPart> parts;
    for (std::uint8_t i = 0; i < count; ++i) {
        ViewPart part{i, count, {}};
        part.view.interfaces.resize(1);
        part.view.peers = {{node(i), Standing::known, {ViewRoute{.state = state}}}};
        parts.push_back(part);
    }
    return parts;
}

std::size_t peers_in(const ViewInbox& inbox) {
    return inbox.view() ? inbox.view()->peers.size() : 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(views)

BOOST_AUTO_TEST_CASE(a_view_counts_when_all_its_parts_are_here_in_any_order) {
    ViewInbox inbox;
    auto parts = parts_of(3);
    BOOST_TEST(!inbox.handle_part(1, parts[2]));
    BOOST_TEST(!inbox.handle_part(1, parts[0]));
    BOOST_TEST(!inbox.handle_part(1, parts[0]));
    BOOST_TEST(peers_in(inbox) == 0u);
    BOOST_TEST(inbox.handle_part(1, parts[1]));
    BOOST_TEST(peers_in(inbox) == 3u);
}

BOOST_AUTO_TEST_CASE(a_newer_view_takes_the_place_of_one_half_received) {
    ViewInbox inbox;
    inbox.handle_part(1, parts_of(3)[0]);
    BOOST_TEST(inbox.handle_part(2, parts_of(1)[0]));
    BOOST_TEST(!inbox.handle_part(1, parts_of(3)[1]));
    BOOST_TEST(peers_in(inbox) == 1u);
}

BOOST_AUTO_TEST_CASE(the_older_view_holds_until_the_newer_is_whole) {
    ViewInbox inbox;
    inbox.handle_part(1, parts_of(1)[0]);
    inbox.handle_part(2, parts_of(2)[0]);
    BOOST_TEST(peers_in(inbox) == 1u);
}

BOOST_AUTO_TEST_CASE(a_repeated_part_of_a_whole_view_changes_nothing) {
    ViewInbox inbox;
    inbox.handle_part(5, parts_of(1)[0]);
    BOOST_TEST(!inbox.handle_part(5, parts_of(1, BfdState::down)[0]));
    BOOST_TEST(says_it_reaches(*inbox.view(), node(0)).value());
}

BOOST_AUTO_TEST_CASE(after_a_restart_serials_begin_anew) {
    ViewInbox inbox;
    inbox.handle_part(500, parts_of(2)[0]);
    inbox.forget();
    BOOST_TEST(inbox.handle_part(1, parts_of(1)[0]));
}

BOOST_AUTO_TEST_CASE(parts_that_contradict_each_other_never_make_a_view) {
    ViewInbox inbox;
    inbox.handle_part(1, parts_of(3)[0]);
    BOOST_TEST(!inbox.handle_part(1, parts_of(2)[1]));
    BOOST_TEST(!inbox.handle_part(1, parts_of(3)[2]));
}

BOOST_AUTO_TEST_CASE(a_node_reaches_whom_it_has_a_route_up_to) {
    NodeView view;
    view.peers = {{node(1), {}, {ViewRoute{.state = BfdState::down}, {.state = BfdState::up}}},
                  {node(2), {}, {ViewRoute{.state = BfdState::init}}},
                  {node(3), {}, {ViewRoute{.state = BfdState::up, .damped = true}}},
                  {node(4), {}, {}}};
    for (std::uint32_t n : {1u, 3u}) BOOST_TEST(says_it_reaches(view, node(n)).value());
    for (std::uint32_t n : {2u, 4u}) BOOST_TEST(!says_it_reaches(view, node(n)).value());
    BOOST_TEST(!says_it_reaches(view, node(5)).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
