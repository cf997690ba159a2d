// Waits on the watch stream. A daemon that is not there yet, or goes, is waited for as well: at
// boot nobody knows who comes first.
#include <poll.h>

#include <memory>

#include "netft/client/fields.hpp"
#include "netft/client/view.hpp"
#include "tools/route/commands.hpp"

namespace netft::route {

using client::SteadyTime;
using nlohmann::json;

namespace {

constexpr std::chrono::milliseconds kRetry{50};

struct Wish {
    std::string peer;  // empty: all
    std::optional<SteadyTime> deadline;
};

enum class Outcome : std::uint8_t { reachable, timed_out, daemon_gone };

std::string missing(const client::View& view, const std::string& peer) {
    std::string names;
    for (const std::string& name : view.peers())
        if ((peer.empty() || name == peer) && !view.is_reachable(name))
            names += (names.empty() ? "" : ", ") + name;
    return names;
}

bool is_past(const std::optional<SteadyTime>& deadline) {
    return deadline && std::chrono::steady_clock::now() >= *deadline;
}

std::string joined(const std::vector<std::string>& names) {
    std::string all;
    for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
    return all.empty() ? "none" : all;
}

Result<Outcome> follow(client::Connection& connection, const Wish& wish, client::View& view) {
    while (true) {
        auto record = connection.receive(wish.deadline);
        if (!record) {
            if (record.error().errno_value == ECONNRESET) return Outcome::daemon_gone;
            return tl::unexpected(record.error());
        }
        if (!*record) return Outcome::timed_out;
        view.apply(**record);
        if (!view.is_complete()) continue;
        if (!wish.peer.empty() && !view.has_peer(wish.peer))
            return fail(wish.peer + ": no such peer (peers: " + joined(view.peers()) + ")");
        if (missing(view, wish.peer).empty()) return Outcome::reachable;
    }
}

bool is_worth_retrying(int error) {
    return error == ENOENT || error == ECONNREFUSED || error == ECONNRESET || error == EPIPE;
}

tl::unexpected<Error> timed_out(const client::View& view, const Wish& wish,
                                const std::string& why_no_daemon) {
    if (!why_no_daemon.empty()) return fail("wait: timed out: " + why_no_daemon);
    if (!view.is_complete()) return fail("wait: timed out: netftd did not answer");
    return fail("wait: timed out: not reachable: " + missing(view, wish.peer));
}

Result<int> run_wait(const client::Context& context, const Wish& wish) {
    while (true) {
        client::View view;
        auto connection = client::Connection::open(context.socket());
        std::string why = connection ? "" : connection.error().what;
        if (!connection && !is_worth_retrying(connection.error().errno_value))
            return tl::unexpected(connection.error());
        if (connection && connection->subscribe("watch")) {
            Result<Outcome> outcome = follow(*connection, wish, view);
            if (!outcome) return tl::unexpected(outcome.error());
            if (*outcome == Outcome::reachable) return client::kDone;
            if (*outcome == Outcome::timed_out) return timed_out(view, wish, "");
            why = "netftd went away";
        }
        if (is_past(wish.deadline)) return timed_out(view, wish, why);
        ::poll(nullptr, 0, kRetry.count());
    }
}

Wish wish_of(const std::string& peer, double timeout) {
    Wish wish{.peer = peer};
    if (timeout > 0)
        wish.deadline = std::chrono::steady_clock::now() +
                        std::chrono::milliseconds(static_cast<std::int64_t>(timeout * 1000));
    return wish;
}

}  // namespace

void add_wait(CLI::App& app, client::Context& context) {
    CLI::App* command = app.add_subcommand(
        "wait", "returns when the peer, or every peer, is reachable; exit 1 on time-out");
    auto peer = std::make_shared<std::string>();
    auto timeout = std::make_shared<double>(0);
    command->add_option("peer", *peer, "a peer's name; all peers without");
    command->add_option("--timeout", *timeout, "give up after so many seconds (0: never)")
        ->type_name("S")
        ->check(CLI::Range(0.0, 1e9));
    command->callback([&context, peer, timeout] {
        context.run = [&context, peer, timeout] {
            return run_wait(context, wish_of(*peer, *timeout));
        };
    });
}

}  // namespace netft::route
