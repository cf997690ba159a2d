// The cluster as its nodes see it: what every node that can be asked says of its interfaces and of
// its routes to the others. PURE: the input of cluster_states and of why.
//
// Parts: the values; Sight, which answers who talks with whom on a network. Nodes and interfaces
// are named by their place in the lists.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "netft/wire/view.hpp"

namespace netft::routing {

struct SeenInterface {
    IpAddress address;
    std::string name;                      // of the interface; may be empty
    std::string network;                   // its name
    std::uint16_t mtu = 0;                 // 0, 65535: not known
    Diagnostic reason = Diagnostic::none;  // why it cannot be used, as far as anybody knows

    bool operator==(const SeenInterface&) const = default;
};

// A route as the node at its near end sees it.
struct SeenRoute {
    std::size_t interface = 0;         // ours
    std::size_t peer = 0;              // node
    std::size_t remote_interface = 0;  // its
    BfdState state = BfdState::down;
    bool suspect = false;
    bool peer_said_so = false;
    bool damped = false;
    Diagnostic reason = Diagnostic::none;

    bool operator==(const SeenRoute&) const = default;
};

struct SeenNode {
    std::string name;
    bool has_word = false;  // what it says is known: it is this node, or a peer that we reach
    bool is_stalled = false;
    std::vector<SeenInterface> interfaces;
    std::vector<Standing> standings;  // by node; empty without its word
    std::vector<SeenRoute> routes;    // empty without its word

    bool operator==(const SeenNode&) const = default;
};

struct ClusterView {
    std::vector<SeenNode> nodes;  // this node first

    bool operator==(const ClusterView&) const = default;
};

// One end of a route: an interface of a node.
struct Place {
    std::size_t node = 0;
    std::size_t interface = 0;

    auto operator<=>(const Place&) const = default;
};

// Looks into a view, which is borrowed and must not change meanwhile.
class Sight {
 public:
    explicit Sight(const ClusterView& view);

    const ClusterView& view() const { return view_; }
    const SeenNode& node(std::size_t i) const { return view_.nodes[i]; }
    const SeenInterface& at(Place p) const { return node(p.node).interfaces[p.interface]; }

    // What `from` says of its route to `to`; null: nothing.
    const SeenRoute* word(Place from, Place to) const;
    // Whether the two talk: both say so, as far as they can be asked. nullopt: nobody knows.
    std::optional<bool> talk(Place a, Place b) const;
    // Somebody says that he reaches the node, or it is ours.
    bool is_alive(std::size_t node) const { return alive_[node]; }
    // Why the interface cannot be used, by its node's word or by what its node told others last.
    Diagnostic reason(Place place) const;

    // Where routes lead to from there, or come from, by anybody's word. In order.
    std::vector<Place> links(Place place) const;

    // Networks with the interfaces on them, by name.
    const std::map<std::string, std::vector<Place>>& networks() const { return networks_; }
    // Those of nodes that are alive.
    std::vector<Place> living(const std::string& network) const;

 private:
    // Each route twice: as its own node says, and, without a word, from its far end; where both
    // ends have their say only that.
    struct Entry {
        std::uint64_t key = 0;
        const SeenRoute* route = nullptr;
    };

    const ClusterView& view_;
    std::vector<Entry> entries_;        // by key: from, to
    std::map<Place, Diagnostic> told_;  // reasons that others were told
    std::map<std::string, std::vector<Place>> networks_;
    std::vector<bool> alive_;
};

// That the reason lies in an interface of the node that gives it.
bool is_of_interface(Diagnostic reason);

}  // namespace netft::routing
