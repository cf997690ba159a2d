#include <iostream>
#include <memory>

#include "netft/client/fields.hpp"
#include "netft/client/terminal.hpp"
#include "tools/route/commands.hpp"
#include "tools/route/render.hpp"

namespace netft::route {

using client::text;
using client::Tone;
using nlohmann::json;

namespace {

Tone tone_of(const json& finding) {
    if (text(finding, "culprit") == "none") return Tone::good;
    return client::flag(finding, "down") ? Tone::bad : Tone::warn;
}

void print_finding(const json& finding, const Style& style) {
    std::string culprit = client::printable(text(finding, "culprit"));
    std::cout << client::paint(culprit, tone_of(finding), style.colour) << ": "
              << client::printable(text(finding, "text")) << '\n';
    for (const json& line : client::member(finding, "evidence"))
        if (line.is_string())
            std::cout << "    " << client::printable(line.get<std::string>()) << '\n';
}

void print_verdict(const json& answer) {
    Style style = style_of_output();
    bool is_reachable = text(answer, "state") == "reachable";
    std::cout << client::printable(text(answer, "a") + " and " + text(answer, "b"))
              << (is_reachable ? " reach each other\n" : " do not reach each other directly\n");
    for (const json& finding : client::member(answer, "findings")) print_finding(finding, style);
}

Result<int> run_why(const client::Context& context, const std::vector<std::string>& nodes) {
    json request{{"request", "why"}, {"b", nodes.back()}};
    if (nodes.size() == 2) request["a"] = nodes.front();
    auto answer = context.ask(request);
    if (!answer) return tl::unexpected(answer.error());
    if (context.json)
        client::print_json(*answer);
    else
        print_verdict(*answer);
    return client::kDone;
}

}  // namespace

void add_why(CLI::App& app, client::Context& context) {
    CLI::App* command = app.add_subcommand(
        "why", "why two nodes talk badly or not at all: what the evidence points at");
    auto nodes = std::make_shared<std::vector<std::string>>();
    command->add_option("node", *nodes, "two nodes' names, or one: from this node to it")
        ->required()
        ->expected(1, 2);
    command->callback([&context, nodes] {
        context.run = [&context, nodes] { return run_why(context, *nodes); };
    });
}

}  // namespace netft::route
