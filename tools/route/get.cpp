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

// Of a packet that is made up; what is not named is left to netftd.
struct Packet {
    std::optional<unsigned> dscp;
    std::optional<unsigned> port;
    std::optional<unsigned> size;
    std::string protocol;
};

json request_of(const std::string& target, const Packet& packet) {
    json request{{"request", "get"}, {"target", target}};
    if (packet.dscp) request["dscp"] = *packet.dscp;
    if (packet.port) request["port"] = *packet.port;
    if (packet.size) request["size"] = *packet.size;
    if (!packet.protocol.empty()) request["protocol"] = packet.protocol;
    return request;
}

void print_policy(const json& answer) {
    if (client::member(answer, "flow").is_null()) return;
    std::cout << "policy " << client::printable(text(answer, "policy")) << '\n';
}

Result<int> run_get(const client::Context& context, const std::string& target,
                    const Packet& packet) {
    auto answer = context.ask(request_of(target, packet));
    if (!answer) return tl::unexpected(answer.error());
    if (context.json) {
        client::print_json(*answer);
    } else {
        print_policy(*answer);
        print_routes(*answer);
    }
    bool is_carried = !client::member(*answer, "routes").empty() || !text(*answer, "relay").empty();
    return is_carried ? client::kDone : client::kFailed;
}

}  // namespace

void add_get(CLI::App& app, client::Context& context) {
    CLI::App* command = app.add_subcommand(
        "get", "which route or relay would carry a packet now; exit 1 when none would");
    auto target = std::make_shared<std::string>();
    command->add_option("target", *target, "a peer's name or virtual address")->required();
    auto packet = std::make_shared<Packet>();
    command->add_option("--dscp", packet->dscp, "of a packet with this DSCP (0..63)");
    command->add_option("--port", packet->port, "… with this UDP or TCP port at either end");
    command->add_option("--protocol", packet->protocol, "… of this protocol (tcp)")
        ->check(CLI::IsMember({"tcp", "udp"}));
    command->add_option("--size", packet->size, "… in a frame of so many bytes (a full one)");
    command->callback([&context, target, packet] {
        context.run = [&context, target, packet] { return run_get(context, *target, *packet); };
    });
}

}  // namespace netft::route
