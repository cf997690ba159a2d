// Scenarios with a name, each a function that gives its violations (none: passed).
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace netft::sim {

struct Scenario {
    std::string name;
    std::function<std::vector<std::string>()> run;
};

const std::vector<Scenario>& scenarios();
// Those of scenarios_member.cpp; scenarios() has them, too.
std::vector<Scenario> member_scenarios();
// Those of scenarios_security.cpp; scenarios() has them, too.
std::vector<Scenario> security_scenarios();
// Those of scenarios_cluster.cpp; likewise.
std::vector<Scenario> cluster_scenarios();
std::vector<Scenario> adaptive_scenarios();  // of scenarios_adaptive.cpp
std::vector<Scenario> clock_scenarios();     // of scenarios_clocks.cpp
std::vector<Scenario> damping_scenarios();   // of scenarios_damping.cpp
std::vector<Scenario> grey_scenarios();      // of scenarios_grey.cpp
std::vector<Scenario> policy_scenarios();    // of scenarios_policies.cpp
std::vector<Scenario> relay_scenarios();     // of scenarios_relay.cpp
std::vector<Scenario> reload_scenarios();    // of scenarios_reload.cpp
std::vector<Scenario> restart_scenarios();   // of scenarios_restart.cpp
std::vector<Scenario> scale_scenarios();     // of scenarios_scale.cpp
std::vector<Scenario> view_scenarios();      // of scenarios_views.cpp

}  // namespace netft::sim
