#include <iostream>

#include "netft/client/fields.hpp"
#include "netft/client/view.hpp"
#include "tools/route/commands.hpp"
#include "tools/route/render.hpp"

namespace netft::route {

using nlohmann::json;

namespace {

void print_record(const client::Context& context, client::View& view, const json& record) {
    if (context.json) return client::print_json(record);
    bool was_complete = view.is_complete();
    view.apply(record);
    if (!was_complete && view.is_complete()) {
        render_show(std::cout, view.document(), style_of_output());
        std::cout << '\n';
    }
    std::string line = render_record(record, style_of_output());
    if (was_complete && !line.empty()) std::cout << line << '\n';
}

Result<int> run_watch(const client::Context& context) {
    client::exit_on_signals();
    auto connection = client::Connection::open(context.socket());
    if (!connection) return tl::unexpected(connection.error());
    if (Status sent = connection->subscribe("watch"); !sent) return tl::unexpected(sent.error());
    client::View view;
    while (true) {
        auto record = connection->receive();
        if (!record) return tl::unexpected(record.error());
        print_record(context, view, **record);
        Result<bool> flushed = client::flush_output();
        if (!flushed) return tl::unexpected(flushed.error());
        if (!*flushed) return client::kDone;
    }
}

}  // namespace

void add_watch(CLI::App& app, client::Context& context) {
    CLI::App* command =
        app.add_subcommand("watch", "the routes as they are, then every change, until interrupted");
    command->callback([&context] { context.run = [&context] { return run_watch(context); }; });
}

}  // namespace netft::route
