#include <iostream>
#include <memory>

#include "netft/client/fields.hpp"
#include "tools/route/commands.hpp"
#include "tools/route/render.hpp"

namespace netft::route {

using nlohmann::json;

namespace {

void print_history(const json& answer) {
    Style style = style_of_output();
    if (std::uint64_t forgotten = client::whole(answer, "forgotten"); forgotten > 0)
        std::cout << "(" << forgotten << " older records are forgotten)\n";
    for (const json& record : client::member(answer, "records")) {
        std::string line = render_record(record, style);
        if (line.empty()) continue;
        std::cout << line << '\n';
        render_heartbeats(std::cout, record, style);
    }
}

Result<int> run_history(const client::Context& context, const std::string& peer) {
    auto answer = context.ask({{"request", "history"}, {"peer", peer}});
    if (!answer) return tl::unexpected(answer.error());
    if (context.json)
        client::print_json(*answer);
    else
        print_history(*answer);
    return client::kDone;
}

}  // namespace

void add_history(CLI::App& app, client::Context& context) {
    CLI::App* command = app.add_subcommand(
        "history", "a peer's last transitions, with reasons and the heartbeats before them");
    auto peer = std::make_shared<std::string>();
    command->add_option("peer", *peer, "a peer's name")->required();
    command->callback([&context, peer] {
        context.run = [&context, peer] { return run_history(context, *peer); };
    });
}

}  // namespace netft::route
