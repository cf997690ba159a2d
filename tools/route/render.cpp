#include "tools/route/render.hpp"

#include <unistd.h>

#include "netft/client/fields.hpp"
#include "netft/client/terminal.hpp"

namespace netft::route {

using client::member;
using client::paint;
using client::plain;
using client::text;
using client::Tone;
using nlohmann::json;

namespace {

Tone tone_of(const std::string& state) {
    if (state == "up") return Tone::good;
    bool is_warning = state == "suspect" || state == "damped" || state == "init";
    return is_warning ? Tone::warn : Tone::bad;
}

std::string state_text(const json& record, const char* key, const Style& style) {
    std::string state = text(record, key);
    return paint(client::printable(state), tone_of(state), style.colour);
}

std::string transition_text(const json& record, const Style& style) {
    std::string line = client::printable(text(record, "at") + "  " + text(record, "peer") + "  " +
                                         path_of(record) + " (" + text(record, "network") + ")  ");
    line += state_text(record, "from", style) + " → " + state_text(record, "to", style);
    std::string reason = client::printable(text(record, "reason"));
    return reason.empty() ? line : line + "  " + reason;
}

std::string selection_text(const json& record, const Style& style) {
    std::string line =
        client::printable(text(record, "at") + "  " + text(record, "peer")) + "  traffic ";
    std::string from = plain(record, "from");
    std::string to = plain(record, "to");
    std::string relay = client::printable(text(record, "relay"));
    if (!relay.empty())
        return line + paint("goes by way of " + relay + ": no direct route is up", Tone::warn,
                            style.colour);
    if (to.empty()) return line + paint("stops: no route is up", Tone::bad, style.colour);
    if (from.empty()) return line + "goes by route " + to;
    return line + "moves from route " + from + " to route " + to;
}

std::string cluster_state_text(const json& record, const Style& style) {
    std::string what = "network " + text(record, "network");
    if (!member(record, "node").is_null())
        what = text(record, "node") + " " + text(record, "interface") + " (" +
               text(record, "network") + ")";
    std::string line = client::printable(text(record, "at") + "  " + what + "  ");
    line += state_text(record, "from", style) + " → " + state_text(record, "to", style);
    std::string detail = client::printable(text(record, "detail"));
    return detail.empty() ? line : line + "  " + detail;
}

}  // namespace

Style style_of_output() {
    return {.colour = client::colour_wanted(STDOUT_FILENO),
            .now = std::chrono::system_clock::now()};
}

std::string path_of(const json& route) {
    return client::without_default_port(text(route, "local")) + " → " +
           client::without_default_port(text(route, "remote"));
}

std::string render_record(const json& record, const Style& style) {
    std::string type = text(record, "type");
    if (type == "transition") return transition_text(record, style);
    if (type == "selection") return selection_text(record, style);
    if (type == "state") return cluster_state_text(record, style);
    if (type == "lost")
        return paint(plain(record, "count") + " records lost: this reader is too slow", Tone::warn,
                     style.colour);
    return "";
}

void render_heartbeats(std::ostream& out, const json& transition, const Style& style) {
    for (const json& heartbeat : member(transition, "heartbeats")) {
        std::string line = "    " + text(heartbeat, "at") + "  " + text(heartbeat, "direction") +
                           " #" + plain(heartbeat, "counter") + " " + text(heartbeat, "state");
        if (client::flag(heartbeat, "suspect")) line += ", misses ours";
        std::string diagnostic = text(heartbeat, "diagnostic");
        if (diagnostic != "none") line += ", " + diagnostic;
        out << paint(client::printable(line), Tone::faint, style.colour) << '\n';
    }
}

}  // namespace netft::route
