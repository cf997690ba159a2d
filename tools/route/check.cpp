#include <iostream>
#include <memory>

#include "netft/client/fields.hpp"
#include "netft/client/terminal.hpp"
#include "tools/route/commands.hpp"
#include "tools/route/render.hpp"

namespace netft::route {

using client::member;
using client::text;
using nlohmann::json;

namespace {

struct Finding {
    std::size_t routes = 0;
    json missing = json::array();  // routes not up or kept out of use, peers that have none
};

// A damped route is up, but the redundancy that it is there for is gone.
bool is_well(const std::string& state) { return client::is_up(state) && state != "damped"; }

json missing_peer(const json& peer) {
    std::string note = text(peer, "note");
    return {{"peer", text(peer, "name")}, {"reason", note.empty() ? "no route" : note}};
}

json missing_route(const json& peer, const json& route) {
    json entry{{"peer", text(peer, "name")}};
    for (const char* key : {"id", "network", "local", "remote", "state", "reason"})
        entry[key] = member(route, key);
    return entry;
}

Finding examine(const json& document) {
    Finding finding;
    for (const json& peer : member(document, "peers")) {
        const json& routes = member(peer, "routes");
        if (routes.empty()) finding.missing.push_back(missing_peer(peer));
        finding.routes += routes.size();
        for (const json& route : routes)
            if (!is_well(text(route, "state")))
                finding.missing.push_back(missing_route(peer, route));
    }
    return finding;
}

void print_missing(const json& entry) {
    std::string line = text(entry, "peer") + ": ";
    if (entry.contains("id"))
        line += path_of(entry) + " (" + text(entry, "network") + ") is " + text(entry, "state");
    else
        line += "no route";
    std::string reason = text(entry, "reason");
    if (!reason.empty() && reason != "no route") line += ": " + reason;
    std::cout << client::printable(line) << '\n';
}

void print_summary(const Finding& finding) {
    if (finding.missing.empty())
        std::cout << "ok: " << finding.routes << " of " << finding.routes << " routes up\n";
    else
        std::cout << "not ok: " << finding.missing.size() << " missing or not up, "
                  << finding.routes << " routes expected\n";
}

Result<int> run_check(const client::Context& context, bool brief) {
    auto document = context.ask({{"request", "show"}});
    if (!document) return tl::unexpected(document.error());
    Finding finding = examine(*document);
    bool ok = finding.missing.empty();
    if (context.json) {
        client::print_json(
            {{"version", 1}, {"ok", ok}, {"routes", finding.routes}, {"missing", finding.missing}});
    } else {
        print_summary(finding);
        if (!brief)
            for (const json& entry : finding.missing) print_missing(entry);
    }
    return ok ? client::kDone : client::kFailed;
}

}  // namespace

void add_check(CLI::App& app, client::Context& context) {
    CLI::App* command =
        app.add_subcommand("check", "exit 1 when any expected route is not up; lists them");
    auto brief = std::make_shared<bool>(false);
    command->add_flag("--brief", *brief, "one line only");
    command->callback([&context, brief] {
        context.run = [&context, brief] { return run_check(context, *brief); };
    });
}

}  // namespace netft::route
