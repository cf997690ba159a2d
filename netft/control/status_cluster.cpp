#include "netft/control/status_cluster.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "netft/control/status_records.hpp"
#include "routing/topology/why.hpp"

namespace netft::control {

namespace {

using nlohmann::json;

json text_or_null(const std::string& text) { return text.empty() ? json() : json(text); }

// What is not up first; else in the order given.
template <class Status, class State>
std::vector<const Status*> worst_first(const std::vector<Status>& all, State up) {
    std::vector<const Status*> out;
    for (const Status& status : all) out.push_back(&status);
    std::stable_partition(out.begin(), out.end(),
                          [up](const Status* status) { return status->state != up; });
    return out;
}

json finding_to_json(const routing::Finding& finding) {
    return {{"culprit", routing::to_string(finding.culprit)},
            {"down", finding.is_down},
            {"node", text_or_null(finding.node)},
            {"network", text_or_null(finding.network)},
            {"interface", text_or_null(finding.interface)},
            {"from", text_or_null(finding.from)},
            {"to", text_or_null(finding.to)},
            {"text", finding.text},
            {"evidence", finding.evidence}};
}

// What is found of the peer, or of this node itself.
bool is_about(const VerdictFinding& finding, const std::string& peer) {
    return finding.peer == peer || finding.peer.empty();
}

void add_own(const Verdict& own, const std::string& self, const std::string& peer,
             routing::Verdict& out) {
    if (out.findings.front().culprit != routing::Culprit::none) return;
    std::vector<routing::Finding> findings;
    for (const VerdictFinding& found : own.findings) {
        if (!is_about(found, peer)) continue;
        findings.push_back({.culprit = routing::Culprit::unknown,
                            .is_down = found.severity == Severity::critical,
                            .node = self,
                            .text = found.reason,
                            .evidence = {self + " finds: " + found.reason}});
    }
    if (!findings.empty()) out.findings = std::move(findings);
}

std::optional<std::size_t> find_node(const routing::ClusterView& view, const std::string& name) {
    for (std::size_t i = 0; i < view.nodes.size(); ++i)
        if (view.nodes[i].name == name) return i;
    return {};
}

std::string name_in(const json& request, const char* key) {
    auto value = request.find(key);
    return value != request.end() && value->is_string() ? value->get<std::string>() : "";
}

json no_such_node(const routing::ClusterView& view, const std::string& name) {
    std::string names;
    for (const routing::SeenNode& node : view.nodes)
        names += (names.empty() ? "" : ", ") + node.name;
    return {{"error", name + ": no node has this name (nodes: " + names + ")"}};
}

}  // namespace

json networks_to_json(const routing::ClusterStates& states) {
    json out = json::array();
    for (const routing::NetworkStatus* network :
         worst_first(states.networks, routing::NetworkState::up))
        out.push_back({{"name", network->name},
                       {"state", to_string(network->state)},
                       {"apart", network->apart}});
    return out;
}

json interfaces_to_json(const routing::ClusterStates& states) {
    json out = json::array();
    for (const routing::InterfaceStatus* i :
         worst_first(states.interfaces, routing::InterfaceState::up)) {
        bool has_reason = i->reason != Diagnostic::none;
        out.push_back({{"node", i->node},
                       {"name", i->name},
                       {"address", i->address},
                       {"network", i->network},
                       {"state", to_string(i->state)},
                       {"reason", has_reason ? std::string(netft::to_string(i->reason)) : ""},
                       {"misses", i->misses}});
    }
    return out;
}

json to_json(const routing::StateChange& change, const WallClock& clock) {
    json fields{{"network", change.network},
                {"node", text_or_null(change.node)},
                {"interface", text_or_null(change.interface)},
                {"address", text_or_null(change.address)},
                {"from", change.from},
                {"to", change.to},
                {"detail", change.detail}};
    return stamp(std::move(fields), "state", change.at, clock);
}

std::string log_text(const routing::StateChange& change) {
    std::string what = "network " + change.network;
    if (!change.node.empty())
        what = "interface " + (change.interface.empty() ? change.address : change.interface) +
               " of " + change.node + " (" + change.network + ")";
    std::string out = what + " " + change.from + " -> " + change.to;
    return change.detail.empty() ? out : out + ": " + change.detail;
}

json answer_why(const routing::ClusterView& view, const Verdict& own, const json& request) {
    std::string a = name_in(request, "a");
    std::string b = name_in(request, "b");
    if (a.empty() && !view.nodes.empty()) a = view.nodes.front().name;
    auto from = find_node(view, a);
    auto to = find_node(view, b);
    if (!from) return no_such_node(view, a);
    if (!to) return no_such_node(view, b);
    if (*from == *to) return {{"error", a + ": a node is always joined to itself"}};
    routing::Verdict verdict = routing::why(view, *from, *to);
    if (*from == 0 || *to == 0) add_own(own, view.nodes.front().name, *from == 0 ? b : a, verdict);
    json findings = json::array();
    for (const routing::Finding& finding : verdict.findings)
        findings.push_back(finding_to_json(finding));
    return {{"version", 1},
            {"a", a},
            {"b", b},
            {"state", verdict.reachable ? "reachable" : "unreachable"},
            {"culprit", routing::to_string(verdict.findings.front().culprit)},
            {"findings", std::move(findings)}};
}

}  // namespace netft::control
