// Prints one document of every kind that tools read: {"schema":name,"document":…} a line.
#include <iostream>
#include <nlohmann/json.hpp>

#include "netft/control/status_cluster.hpp"
#include "netft/control/status_records.hpp"
#include "netft/control/status_requests.hpp"
#include "tests/unit/control/status_samples.hpp"

using namespace netft::control;
using nlohmann::json;

namespace {

void print(const char* schema, const json& document) {
    std::cout << json{{"schema", schema}, {"document", document}} << '\n';
}

}  // namespace

int main() {
    WallClock clock = samples::clock();
    NodeStatus node = samples::node();
    NodeStatus bare;  // as it is before anything is known
    bare.peers = {PeerStatus{.name = "n2", .routes = {RouteStatus{}}}};
    bare.peers[0].routes[0].route.id = netft::RouteId(1);
    History history;
    history.add(samples::transition());
    history.add(samples::selection());
    history.add(samples::relayed());
    history.add(samples::network_change(), {"n2", "n3"});
    history.add(samples::interface_change(), {});
    print("show", to_json(node, clock));
    print("show", to_json(bare, clock));
    print("get", get_route(node, "n2", clock, json::object()));
    print("get", get_route(node, "n3", clock, {{"dscp", 46}, {"port", 5405}}));
    node.peers[1].reachable = true;
    node.peers[1].relay = "n2";
    print("show", to_json(node, clock));
    print("get", get_route(node, "n3", clock, json::object()));
    print("why", answer_why(samples::cluster(), {}, {{"b", "n2"}}));
    print("history", history.to_json("n2", clock));
    print("history", history.to_json("n3", clock));
    for (const json& record : snapshot_records(node, clock)) print("stream", record);
    print("stream", to_json(samples::transition(), clock));
    print("stream", to_json(samples::selection(), clock));
    print("stream", to_json(samples::relayed(), clock));
    print("stream", to_json(samples::network_change(), clock));
    print("stream", to_json(samples::interface_change(), clock));
    print("stream", to_json(samples::heartbeat(), clock));
    print("stream", {{"version", 1}, {"type", "lost"}, {"count", 5}});
    print("stream", {{"version", 1}, {"type", "end-of-snapshot"}});
}
