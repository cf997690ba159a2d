// Whether anything of the data sent to a peer arrives there, whatever its way: by what the peer
// says that it has taken. Heartbeats cannot say: they have counters, windows and ports of their
// own.
//
// PURE, fixed size, per peer. It is fed with what was sent, at each heartbeat to the peer, and with
// the peer's count, at each heartbeat from it. What was sent before a heartbeat that the peer has
// got is to have arrived; so an idle peer, one that is away and one that does not say are no
// evidence. All of it must be lost: part of it is for each route to find out (core/sickness).
// Threads: the first worker's only.
#pragma once

#include <algorithm>
#include <cstdint>

#include "netft/base/time.hpp"

namespace netft::core {

class DataPulse {
 public:
    static constexpr std::uint32_t kLeast = 3;  // datagrams
    static constexpr Duration kSilence = 1s;
    // Verdicts in a row come ever more rarely.
    static constexpr Duration kPauseMax = 60s;
    static constexpr std::uint8_t kVerdictsMax = 6;  // they are counted no further

    // A heartbeat goes out to the peer, `sent` datagrams of data after the start.
    void handle_sent(TimePoint now, std::uint64_t sent) {
        if (marked_ != kNever) return;
        marked_ = now;
        marked_sent_ = static_cast<std::uint32_t>(sent);
    }
    // The peer has got our heartbeat of `echo`, and has taken `taken` datagrams so far. The number
    // of times in a row that all is lost: 0, or no new verdict, is none.
    unsigned handle_report(TimePoint now, TimePoint echo, std::uint64_t sent, std::uint64_t taken);
    // Datagrams go another way now: what was sent by the former one is no evidence against it.
    void begin(std::uint64_t sent);
    // To another life of the peer, or to nobody.
    void reset() { *this = DataPulse(); }

 private:
    static constexpr TimePoint kNever{};
    Duration pause() const { return std::min(kSilence * (1u << verdicts_), kPauseMax); }

    TimePoint marked_ = kNever;  // the heartbeat that is waited for
    TimePoint since_ = kNever;   // when the first of what is lost was missed
    // Counts of datagrams, modulo 2^32: there is one of these for each peer of a large cluster.
    std::uint32_t taken_ = 0;
    std::uint32_t base_ = 0;     // sent when the count last rose
    std::uint32_t arrived_ = 0;  // sent before what the peer has got
    std::uint32_t marked_sent_ = 0;
    std::uint8_t verdicts_ = 0;
    bool knows_taken_ = false;
};

}  // namespace netft::core
