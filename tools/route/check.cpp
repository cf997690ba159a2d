#include <algorithm>
#include <iostream>
#include <memory>

#include "netft/client/fields.hpp"
#include "netft/client/terminal.hpp"
#include "tools/route/commands.hpp"
#include "tools/route/render.hpp"

namespace netft::route {

using client::member;
using client::number;
using client::text;
using nlohmann::json;

namespace {

// What probes for monitoring understand.
constexpr int kOk = 0, kWarning = 1, kCritical = 2, kUnknown = 3;

struct CheckOptions {
    bool brief = false;
    std::string peer;  // empty: all
    unsigned networks = 0;
    double timeout = 10;
};

struct Finding {
    int code = kOk;
    std::int64_t routes = 0;  // expected
    json missing = json::array();
};

int code_of(const std::string& severity) {
    if (severity == "ok") return kOk;
    return severity == "warning" ? kWarning : kCritical;
}

std::string word_of(int code) {
    if (code == kOk) return "ok";
    return code == kWarning ? "warning" : "critical";
}

void add(Finding& finding, const std::string& severity, json entry) {
    finding.code = std::max(finding.code, code_of(severity));
    entry["severity"] = severity;
    finding.missing.push_back(std::move(entry));
}

const json* find_peer(const json& document, const std::string& name) {
    for (const json& peer : member(document, "peers"))
        if (text(peer, "name") == name) return &peer;
    return nullptr;
}

// The verdict's finding with what the document says of the route.
json entry_of(const json& document, const json& found) {
    json entry{{"peer", text(found, "peer")}, {"reason", text(found, "reason")}};
    const json* peer = find_peer(document, text(found, "peer"));
    if (peer == nullptr || member(found, "route").is_null()) return entry;
    for (const json& route : member(*peer, "routes"))
        if (member(route, "id") == member(found, "route"))
            for (const char* key : {"id", "network", "local", "remote", "state"})
                entry[key] = member(route, key);
    return entry;
}

void ask_for_networks(Finding& finding, const json& verdict, const CheckOptions& options) {
    for (const json& peer : member(verdict, "peers")) {
        std::string name = text(peer, "peer");
        if (!options.peer.empty() && name != options.peer) continue;
        auto up = number(peer, "networks_up").value_or(0);
        if (up >= static_cast<double>(options.networks)) continue;
        add(finding, "critical",
            {{"peer", name},
             {"reason", std::to_string(static_cast<long>(up)) + " of " +
                            std::to_string(options.networks) + " independent networks are up"}});
    }
}

Finding examine(const json& document, const CheckOptions& options) {
    const json& verdict = member(document, "verdict");
    Finding finding;
    finding.routes = static_cast<std::int64_t>(number(verdict, "routes_expected").value_or(0));
    if (const json* peer = find_peer(document, options.peer))
        finding.routes = std::count_if(member(*peer, "routes").begin(),
                                       member(*peer, "routes").end(), [](const json& route) {
                                           return !member(route, "expected").is_boolean() ||
                                                  member(route, "expected").get<bool>();
                                       });
    for (const json& found : member(verdict, "findings")) {
        bool is_asked = options.peer.empty() || text(found, "peer") == options.peer;
        if (is_asked) add(finding, text(found, "severity"), entry_of(document, found));
    }
    ask_for_networks(finding, verdict, options);
    return finding;
}

void print_missing(const json& entry) {
    std::string peer = text(entry, "peer");
    std::string line = peer.empty() ? "" : peer + ": ";
    std::string reason = text(entry, "reason");
    if (entry.contains("id")) {
        line += path_of(entry) + " (" + text(entry, "network") + ") is " + text(entry, "state");
        if (!reason.empty()) line += ": " + reason;
    } else {
        line += reason;
    }
    std::cout << client::printable(line) << '\n';
}

void print_summary(const Finding& finding) {
    std::string routes = std::to_string(finding.routes);
    if (finding.code == kOk)
        std::cout << "ok: " << routes << " of " << routes << " routes up\n";
    else
        std::cout << word_of(finding.code) << ": " << finding.missing.size()
                  << " missing or not well, " << routes << " routes expected\n";
}

void print(const client::Context& context, const Finding& finding, bool brief) {
    if (context.json) {
        client::print_json({{"version", 1},
                            {"ok", finding.code == kOk},
                            {"state", word_of(finding.code)},
                            {"routes", finding.routes},
                            {"missing", finding.missing}});
        return;
    }
    print_summary(finding);
    if (brief) return;
    for (const json& entry : finding.missing) print_missing(entry);
}

Result<int> unknown(const client::Context& context, const std::string& why) {
    std::cerr << context.tool << ": " << why << '\n';
    return kUnknown;
}

Result<int> run_check(const client::Context& context, const CheckOptions& options) {
    std::chrono::milliseconds patience(static_cast<std::int64_t>(options.timeout * 1000));
    auto document = context.ask({{"request", "show"}}, patience);
    if (!document) return unknown(context, document.error().what);
    if (!member(*document, "verdict").is_object())
        return unknown(context, "the netftd that runs is of a version that gives no verdict");
    if (!options.peer.empty() && find_peer(*document, options.peer) == nullptr)
        return unknown(context, options.peer + ": no peer has this name");
    Finding finding = examine(*document, options);
    print(context, finding, options.brief);
    return finding.code;
}

}  // namespace

void add_check(CLI::App& app, client::Context& context) {
    CLI::App* command = app.add_subcommand(
        "check", "is redundancy whole? exit 0 ok, 1 warning, 2 critical, 3 unknown");
    auto options = std::make_shared<CheckOptions>();
    command->add_option("peer", options->peer, "this peer only (default: all)");
    command->add_flag("--brief", options->brief, "one line only");
    command->add_option("--networks", options->networks, "critical with fewer networks to a peer")
        ->check(CLI::Range(1U, 64U));
    command->add_option("--timeout", options->timeout, "seconds that netftd may take to answer")
        ->check(CLI::Range(0.001, 3600.0));
    command->callback([&context, options] {
        context.run = [&context, options] { return run_check(context, *options); };
    });
}

}  // namespace netft::route
