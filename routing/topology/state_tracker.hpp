// States of networks and interfaces over time: what changed, once it has stayed. PURE.
//
// Views come one after the other, so the picture passes through states that never were: a network
// whose switch died looks partitioned until the last node has said so. A state counts when it has
// held for kSettle.
// Threads: control only.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>

#include "netft/base/time.hpp"
#include "routing/topology/cluster_states.hpp"

namespace netft::routing {

// A state of a network (node empty) or of an interface has changed.
struct StateChange {
    TimePoint at;
    std::string network;
    std::string node;
    std::string interface;
    std::string address;
    std::string from;
    std::string to;
    std::string detail;  // "n1 – n2 cannot talk", "carrier lost, misses n3"; "" when all is well

    bool operator==(const StateChange&) const = default;
};

class StateTracker {
 public:
    static constexpr Duration kSettle = 300ms;
    static constexpr std::size_t kChangesMax = 1024;

    void handle_states(TimePoint now, ClusterStates states);
    void handle_timers(TimePoint now);
    std::optional<TimePoint> next_deadline() const { return next_; }
    // Takes the next change; at most kChangesMax wait, the oldest go.
    std::optional<StateChange> poll_change();

    // As last heard, settled or not.
    const ClusterStates& states() const { return states_; }

 private:
    struct Entry {
        std::string settled;  // empty: new
        StateChange latest;   // `to` is the state now
        TimePoint since;      // of the state now
        bool is_here = false;
    };
    void note(TimePoint now, StateChange change);
    void settle(TimePoint now);

    ClusterStates states_;
    std::map<std::string, Entry> entries_;  // by network, or network, node and address
    std::optional<TimePoint> next_;         // when a state has held long enough
    std::deque<StateChange> changes_;
};

}  // namespace netft::routing
