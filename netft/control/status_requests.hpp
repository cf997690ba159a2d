// The answers to the requests that only read: show, get, history.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "netft/control/history.hpp"
#include "netft/control/status.hpp"

namespace netft::control {

// netft/docs/schema/get.json: the routes that would carry a packet to `target`, a peer's name or
// one of its virtual addresses. {"error":…} when it is neither. `request` may name a flow
// (status_flow.hpp): then by policy and classes, else by what is in use.
nlohmann::json get_route(const NodeStatus& status, const std::string& target,
                         const WallClock& clock, const nlohmann::json& request);
// {"error":…} for a peer that is not in the configuration.
nlohmann::json get_history(const NodeStatus& status, const History& history,
                           const std::string& peer, const WallClock& clock);
// Dispatches show, get and history; {"error":…} for everything else, so ask for your own first.
nlohmann::json answer_request(const nlohmann::json& request, const NodeStatus& status,
                              const History& history, const WallClock& clock);

}  // namespace netft::control
