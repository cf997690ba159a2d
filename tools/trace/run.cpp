#include "tools/trace/run.hpp"

#include <algorithm>
#include <iostream>

#include "netft/client/fields.hpp"
#include "tools/trace/sink.hpp"

namespace netft::trace {

using client::text;
using nlohmann::json;

namespace {

// Of another peer than the one asked for.
bool is_other_peer(const json& record, const std::string& peer) {
    if (peer.empty()) return false;
    std::string owner = text(record, text(record, "type") == "peer" ? "name" : "peer");
    return !owner.empty() && owner != peer;
}

bool is_counted(const json& record) {
    std::string type = text(record, "type");
    return type == "heartbeat" || type == "transition" || type == "selection";
}

Status check_peer(const client::View& view, const std::string& peer) {
    if (peer.empty() || view.has_peer(peer)) return {};
    std::string names;
    for (const std::string& name : view.peers()) names += (names.empty() ? "" : ", ") + name;
    return fail(peer + ": no such peer (peers: " + (names.empty() ? "none" : names) + ")");
}

Result<Sink> open_sink(const Options& options, Format& format) {
    Result<Sink> sink = Sink::open(options.path);
    if (!sink) return sink;
    Result<bool> written = sink->write(format.header());
    if (!written) return tl::unexpected(written.error());
    return sink;
}

// Passes records on; true when there is no more to do.
class Tracer {
 public:
    Tracer(const Options& options, Format& format, Sink sink)
        : options_(options), format_(format), sink_(std::move(sink)) {}

    Result<bool> handle(const json& record) {
        bool snapshot = !view_.is_complete();
        view_.apply(record);
        if (snapshot && view_.is_complete())
            if (Status known = check_peer(view_, options_.peer); !known)
                return tl::unexpected(known.error());
        if (text(record, "type") == "lost")
            std::cerr << "netft-trace: " << client::plain(record, "count")
                      << " records lost: the output is too slow" << std::endl;
        if (is_other_peer(record, options_.peer)) return false;
        if (snapshot && !format_.wants_snapshot()) return false;
        Result<bool> written = sink_.write(format_.record(record, view_));
        if (!written) return tl::unexpected(written.error());
        if (!snapshot && is_counted(record)) ++written_;
        return !*written || (options_.count > 0 && written_ >= options_.count);
    }

 private:
    const Options& options_;
    Format& format_;
    Sink sink_;
    client::View view_;
    std::uint64_t written_ = 0;
};

}  // namespace

Result<int> run(const client::Context& context, const Options& options, Format& format) {
    client::exit_on_signals();
    auto connection = client::Connection::open(context.socket());
    if (!connection) return tl::unexpected(connection.error());
    Result<Sink> sink = open_sink(options, format);
    if (!sink) return tl::unexpected(sink.error());
    if (Status sent = connection->subscribe("trace"); !sent) return tl::unexpected(sent.error());
    Tracer tracer(options, format, std::move(*sink));
    while (true) {
        auto record = connection->receive();
        if (!record) return tl::unexpected(record.error());
        Result<bool> done = tracer.handle(**record);
        if (!done) return tl::unexpected(done.error());
        if (*done) return client::kDone;
    }
}

}  // namespace netft::trace
