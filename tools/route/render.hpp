// The documents of netftd as people read them.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>

namespace netft::route {

struct Style {
    bool colour = false;
    std::chrono::system_clock::time_point now;
};
// Of standard output, now.
Style style_of_output();

// `show`: a line for the node, warnings, unreachable peers, the table of routes; what is missing or
// down first.
void render_show(std::ostream& out, const nlohmann::json& document, const Style& style);
// One line for a transition or a selection, without line end; "" for other records.
std::string render_record(const nlohmann::json& record, const Style& style);
// A line for each heartbeat that a transition keeps.
void render_heartbeats(std::ostream& out, const nlohmann::json& transition, const Style& style);
// "10.0.0.1 → 10.0.0.2".
std::string path_of(const nlohmann::json& route);

}  // namespace netft::route
