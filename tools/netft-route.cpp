// netft-route: what netftd knows of peers and routes, for people and scripts.
#include <array>

#include "netft/client/program.hpp"
#include "tools/route/commands.hpp"

namespace {

using AddCommand = void (*)(CLI::App&, netft::client::Context&);

constexpr std::array<AddCommand, 8> kCommands{netft::route::add_show,  netft::route::add_get,
                                              netft::route::add_watch, netft::route::add_history,
                                              netft::route::add_wait,  netft::route::add_check,
                                              netft::route::add_why,   netft::route::add_undamp};

void set_up(CLI::App& app, netft::client::Context& context) {
    netft::client::add_json_option(app, context);
    app.require_subcommand(0, 1);
    context.run = [&context] { return netft::route::run_show(context); };
    for (AddCommand add : kCommands) add(app, context);
}

}  // namespace

int main(int argc, char** argv) {
    return netft::client::run_tool({"netft-route", "Shows the routes to the other nodes."}, argc,
                                   argv, set_up);
}
