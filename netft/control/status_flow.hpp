// What would carry a packet of this kind: `netft-route get --dscp --port --protocol --size`.
// Threads: control only.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "netft/base/result.hpp"
#include "netft/control/status.hpp"
#include "netft/core/flow.hpp"

namespace netft::control {

// A made-up flow from the request's "dscp", "port", "protocol" and "size"; nullopt: it names none
// of them. Fails where one is out of its range. `frame_bytes` is the size where none is named.
Result<std::optional<core::Flow>> flow_of_request(const nlohmann::json& request,
                                                  std::size_t frame_bytes);
nlohmann::json flow_to_json(const core::Flow& flow);

// The routes that would carry a frame by this policy now, with their use; the first is the one
// that policy failover takes.
std::vector<RouteStatus> routes_for(const PeerStatus& peer, core::Policy policy);

}  // namespace netft::control
