#include <iostream>

#include "tools/route/commands.hpp"
#include "tools/route/render.hpp"

namespace netft::route {

Result<int> run_show(const client::Context& context) {
    auto document = context.ask({{"request", "show"}});
    if (!document) return tl::unexpected(document.error());
    if (context.json)
        client::print_json(*document);
    else
        render_show(std::cout, *document, style_of_output());
    return client::kDone;
}

void add_show(CLI::App& app, client::Context& context) {
    CLI::App* command = app.add_subcommand(
        "show", "every peer and route; what is missing or down first (the default)");
    command->callback([&context] { context.run = [&context] { return run_show(context); }; });
}

}  // namespace netft::route
