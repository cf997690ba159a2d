// A cluster as its nodes see it, all well, and the faults that can befall it.
#pragma once

#include <string>

#include "routing/topology/cluster_view.hpp"

namespace netft::routing::test {

// Node i is n(i+1), network k is 10.0.k.0/24, its interface there ethk, route k of a pair is on
// network k. All can be asked.
struct Town {
    ClusterView view;
    std::size_t networks;

    Town(std::size_t nodes, std::size_t nets) : networks(nets) {
        for (std::size_t n = 0; n < nodes; ++n) {
            SeenNode node{.name = "n" + std::to_string(n + 1), .has_word = true};
            node.standings.assign(nodes, Standing::known);
            for (std::size_t k = 0; k < nets; ++k) {
                node.interfaces.push_back({IpAddress::v4({10, 0, static_cast<std::uint8_t>(k),
                                                          static_cast<std::uint8_t>(n + 1)}),
                                           "eth" + std::to_string(k), name_of(k)});
                for (std::size_t m = 0; m < nodes; ++m)
                    if (m != n)
                        node.routes.push_back({.interface = k,
                                               .peer = m,
                                               .remote_interface = k,
                                               .state = BfdState::up});
            }
            view.nodes.push_back(node);
        }
    }
    static std::string name_of(std::size_t k) { return "10.0." + std::to_string(k) + ".0/24"; }

    SeenRoute& word(std::size_t from, std::size_t to, std::size_t net) {
        for (SeenRoute& route : view.nodes[from].routes)
            if (route.peer == to && route.interface == net) return route;
        std::abort();
    }
    void say(std::size_t from, std::size_t to, std::size_t net, BfdState state, Diagnostic reason,
             bool peer_said_so = false) {
        if (!view.nodes[from].has_word) return;
        SeenRoute& route = word(from, to, net);
        route.state = state;
        route.reason = reason;
        route.peer_said_so = peer_said_so;
    }
    Town& cut(std::size_t a, std::size_t b, std::size_t net) {
        say(a, b, net, BfdState::down, Diagnostic::detection_time_expired);
        say(b, a, net, BfdState::down, Diagnostic::detection_time_expired);
        return *this;
    }
    Town& cut_off(std::size_t node, std::size_t net) {
        for (std::size_t n = 0; n < view.nodes.size(); ++n)
            if (n != node) cut(node, n, net);
        return *this;
    }
    // What `from` sends does not arrive at `to`.
    Town& mute(std::size_t from, std::size_t to, std::size_t net) {
        say(from, to, net, BfdState::init, Diagnostic::none);
        say(to, from, net, BfdState::down, Diagnostic::detection_time_expired);
        return *this;
    }
    Town& mute(std::size_t from, std::size_t net) {
        for (std::size_t n = 0; n < view.nodes.size(); ++n)
            if (n != from) mute(from, n, net);
        return *this;
    }
    Town& deafen(std::size_t to, std::size_t net) {
        for (std::size_t n = 0; n < view.nodes.size(); ++n)
            if (n != to) mute(n, to, net);
        return *this;
    }
    // Its own interface is at fault, and it says why.
    Town& lose(std::size_t node, std::size_t net, Diagnostic reason) {
        view.nodes[node].interfaces[net].reason = reason;
        for (std::size_t n = 0; n < view.nodes.size(); ++n) {
            if (n == node) continue;
            say(node, n, net, BfdState::down, reason);
            say(n, node, net, BfdState::down, reason, true);
        }
        return *this;
    }
    Town& sicken(std::size_t a, std::size_t b, std::size_t net, Diagnostic reason) {
        word(a, b, net).suspect = word(b, a, net).suspect = true;
        word(a, b, net).reason = word(b, a, net).reason = reason;
        word(b, a, net).peer_said_so = true;
        return *this;
    }
    // It cannot be asked any more.
    Town& silence(std::size_t node) {
        view.nodes[node].has_word = false;
        view.nodes[node].routes.clear();
        view.nodes[node].standings.clear();
        return *this;
    }
    Town& kill(std::size_t node) {
        for (std::size_t net = 0; net < networks; ++net) cut_off(node, net);
        return silence(node);
    }
};

}  // namespace netft::routing::test
