// The records of the streams `watch` and `trace`, and the parts that `show` shares with them.
//
// A stream begins with the node as it is, cut in records: one "node" (show without its peers), one
// "peer" each (without its routes), one "route" each, so that a reader can rebuild the document.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "netft/control/status.hpp"

namespace netft::control {

// "admin-down", "down", "init", "up"; "suspect": up, but heartbeats are being missed; "damped": up,
// suspect or not, but kept out of use.
std::string route_state(BfdState state, bool suspect, bool damped = false);
// `broken_sources`: of `local` (core::SourceWatch).
std::string reason_text(Diagnostic reason, std::uint16_t broken_sources, const Endpoint& local);
// Why the route is in its state, for people; empty when it is up and well.
std::string reason_of(const RouteStatus& route);
// "500 ms = 5 × 100 ms".
std::string detects_text(const RouteStatus& route);

// The fields of a record, with version, type and time.
nlohmann::json stamp(nlohmann::json fields, const char* type, TimePoint at, const WallClock& clock);
// An object of "routes" in show.
nlohmann::json route_to_json(const RouteStatus& route, const WallClock& clock);
// The records that a new subscription begins with: node, peers, routes.
std::vector<nlohmann::json> snapshot_records(const NodeStatus& status, const WallClock& clock);

}  // namespace netft::control
