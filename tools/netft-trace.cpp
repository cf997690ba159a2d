// netft-trace: heartbeats and transitions as they happen, for Wireshark, jq, plotting tools, eyes.
#include <memory>

#include "netft/client/program.hpp"
#include "tools/trace/format.hpp"
#include "tools/trace/run.hpp"

namespace {

struct Choice {
    bool pcapng = false;
    bool csv = false;
    bool cluster_log = false;
};

std::unique_ptr<netft::trace::Format> format_of(const Choice& choice) {
    if (choice.pcapng) return netft::trace::pcapng_format();
    if (choice.csv) return netft::trace::csv_format();
    if (choice.cluster_log) return netft::trace::cluster_log_format();
    return netft::trace::json_format();
}

void add_formats(CLI::App& app, netft::client::Context& context, Choice& choice) {
    CLI::Option* json = app.add_flag("--json", context.json, "JSON lines (the default)");
    CLI::Option* pcapng =
        app.add_flag("--pcapng", choice.pcapng, "a capture that Wireshark and tshark read");
    CLI::Option* csv = app.add_flag("--csv", choice.csv, "comma-separated, with a header line");
    CLI::Option* log = app.add_flag("--cluster-log", choice.cluster_log,
                                    "transitions in the style of a NetFT cluster log");
    json->excludes(pcapng)->excludes(csv)->excludes(log);
    pcapng->excludes(csv)->excludes(log);
    csv->excludes(log);
}

void set_up(CLI::App& app, netft::client::Context& context) {
    auto choice = std::make_shared<Choice>();
    auto options = std::make_shared<netft::trace::Options>();
    add_formats(app, context, *choice);
    app.add_option("-w,--write", options->path, "file to write; - is standard output")
        ->type_name("FILE");
    app.add_option("--count", options->count, "stop after so many records")
        ->type_name("N")
        ->check(CLI::PositiveNumber);
    app.add_option("--peer", options->peer, "only this peer's")->type_name("PEER");
    context.run = [&context, choice, options] {
        std::unique_ptr<netft::trace::Format> format = format_of(*choice);
        return netft::trace::run(context, *options, *format);
    };
}

}  // namespace

int main(int argc, char** argv) {
    return netft::client::run_tool(
        {"netft-trace", "Streams heartbeats and transitions until interrupted."}, argc, argv,
        set_up);
}
