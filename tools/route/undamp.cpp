#include <memory>

#include "tools/route/commands.hpp"

namespace netft::route {

namespace {

Result<int> run_undamp(const client::Context& context, const std::string& peer) {
    auto answer = context.ask({{"request", "undamp"}, {"peer", peer}});
    if (!answer) return tl::unexpected(answer.error());
    return client::kDone;
}

}  // namespace

void add_undamp(CLI::App& app, client::Context& context) {
    CLI::App* command = app.add_subcommand(
        "undamp", "forgets how often routes flapped: damped ones may be used at once; root only");
    auto peer = std::make_shared<std::string>();
    command->add_option("peer", *peer, "a peer's name; all peers without");
    command->callback([&context, peer] {
        context.run = [&context, peer] { return run_undamp(context, *peer); };
    });
}

}  // namespace netft::route
