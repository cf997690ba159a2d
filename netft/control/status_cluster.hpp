// The cluster as all nodes see it, as JSON: states of networks and interfaces, their changes, and
// the answer to `netft-route why`.
// Threads: control only.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "netft/control/status.hpp"
#include "netft/control/verdict.hpp"
#include "routing/topology/cluster_view.hpp"

namespace netft::control {

// "networks" and "interfaces" of show; what is not up first.
nlohmann::json networks_to_json(const routing::ClusterStates& states);
nlohmann::json interfaces_to_json(const routing::ClusterStates& states);

// A record of streams and history: {"type":"state",…}.
nlohmann::json to_json(const routing::StateChange& change, const WallClock& clock);
// "network 10.0.0.0/24 up -> partitioned: n1 – n3 cannot talk", for the log.
std::string log_text(const routing::StateChange& change);

// netft/docs/schema/why.json. The request names nodes "a" (empty: this one) and "b"; {"error":…}
// where they are none, or the same. `verdict`: this node's own. What it finds between this node and
// the other one is the answer where the picture of the cluster shows nothing: `why` and `check`
// never disagree.
nlohmann::json answer_why(const routing::ClusterView& view, const Verdict& verdict,
                          const nlohmann::json& request);

}  // namespace netft::control
