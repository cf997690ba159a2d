#include <iostream>
#include <memory>

#include "netft/client/fields.hpp"
#include "netft/client/terminal.hpp"
#include "tools/route/commands.hpp"
#include "tools/route/render.hpp"

namespace netft::route {

using client::plain;
using client::text;
using nlohmann::json;

namespace {

// What is not plain from the route being listed.
std::string use_text(const json& route) {
    std::string use = text(route, "use");
    if (use == "share") return "  some flows";
    return use == "copy" ? "  copies" : "";
}

void print_routes(const json& answer) {
    std::string peer = client::printable(text(answer, "peer"));
    for (const json& route : client::member(answer, "routes"))
        std::cout << peer << " "
                  << client::printable(path_of(route) + "  network " + text(route, "network") +
                                       "  interface " + text(route, "interface") + "  route " +
                                       plain(route, "id") + "  mtu " + plain(route, "mtu") +
                                       use_text(route))
                  << '\n';
    if (!client::member(answer, "routes").empty()) return;
    if (std::string relay = client::printable(text(answer, "relay")); !relay.empty()) {
        std::cout << peer << " by way of " << relay << ": no direct route is up\n";
        return;
    }
    std::string note = client::printable(text(answer, "note"));
    std::cout << peer << " is unreachable: " << (note.empty() ? "no route is up" : note) << '\n';
}

Result<int> run_get(const client::Context& context, const std::string& target) {
    auto answer = context.ask({{"request", "get"}, {"target", target}});
    if (!answer) return tl::unexpected(answer.error());
    if (context.json)
        client::print_json(*answer);
    else
        print_routes(*answer);
    bool is_carried = !client::member(*answer, "routes").empty() || !text(*answer, "relay").empty();
    return is_carried ? client::kDone : client::kFailed;
}

}  // namespace

void add_get(CLI::App& app, client::Context& context) {
    CLI::App* command = app.add_subcommand(
        "get", "which route or relay would carry a packet now; exit 1 when none would");
    auto target = std::make_shared<std::string>();
    command->add_option("target", *target, "a peer's name or virtual address")->required();
    command->callback([&context, target] {
        context.run = [&context, target] { return run_get(context, *target); };
    });
}

}  // namespace netft::route
