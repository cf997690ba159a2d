// The MTU of a route's path, found with padded heartbeats as probes (DPLPMTUD, RFC 8899).
//
// PURE, fixed size, per route. What goes out is asked for at each heartbeat that comes in, and what
// the peer says of probes received is the acknowledgement: there are no timers of its own, and no
// probe is lost with a heartbeat. One probe is out at a time. States of RFC 8899 §5.2:
//  - base and search: the full size first, since it is nearly always right; where that fails kTries
//    times, kBase, then halving until kStep;
//    On a path that loses of whatever size a probe is tried again until chance is no explanation;
//  - search complete: the size is probed again every kActive while data flows, every kIdle else; a
//    larger one every kRaise;
//  - a black hole: the size that worked fails kTries times. The route is sick until what fits is
//    known; data is cut to limit() meanwhile and after.
// A peer that has never acknowledged a probe counts none (an older version): it proves nothing.
// Threads: the worker's only.
#pragma once

#include <cstdint>
#include <optional>

#include "netft/base/time.hpp"

namespace netft::core {

class PathMtu {
 public:
    static constexpr std::uint16_t kBase = 1'200;  // bytes of IP packet, as all sizes here
    static constexpr std::uint16_t kStep = 16;
    static constexpr std::uint8_t kTries = 3;
    static constexpr std::uint8_t kTriesMax = 16;
    static constexpr Duration kFirst = 500ms;
    static constexpr Duration kActive = 500ms;
    static constexpr Duration kIdle = 10s;
    static constexpr Duration kRaise = 10s;
    static constexpr Duration kBaseRetry = 2s;
    static constexpr Duration kOldPeer = 60s;

    struct Heard {
        std::uint16_t ceiling = 0;  // what the interfaces take; 0: not known, nothing is done
        std::uint8_t probes_received = 0;  // says the peer, modulo 256
        Duration timeout{};                // of a probe
        Duration stagger{};                // before the first one
        bool is_active = false;            // data is being sent
        double loss = 0;                   // 0..1 of what we send, of any size
    };
    // A heartbeat came on the route, which is up. The size to probe with now, if one is due.
    std::optional<std::uint16_t> handle_heartbeat(TimePoint now, const Heard& heard);

    // Nothing longer gets through, and what does is not known yet.
    bool is_black_hole() const { return is_lost_; }
    // What is known to get through; 0: nothing yet.
    std::uint16_t mtu() const { return confirmed_; }
    // What data should not exceed; 0: nothing is known against the ceiling.
    std::uint16_t limit() const;
    void reset() { *this = PathMtu(); }

 private:
    bool is_searching() const { return high_ != 0; }
    std::uint8_t tries_max(double loss) const;
    void handle_acknowledged(std::uint32_t now);
    void handle_failed(std::uint32_t now);
    void end_search_when_done(std::uint32_t now);
    std::optional<std::uint16_t> next_size(std::uint32_t now, const Heard& heard);

    std::uint16_t ceiling_ = 0;
    std::uint16_t confirmed_ = 0;
    std::uint16_t low_ = 0;          // of a search: got through
    std::uint16_t high_ = 0;         // of a search: did not; 0: no search
    std::uint16_t outstanding_ = 0;  // 0: no probe is out
    std::uint8_t tries_ = 0;
    std::uint8_t acknowledged_ = 0;
    std::uint32_t sent_at_ = 0;    // 2^20 ns
    std::uint32_t raised_at_ = 0;  // likewise
    bool is_open_ = false;
    bool is_peer_able_ = false;
    bool is_lost_ = false;
};

}  // namespace netft::core
