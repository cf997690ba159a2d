#include "netft/core/route_state.hpp"

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <sstream>

namespace netft::core {
namespace {

constexpr BfdState kStates[] = {BfdState::admin_down, BfdState::down, BfdState::init, BfdState::up};

BOOST_AUTO_TEST_SUITE(route_state)

// RFC 5880 §6.8.6, every state and every event.
BOOST_AUTO_TEST_CASE(only_the_administrator_ends_admin_down) {
    for (std::size_t e = 0; e < kRouteEvents; ++e) {
        auto event = static_cast<RouteEvent>(e);
        BfdState expected =
            event == RouteEvent::admin_enabled ? BfdState::down : BfdState::admin_down;
        BOOST_TEST((next_state(BfdState::admin_down, event) == expected));
    }
}

BOOST_AUTO_TEST_CASE(comes_up_by_three_way_handshake_only) {
    BOOST_TEST((next_state(BfdState::down, RouteEvent::received_down) == BfdState::init));
    BOOST_TEST((next_state(BfdState::down, RouteEvent::received_init) == BfdState::up));
    BOOST_TEST((next_state(BfdState::down, RouteEvent::received_up) == BfdState::down));
    BOOST_TEST((next_state(BfdState::init, RouteEvent::received_down) == BfdState::init));
    BOOST_TEST((next_state(BfdState::init, RouteEvent::received_init) == BfdState::up));
    BOOST_TEST((next_state(BfdState::init, RouteEvent::received_up) == BfdState::up));
}

BOOST_AUTO_TEST_CASE(every_loss_takes_an_up_route_down) {
    for (auto event :
         {RouteEvent::received_admin_down, RouteEvent::received_down, RouteEvent::noticed_down,
          RouteEvent::detection_expired, RouteEvent::path_lost})
        BOOST_TEST((next_state(BfdState::up, event) == BfdState::down));
}

BOOST_AUTO_TEST_CASE(what_our_own_stall_excuses_takes_no_route_down) {
    BOOST_TEST((next_state(BfdState::up, RouteEvent::excused_down) == BfdState::init));
    BOOST_TEST((next_state(BfdState::init, RouteEvent::excused_down) == BfdState::init));
    BOOST_TEST((next_state(BfdState::down, RouteEvent::excused_down) == BfdState::init));
}

BOOST_AUTO_TEST_CASE(what_an_announced_restart_excuses_takes_no_route_down) {
    BOOST_TEST((next_state(BfdState::up, RouteEvent::restarted_down) == BfdState::up));
    BOOST_TEST((next_state(BfdState::init, RouteEvent::restarted_down) == BfdState::init));
    BOOST_TEST((next_state(BfdState::down, RouteEvent::restarted_down) == BfdState::init));
}

BOOST_AUTO_TEST_CASE(every_state_obeys_the_administrator) {
    for (BfdState state : kStates)
        BOOST_TEST((next_state(state, RouteEvent::admin_disabled) == BfdState::admin_down));
}

// Two machines with nothing lost between them reach up from every pair of states but admin-down.
BOOST_AUTO_TEST_CASE(two_ends_always_meet) {
    auto heard = [](BfdState remote) {
        return static_cast<RouteEvent>(static_cast<std::size_t>(remote));
    };
    for (BfdState a : kStates)
        for (BfdState b : kStates) {
            if (a == BfdState::admin_down || b == BfdState::admin_down) continue;
            BfdState x = a, y = b;
            for (int round = 0; round < 4; ++round) {
                x = next_state(x, heard(y));
                y = next_state(y, heard(x));
            }
            BOOST_TEST((x == BfdState::up && y == BfdState::up));
        }
}

BOOST_AUTO_TEST_CASE(protocol_md_prints_the_table_of_the_code) {
    std::ifstream file(NETFT_PROTOCOL_MD);
    std::stringstream text;
    text << file.rdbuf();
    BOOST_TEST(text.str().find(route_table_markdown()) != std::string::npos,
               "put this between the route-state-table markers:\n"
                   << route_table_markdown());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core
