// netft-route's subcommands. A new one: a file with its add_…(), a line in kCommands of
// netft-route.cpp, its lines in the man page and the completion.
#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "netft/base/result.hpp"
#include "netft/client/program.hpp"

namespace netft::route {

void add_show(CLI::App& app, client::Context& context);
void add_get(CLI::App& app, client::Context& context);
void add_watch(CLI::App& app, client::Context& context);
void add_history(CLI::App& app, client::Context& context);
void add_wait(CLI::App& app, client::Context& context);
void add_why(CLI::App& app, client::Context& context);
void add_check(CLI::App& app, client::Context& context);
void add_undamp(CLI::App& app, client::Context& context);

// What netft-route does without a subcommand.
Result<int> run_show(const client::Context& context);

}  // namespace netft::route
