#include "netft/control/verdict.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "netft/control/status_records.hpp"

namespace netft::control {

using nlohmann::json;

namespace {

bool is_up(const RouteStatus& status) {
    return status.route.usable && status.report.state == BfdState::up;
}

Severity severity_of(const RouteStatus& status) {
    if (!is_up(status)) return Severity::critical;
    bool is_well = !status.report.suspect && !status.report.damped;
    return is_well ? Severity::ok : Severity::warning;
}

std::string networks_text(std::size_t count) {
    return std::to_string(count) + (count == 1 ? " independent network" : " independent networks");
}

class Judge {
 public:
    explicit Judge(const NodeStatus& status) : status_(status) {}

    Verdict run() {
        for (const std::string& fault : status_.faults) add({Severity::warning, "", fault});
        for (const PeerStatus& peer : status_.peers) look_at(peer);
        return std::move(out_);
    }

 private:
    void add(VerdictFinding finding) {
        out_.severity = std::max(out_.severity, finding.severity);
        out_.findings.push_back(std::move(finding));
    }

    void look_at(const PeerStatus& peer) {
        std::size_t expected_here = out_.routes_expected;
        for (const RouteStatus& route : peer.routes) {
            if (!route.expected) continue;
            ++out_.routes_expected;
            Severity severity = severity_of(route);
            out_.routes_up += severity == Severity::ok;
            if (severity != Severity::ok) add({severity, peer.name, reason_of(route), &route});
        }
        if (out_.routes_expected == expected_here)
            add({Severity::critical, peer.name, peer.note.empty() ? "no route" : peer.note});
        for (const std::string& doubt : peer.doubts) add({Severity::warning, peer.name, doubt});
        if (!peer.stray.empty()) add({Severity::critical, peer.name, peer.stray});
        count_networks(peer);
    }

    // Routes that are down speak for themselves; those that are not there any more cannot.
    void count_networks(const PeerStatus& peer) {
        std::size_t there = independent_networks(peer, false);
        PeerVerdict verdict{peer.name, independent_networks(peer, true),
                            std::max(there, peer.networks_expected)};
        if (there > 0 && there < verdict.networks_expected)
            add({Severity::critical, peer.name,
                 networks_text(there) + " of " + std::to_string(verdict.networks_expected) +
                     (peer.networks_in_file >= verdict.networks_expected
                          ? " that the file lists"
                          : " that there were: an endpoint here or there was lost")});
        out_.peers.push_back(std::move(verdict));
    }

    const NodeStatus& status_;
    Verdict out_;
};

}  // namespace

std::string_view to_string(Severity severity) {
    switch (severity) {
        case Severity::ok: return "ok";
        case Severity::warning: return "warning";
        case Severity::critical: return "critical";
    }
    return "critical";
}

std::size_t independent_networks(const PeerStatus& peer, bool only_up) {
    std::set<std::string> networks, nics;
    std::set<IpAddress> remotes;
    for (const RouteStatus& status : peer.routes) {
        if (!status.expected || (only_up && !is_up(status))) continue;
        networks.insert(status.route.network);
        nics.insert(status.nic.empty() ? status.route.interface : status.nic);
        remotes.insert(status.route.remote.address);
    }
    return std::min({networks.size(), nics.size(), remotes.size()});
}

Verdict judge(const NodeStatus& status) { return Judge(status).run(); }

json to_json(const Verdict& verdict) {
    json findings = json::array();
    for (const VerdictFinding& finding : verdict.findings) {
        json entry{{"severity", to_string(finding.severity)},
                   {"peer", finding.peer},
                   {"reason", finding.reason},
                   {"route", json()}};
        if (finding.route != nullptr) entry["route"] = finding.route->route.id.value;
        findings.push_back(std::move(entry));
    }
    json peers = json::array();
    for (const PeerVerdict& peer : verdict.peers)
        peers.push_back({{"peer", peer.peer},
                         {"networks_up", peer.networks_up},
                         {"networks_expected", peer.networks_expected}});
    return {{"state", to_string(verdict.severity)},
            {"routes_up", verdict.routes_up},
            {"routes_expected", verdict.routes_expected},
            {"findings", std::move(findings)},
            {"peers", std::move(peers)}};
}

}  // namespace netft::control
