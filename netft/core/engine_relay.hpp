// The engine's state about relays: part of engine_state.hpp, nobody else includes this.
#pragma once

#include <optional>
#include <vector>

#include "netft/base/ids.hpp"
#include "netft/base/time.hpp"
#include "netft/session/data_windows.hpp"

namespace netft::core {

// What is known of a peer as a relay, and as one that is relayed to.
struct PeerRelaying {
    // A peer that never was reached, or that has just said goodbye, is not relayed to before this:
    // at a start everybody meets somebody first.
    static constexpr Duration kPatience = 2s;
    bool understands = false;  // its heartbeats say so
    bool wants_reach = false;  // it is to be told whom we reach
    std::uint16_t datagram_bytes_max = 0;
    std::uint64_t reach_counter = 0;  // of its last reach message
    std::vector<NodeId> reaches;      // by that, sorted
    session::DataWindows windows;     // of what was relayed, by it or through us
    TimePoint may_from{};             // it is not relayed to before

    // Another life of it.
    void forget() {
        understands = wants_reach = false;
        reach_counter = 0;
        reaches.clear();
        windows.reset();
    }
};

// Whom we relay to, and when the peers are told.
struct ReachSchedule {
    static constexpr Duration kFirst = 20ms;  // doubles, for the first few: one may be lost
    static constexpr unsigned kQuick = 2;
    static constexpr Duration kRepeat = 1s;
    static constexpr Duration kRepeatPerPeer = 15ms;
    // A repetition goes with a wake-up that comes anyway, rather than make one.
    static constexpr Duration kEarly = 250ms;

    std::vector<NodeId> nodes;    // sorted
    std::optional<TimePoint> at;  // of the next round; nullopt: nobody is to hear
    unsigned round = 0;           // since the last change
    std::size_t wanted = 0;       // peers with wants_reach

    bool is_due(TimePoint now) const { return at && now >= (round > kQuick ? *at - kEarly : *at); }
};

}  // namespace netft::core
