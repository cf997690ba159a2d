#include "netft/client/program.hpp"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <iostream>

namespace netft::client {

namespace {

int usage_exit(const CLI::App& app, const CLI::ParseError& error, const std::string& tool) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
        app.exit(error);  // prints help or version
        return std::cout.flush() ? kDone : kFailed;
    }
    std::cerr << tool << ": usage: " << error.what() << " (see " << tool << " --help)\n";
    return kUsage;
}

int report(const std::string& tool, const Error& error) {
    std::cerr << tool << ": " << error.what << '\n';
    return kFailed;
}

int finish(const std::string& tool, const Result<int>& outcome) {
    if (!outcome) {
        std::cout.flush();
        return report(tool, outcome.error());
    }
    Result<bool> flushed = flush_output();
    return flushed ? *outcome : report(tool, flushed.error());
}

}  // namespace

Result<nlohmann::json> Context::ask(const nlohmann::json& question) const {
    Result<Connection> connection = Connection::open(socket());
    if (!connection) return tl::unexpected(connection.error());
    return connection->request(question);
}

int run_tool(const ToolText& tool, int argc, char** argv,
             const std::function<void(CLI::App&, Context&)>& setup) {
    std::signal(SIGPIPE, SIG_IGN);  // flush_output() sees EPIPE and says so
    std::ios::sync_with_stdio(false);
    CLI::App app(tool.description, tool.name);
    Context context;
    context.tool = tool.name;
    app.fallthrough();
    app.set_version_flag("--version", std::string(tool.name) + " " + NETFT_VERSION);
    app.add_option("--socket", context.socket_option,
                   "netftd's control socket (else $NETFT_SOCKET, else /run/netft/netftd.sock)")
        ->type_name("PATH");
    setup(app, context);
    try {
        app.parse(argc, argv);
        return finish(context.tool, context.run());
    } catch (const CLI::ParseError& error) {
        return usage_exit(app, error, context.tool);
    } catch (const std::exception& error) {
        return report(context.tool, {std::string("internal error: ") + error.what(), 0});
    }
}

void add_json_option(CLI::App& app, Context& context) {
    app.add_flag("--json", context.json, "print JSON");
}

void exit_on_signals() {
    struct sigaction action {};
    action.sa_handler = [](int) { ::_exit(kDone); };
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
}

void print_json(const nlohmann::json& document) {
    std::cout << document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
}

Result<bool> flush_output() {
    errno = 0;
    if (std::cout.flush()) return true;
    if (errno == EPIPE) return false;
    return errno == 0 ? Result<bool>(fail("standard output: cannot be written to"))
                      : Result<bool>(fail_errno("standard output", errno));
}

}  // namespace netft::client
