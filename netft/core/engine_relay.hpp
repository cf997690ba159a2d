// The engine's state about relays: part of engine_state.hpp, nobody else includes this.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "netft/base/ids.hpp"
#include "netft/base/time.hpp"
#include "netft/session/data_windows.hpp"

namespace netft::core {

// Whether what goes to a peer by a relay arrives there: that the relay reaches the peer is its own
// word. Where something is sent, control is asked for a card by that relay alone, and the peer's
// acknowledgement is the proof. Without one another relay is taken after kLeave, if there is one.
struct RelayWatch {
    static constexpr Duration kLook = 500ms;
    static constexpr Duration kAsk = 1s;
    static constexpr Duration kLeave = 3s;
    // Two whose acknowledgements go by the other's bad relay must not change in step: the one with
    // the higher node id waits longer.
    static constexpr Duration kLeaveLater = 6s;
    static constexpr Duration kShun = 30s;
    static constexpr std::size_t kShunnedMax = 4;

    struct Shunned {
        PeerId relay;
        TimePoint until{};
    };
    std::uint64_t heard = 0;         // datagrams from it by relays: control messages
    std::uint64_t heard_then = 0;    // with its data; when it was last heard
    std::uint64_t sent_then = 0;     // to it, likewise
    std::optional<TimePoint> since;  // of the silence
    bool has_asked = false;
    std::array<Shunned, kShunnedMax> shunned{};
    std::size_t next = 0;

    void begin(std::uint64_t sent) {
        sent_then = sent;
        since.reset();
    }
    void shun(TimePoint now, PeerId relay) {
        shunned[next] = {relay, now + kShun};
        next = (next + 1) % kShunnedMax;
    }
    // It is good after all.
    void forgive(PeerId relay) {
        for (Shunned& one : shunned)
            if (one.relay == relay) one.until = {};
    }
    // In the past: it is not shunned.
    TimePoint shunned_until(TimePoint now, PeerId relay) const {
        TimePoint until{};
        for (const Shunned& one : shunned)
            if (one.relay == relay && now < one.until) until = std::max(until, one.until);
        return until;
    }
};

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
    RelayWatch watch;                 // of what is relayed to it

    // Another life of it.
    void forget() {
        understands = wants_reach = false;
        reach_counter = 0;
        reaches.clear();
        windows.reset();
        watch = {};
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
