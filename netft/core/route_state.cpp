#include "netft/core/route_state.hpp"

namespace netft::core {

std::string_view to_string(RouteEvent event) {
    switch (event) {
        case RouteEvent::received_admin_down: return "received admin-down";
        case RouteEvent::received_down: return "received down";
        case RouteEvent::received_init: return "received init";
        case RouteEvent::received_up: return "received up";
        case RouteEvent::excused_down: return "excused down";
        case RouteEvent::restarted_down: return "restarted down";
        case RouteEvent::noticed_down: return "noticed down";
        case RouteEvent::detection_expired: return "detection expired";
        case RouteEvent::path_lost: return "path lost";
        case RouteEvent::admin_disabled: return "disabled";
        case RouteEvent::admin_enabled: return "enabled";
    }
    return "unknown";
}

std::string route_table_markdown() {
    std::string out = "| event | admin-down | down | init | up |\n|---|---|---|---|---|\n";
    for (std::size_t e = 0; e < kRouteEvents; ++e) {
        auto event = static_cast<RouteEvent>(e);
        out += "| " + std::string(to_string(event)) + " |";
        for (std::size_t s = 0; s < kRouteStates; ++s) {
            auto state = static_cast<BfdState>(s);
            BfdState next = next_state(state, event);
            out += next == state ? " – |" : " " + std::string(netft::to_string(next)) + " |";
        }
        out += "\n";
    }
    return out;
}

}  // namespace netft::core
