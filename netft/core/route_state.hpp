// The route state machine: RFC 5880 §6.2 and §6.8.6 as one total table.
//
// PURE. Every state has an answer to every event; "no change" is written as the state itself.
// protocol.md prints this table (a unit test compares them).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "netft/wire/heartbeat.hpp"

namespace netft::core {

enum class RouteEvent : std::uint8_t {
    received_admin_down,  // a heartbeat on this route said so
    received_down,
    received_init,
    received_up,
    excused_down,       // it said down or init, but only since we were stalled
    restarted_down,     // it said down, back from the restart that it announced
    noticed_down,       // a notice on another route: the peer calls this route down
    detection_expired,  // RFC 5880 §6.8.4
    path_lost,          // interface, address, carrier or far end is gone; session reset
    admin_disabled,
    admin_enabled,
};
constexpr std::size_t kRouteStates = 4;
constexpr std::size_t kRouteEvents = 11;

constexpr std::array<std::array<BfdState, kRouteEvents>, kRouteStates> kRouteTable = [] {
    using enum BfdState;
    return std::array<std::array<BfdState, kRouteEvents>, kRouteStates>{{
        // rx admin-down, rx down,    rx init,    rx up,      excused,    restarted,  noticed,
        // expired,   path lost,  disabled,   enabled
        {{admin_down, admin_down, admin_down, admin_down, admin_down, admin_down, admin_down,
          admin_down, admin_down, admin_down, down}},                              // admin_down
        {{down, init, up, down, init, init, down, down, down, admin_down, down}},  // down
        {{down, init, up, up, init, init, down, down, down, admin_down, init}},    // init
        {{down, down, up, up, init, up, down, down, down, admin_down, up}},        // up
    }};
}();

constexpr BfdState next_state(BfdState state, RouteEvent event) {
    return kRouteTable[static_cast<std::size_t>(state)][static_cast<std::size_t>(event)];
}

static_assert(next_state(BfdState::down, RouteEvent::received_up) == BfdState::down,
              "RFC 5880 §6.8.6: Up heard while Down proves only one direction");
static_assert(next_state(BfdState::up, RouteEvent::received_down) == BfdState::down,
              "RFC 5880 §6.8.6: neighbor signaled session down");

std::string_view to_string(RouteEvent event);
// The table as Markdown, for protocol.md.
std::string route_table_markdown();

}  // namespace netft::core
