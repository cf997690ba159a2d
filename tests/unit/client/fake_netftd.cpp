// A daemon that only talks: the control socket at argv[1] with sample documents behind it, in the
// security mode argv[2] (default: encrypt). While
// somebody watches, it publishes a transition, a selection and a heartbeat every 5 ms; the peer n3
// becomes reachable after kQuietRounds of them. Ends with its standard input.
#include <poll.h>
#include <unistd.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "netft/control/config_values.hpp"
#include "netft/control/server.hpp"
#include "netft/control/status_records.hpp"
#include "netft/control/status_requests.hpp"
#include "tests/unit/control/status_samples.hpp"

using namespace netft;
using namespace netft::control;
using nlohmann::json;

namespace {

constexpr int kQuietRounds = 20;

Handlers handlers_of(const NodeStatus& node, const History& history) {
    Handlers handlers;
    handlers.on_request = [&](const json& request, const Caller&) {
        return answer_request(request, node, history, samples::clock());
    };
    handlers.on_subscribe = [&](Stream) { return snapshot_records(node, samples::clock()); };
    return handlers;
}

NodeStatus node_in(const char* mode) {
    NodeStatus node = samples::node();
    node.security = parse_security_mode(mode).value_or(SecurityMode::none);
    node.has_cluster_key = false;
    node.warnings = {security_warning(node.security)};
    return node;
}

void publish(ControlServer& server, const json& record) {
    server.publish(Stream::watch, record.dump());
    server.publish(Stream::trace, record.dump());
}

void publish_round(ControlServer& server, int round) {
    SelectionRecord selection = samples::selection();
    if (round >= kQuietRounds) {
        selection.peer = "n3";
        selection.change.to = RouteId(3);
    }
    publish(server, to_json(samples::transition(), samples::clock()));
    publish(server, to_json(selection, samples::clock()));
    server.publish(Stream::trace, to_json(samples::heartbeat(), samples::clock()).dump());
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2 || argc > 3) return 2;
    NodeStatus node = argc == 3 ? node_in(argv[2]) : samples::node();
    History history;
    history.add(samples::transition());
    Result<ControlServer> server =
        ControlServer::open(argv[1], handlers_of(node, history), {.readers = ::getegid()});
    if (!server) {
        std::cerr << server.error().what << '\n';
        return 1;
    }
    for (int round = 0; true;) {
        pollfd fds[2] = {{server->fd(), POLLIN, 0}, {0, POLLIN, 0}};
        ::poll(fds, 2, 5);
        if (fds[1].revents != 0) return 0;
        server->handle_ready();
        if (server->has_subscribers(Stream::watch) || server->has_subscribers(Stream::trace))
            publish_round(*server, round++);
    }
}
