#include "netft/control/config_places.hpp"

#include <array>
#include <utility>

namespace netft::control {

namespace {

constexpr std::string_view kTop = "above the first [table]";
using Place = std::pair<std::string_view, std::string_view>;

// Keys of one table only.
constexpr std::array kPlaces{Place{"cluster", kTop},
                             Place{"port", kTop},
                             Place{"mtu", "in [adapter]"},
                             Place{"ipv4_prefix", "in [adapter]"},
                             Place{"ipv6_prefix", "in [adapter]"},
                             Place{"same_subnet", "in [heartbeat]"},
                             Place{"cross_subnet", "in [heartbeat]"},
                             Place{"adaptive", "in [heartbeat]"},
                             Place{"delay", "in heartbeat.same_subnet or cross_subnet"},
                             Place{"threshold", "in heartbeat.same_subnet or cross_subnet"},
                             Place{"mode", "in [security]"},
                             Place{"key_file", "in [security]"},
                             Place{"crypto", "in [security]"},
                             Place{"rekey", "in [security]"},
                             Place{"policy", "in [traffic], [node.traffic] or [[traffic.class]]"},
                             Place{"duplicate_small", "in [traffic] or [node.traffic]"},
                             Place{"hold_down", "in [traffic]"},
                             Place{"relay", "in [traffic]"},
                             Place{"dscp", "in [[traffic.class]]"},
                             Place{"size", "in [[traffic.class]]"},
                             Place{"udp_port", "in [[traffic.class]]"},
                             Place{"tcp_port", "in [[traffic.class]]"},
                             Place{"half_life", "in [damping]"},
                             Place{"suppress", "in [damping]"},
                             Place{"reuse", "in [damping]"},
                             Place{"plumb_all_cross_subnet_routes", "in [routes]"},
                             Place{"exclude", "in [interfaces]"},
                             Place{"spin", "in [worker]"},
                             Place{"cores", "in [worker] or [node.worker]"},
                             Place{"subnet", "in [[network]]"},
                             Place{"role", "in [[network]]"},
                             Place{"metric", "in [[network]]"},
                             Place{"public_key", "in [[node]]"},
                             Place{"endpoints", "in [[node]]"},
                             Place{"devices", "in [node.port]"}};

}  // namespace

std::string_view home_of(std::string_view key) {
    for (const auto& [name, place] : kPlaces)
        if (name == key) return place;
    return {};
}

}  // namespace netft::control
