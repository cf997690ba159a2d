// Why two nodes cannot talk, or talk badly: what the evidence of all nodes points at. PURE.
//
// Every network that joins the two is examined by itself; what explains all of them at once (a dead
// node, keys that do not fit) goes before. The rules, in order:
//  0. Of two that talk: MTUs that differ on a network, keys that are not renewed.
//  1. A handshake that fails for a known reason, or no session although both reach a third node on
//     a network that they share: mismatch.
//  2. Nobody reaches one of the two: a node (by two witnesses, or by one on two networks);
//  "shutting
//     down" as its last word: admin. This node reaches nobody while there are two others: itself.
//  3. By network: an interface that its own node calls unusable (carrier: cable; gone or without
//     port: nic; set down: admin; address gone: address). No carrier anywhere: network.
//  4. One hears and is not heard: direction; of one node where all others on the network find the
//     same.
//  5. Nobody talks on it: network. One of the two talks to nobody on it, while others talk: cable
//     (or port, or a NIC that does not know). Both talk to others: path.
//  6. Up, but sick: mtu, quality or stall by the route's own diagnostic.
// Two nodes alone cannot tell which end of a silent network is at fault: network.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "routing/topology/cluster_view.hpp"

namespace netft::routing {

// In order of strength.
enum class Culprit : std::uint8_t {
    mismatch,   // keys, security mode or configuration
    node,       // dead, or cut off from everybody
    admin,      // set down, or stopped, on purpose
    nic,        // or its driver
    cable,      // or switch port
    address,    // removed from the interface
    direction,  // what one sends does not arrive
    network,    // the whole of it
    path,       // between these two only
    mtu,        // large packets vanish
    quality,    // loss, delay, reordering, a bottleneck
    stall,      // a node was stopped, starved or paused
    none,       // nothing is wrong
    unknown,    // nothing that can be told
};
std::string_view to_string(Culprit culprit);

struct Finding {
    Culprit culprit = Culprit::unknown;
    bool is_down = false;   // no talk by it; else it is up, but sick
    std::string node;       // whose it is; "" where it is nobody's
    std::string network;    // "" where it is about all
    std::string interface;  // of the node
    std::string from;       // direction: who is not heard …
    std::string to;         // … by whom; "" for everybody
    std::string text;       // a sentence
    std::vector<std::string> evidence;

    bool operator==(const Finding&) const = default;
};

struct Verdict {
    bool reachable = false;         // a route between the two is up
    std::vector<Finding> findings;  // at least one; the first is the culprit
};

// `a` and `b` are places in view.nodes, and not the same.
Verdict why(const ClusterView& view, std::size_t a, std::size_t b);

}  // namespace netft::routing
