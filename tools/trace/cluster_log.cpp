// Lines as people know them from the log of a Windows failover cluster, times in UTC:
//   2026/11/21-10:00:00.123 INFO  [IM] Marking Route from 10.0.0.1:~3343~ to 10.0.0.2:~3343~ as
//   down
#include "netft/client/fields.hpp"
#include "netft/client/terminal.hpp"
#include "tools/trace/format.hpp"
#include "tools/trace/packet.hpp"

namespace netft::trace {

using client::is_up;
using client::member;
using client::plain;
using client::text;
using nlohmann::json;

namespace {

// "2026-11-21T10:00:00.123456Z" → "2026/11/21-10:00:00.123".
std::string stamp(const json& record) {
    std::string at = text(record, "at");
    if (at.size() < 24) return at;
    at.resize(23);
    at[4] = at[7] = '/';
    at[10] = '-';
    return at;
}

std::string address(const json& route, const char* key) {
    std::optional<Endpoint> endpoint = parse_endpoint(text(route, key));
    return endpoint ? endpoint->to_cluster_log() : text(route, key);
}

std::string path(const json& route) {
    return "from " + address(route, "local") + " to " + address(route, "remote");
}

std::string line(const json& record, const char* level, const std::string& what) {
    return client::printable(stamp(record) + " " + level + " " + what) + "\n";
}

std::string marking_line(const json& record) {
    bool is_now_up = is_up(text(record, "to"));
    return line(record, "INFO ",
                "[IM] Marking Route " + path(record) + " as " + (is_now_up ? "up" : "down"));
}

std::string damping_line(const json& record) {
    std::string begin = is_up(text(record, "from")) ? "" : marking_line(record);
    return begin + line(record, "WARN ", "[IM] Route " + path(record) + " flaps: out of use");
}

std::string transition_line(const json& record) {
    std::string from = text(record, "from");
    std::string to = text(record, "to");
    if (to == "damped" && from != "damped") return damping_line(record);
    if (from == "damped" && is_up(to) && to != "damped")
        return line(record, "INFO ", "[IM] Route " + path(record) + " may be used again");
    if (to == "suspect")
        return line(record, "INFO ",
                    "[IM] got event: LocalEndpoint " + address(record, "local") +
                        " has missed two consecutive heartbeats from " + address(record, "remote"));
    if (is_up(from) && is_up(to) && from != to)
        return line(record, "INFO ", "[IM] Route " + path(record) + " is no longer suspect");
    if (is_up(from) != is_up(to)) return marking_line(record);
    return line(record, "DBG  ", "[IM] Route " + path(record) + ": " + from + " to " + to);
}

std::string selection_line(const json& record, const client::View& view) {
    std::string peer = text(record, "peer");
    if (std::string relay = text(record, "relay"); !relay.empty())
        return line(record, "WARN ",
                    "[TM] No direct route to node " + peer + " is up: by way of node " + relay);
    if (member(record, "to").is_null())
        return line(record, "WARN ", "[TM] No route to node " + peer + " is up: unreachable");
    const json& to = view.route(peer, client::whole(record, "to"));
    if (member(record, "from").is_null())
        return line(record, "INFO ", "[TM] Node " + peer + " is reachable by Route " + path(to));
    const json& from = view.route(peer, client::whole(record, "from"));
    return line(record, "INFO ",
                "[FTI] Moving traffic to node " + peer + " off Route " + path(from) +
                    " onto Route " + path(to));
}

std::string reason_line(const json& record) {
    std::string reason = text(record, "reason");
    if (reason.empty() || is_up(text(record, "to"))) return "";
    return line(record, "INFO ", "[IM] Route " + path(record) + ": " + reason);
}

class ClusterLogFormat : public Format {
 public:
    std::string record(const json& record, const client::View& view) override {
        std::string type = text(record, "type");
        if (type == "transition") return transition_line(record) + reason_line(record);
        return type == "selection" ? selection_line(record, view) : "";
    }
};

}  // namespace

std::unique_ptr<Format> cluster_log_format() { return std::make_unique<ClusterLogFormat>(); }

}  // namespace netft::trace
