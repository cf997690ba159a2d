#include "netft/client/view.hpp"

#include "netft/client/fields.hpp"

namespace netft::client {

using nlohmann::json;

namespace {

const json* find_by(const json& list, const char* key, const json& value) {
    if (!list.is_array()) return nullptr;
    for (const json& entry : list)
        if (member(entry, key) == value) return &entry;
    return nullptr;
}

}  // namespace

void View::apply(const json& record) {
    std::string type = text(record, "type");
    if (type == "node") {
        json peers = std::move(document_["peers"]);
        document_ = record;
        document_.erase("type");
        document_["peers"] = std::move(peers);
    }
    if (type == "peer") apply_peer(record);
    if (type == "route") apply_route(record);
    if (type == "transition") apply_transition(record);
    if (type == "selection") apply_selection(record);
    if (type == "state") apply_state(record);
    if (type == "end-of-snapshot") complete_ = true;
}

void View::apply_peer(json record) {
    json& entry = peer_entry(text(record, "name"));
    record.erase("type");
    record.erase("version");
    json routes = std::move(entry["routes"]);
    entry = std::move(record);
    entry["routes"] = std::move(routes);
}

void View::apply_route(json record) {
    json& entry = route_entry(text(record, "peer"), whole(record, "id"));
    for (const char* key : {"type", "version", "peer"}) record.erase(key);
    entry = std::move(record);
}

void View::apply_transition(const json& record) {
    json& entry = route_entry(text(record, "peer"), whole(record, "route"));
    for (const char* key : {"network", "local", "remote", "reason"})
        entry[key] = member(record, key);
    entry["state"] = member(record, "to");
    entry["since"] = member(record, "at");
    if (!is_failover(text(record, "peer"))) entry["in_use"] = text(record, "to") == "up";
}

void View::apply_selection(const json& record) {
    json& entry = peer_entry(text(record, "peer"));
    const json& to = member(record, "to");
    const json& relay = member(record, "relay");
    entry["state"] = to.is_null() && relay.is_null() ? "unreachable" : "reachable";
    entry["relay"] = relay;
    if (!is_failover(text(record, "peer"))) return;  // several: the transitions say which
    for (json& route : entry["routes"]) {
        route["in_use"] = member(route, "id") == to;
        route["use"] = route["in_use"] ? "main" : "none";
    }
}

// A network's (it names no node), or an interface's.
void View::apply_state(const json& record) {
    bool is_network = member(record, "node").is_null();
    json& list = document_[is_network ? "networks" : "interfaces"];
    for (json& entry : list) {
        bool is_it = is_network ? member(entry, "name") == member(record, "network")
                                : member(entry, "node") == member(record, "node") &&
                                      member(entry, "address") == member(record, "address");
        if (is_it) entry["state"] = member(record, "to");
    }
}

bool View::is_failover(const std::string& peer) {
    std::string policy = text(peer_entry(peer), "policy");
    return policy.empty() || policy == "failover";
}

json& View::peer_entry(const std::string& name) {
    json& peers = document_["peers"];
    for (json& peer : peers)
        if (text(peer, "name") == name) return peer;
    peers.push_back({{"name", name}, {"state", "unreachable"}, {"routes", json::array()}});
    return peers.back();
}

json& View::route_entry(const std::string& peer, std::uint64_t id) {
    json& routes = peer_entry(peer)["routes"];
    for (json& route : routes)
        if (whole(route, "id") == id) return route;
    routes.push_back({{"id", id}});
    return routes.back();
}

std::vector<std::string> View::peers() const {
    std::vector<std::string> names;
    for (const json& peer : document_["peers"]) names.push_back(text(peer, "name"));
    return names;
}

bool View::has_peer(const std::string& name) const {
    return find_by(document_["peers"], "name", name) != nullptr;
}

bool View::is_reachable(const std::string& name) const {
    const json* peer = find_by(document_["peers"], "name", name);
    return peer != nullptr && text(*peer, "state") == "reachable";
}

const json& View::route(const std::string& peer, std::uint64_t id) const {
    static const json none;
    const json* entry = find_by(document_["peers"], "name", peer);
    const json* route = entry ? find_by(member(*entry, "routes"), "id", id) : nullptr;
    return route ? *route : none;
}

}  // namespace netft::client
