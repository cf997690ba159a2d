// The frame of a tool: options, errors, exit codes, signals.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "netft/base/result.hpp"
#include "netft/client/connection.hpp"

namespace netft::client {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;

// What a tool's command line says; a subcommand's callback sets `run`.
struct Context {
    std::string tool;
    std::string socket_option;
    bool json = false;
    std::function<Result<int>()> run;  // gives the exit code

    std::string socket() const { return socket_path(socket_option); }
    // Connects and asks.
    Result<nlohmann::json> ask(
        const nlohmann::json& question,
        std::chrono::milliseconds patience = Connection::kAnswerTimeMax) const;
};

struct ToolText {
    const char* name;
    const char* description;
};

// Parses the command line, runs context.run, reports an Error as "tool: what: why". Adds --socket,
// --help and --version; `setup` adds the rest. Gives the exit code.
int run_tool(const ToolText& tool, int argc, char** argv,
             const std::function<void(CLI::App&, Context&)>& setup);

// Adds --json, which stands before or behind a subcommand.
void add_json_option(CLI::App& app, Context& context);

// From now on SIGINT and SIGTERM end the program at once with exit code 0, even where it waits for
// a reader of its output. For programs that hold nothing back.
void exit_on_signals();

// Writes the document and a line end to standard output.
void print_json(const nlohmann::json& document);
// Hands standard output over to its reader. False: nobody reads any more; stop, quietly.
Result<bool> flush_output();

}  // namespace netft::client
