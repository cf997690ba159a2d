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

}  // namespace netft::sim
