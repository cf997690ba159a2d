#include "netft/client/program.hpp"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <iostream>
#include <sstream>

#include "netft/base/assert.hpp"

namespace netft::client {

namespace {

// Holds back what goes to std::cout until flush_output(), which writes it itself: a stream would
// not tell why it failed.
class HeldOutput {
 public:
    HeldOutput() : before_(std::cout.rdbuf(&held_)) {}
    ~HeldOutput() { std::cout.rdbuf(before_); }
    HeldOutput(const HeldOutput&) = delete;
    HeldOutput& operator=(const HeldOutput&) = delete;

 private:
    std::stringbuf held_;
    std::streambuf* before_;
};

int usage_exit(const CLI::App& app, const CLI::ParseError& error, const std::string& tool) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
        app.exit(error);  // prints help or version
        return flush_output() ? kDone : kFailed;
    }
    std::cerr << tool << ": usage: " << error.what() << " (see " << tool << " --help)\n";
    return kUsage;
}

int report(const std::string& tool, const Error& error) {
    std::cerr << tool << ": " << error.what << '\n';
    return kFailed;
}

int finish(const std::string& tool, const Result<int>& outcome) {
    Result<bool> flushed = flush_output();
    if (!outcome) return report(tool, outcome.error());
    return flushed ? *outcome : report(tool, flushed.error());
}

}  // namespace

Result<nlohmann::json> Context::ask(const nlohmann::json& question,
                                    std::chrono::milliseconds patience) const {
    Result<Connection> connection = Connection::open(socket());
    if (!connection) return tl::unexpected(connection.error());
    return connection->request(question, patience);
}

int run_tool(const ToolText& tool, int argc, char** argv,
             const std::function<void(CLI::App&, Context&)>& setup) {
    std::signal(SIGPIPE, SIG_IGN);  // flush_output() sees EPIPE and says so
    HeldOutput held;
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
    auto* held = dynamic_cast<std::stringbuf*>(std::cout.rdbuf());
    NETFT_ASSERT(held != nullptr);  // inside run_tool() only
    std::string bytes = held->str();
    held->str("");
    for (std::size_t done = 0; done < bytes.size();) {
        ssize_t n = ::write(STDOUT_FILENO, bytes.data() + done, bytes.size() - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EPIPE) return false;
        if (n < 0) return fail_errno("standard output", errno);
        done += static_cast<std::size_t>(n);
    }
    return true;
}

}  // namespace netft::client
