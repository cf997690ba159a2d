// Whether datagrams that are handed to the kernel together (UDP segmentation) get there.
//
// A driver, a bridge or a hypervisor may swallow them without an error, while heartbeats and other
// single datagrams pass. Nothing tells that apart from other loss of data but a trial: where a
// window loses much of its data and no heartbeat, what follows goes singly. If it arrives, singly
// it goes on, for kAvoided at first and longer each time that it is found again; if not, it was not
// the segmentation. PURE, fixed size, per route; fed with what each heartbeat of the peer reports.
// A window is judged to begin a trial by what was sent a heartbeat before the one that is answered:
// data may come behind a heartbeat that was sent after it. So a burst is never taken for a loss.
// And what was only late shows as a surplus during the trial: then nothing was lost.
// Threads: the worker's only.
#pragma once

#include <cstdint>

#include "netft/base/time.hpp"

namespace netft::core {

class SegmentationTrial {
 public:
    static constexpr Duration kWindow = 300ms;
    static constexpr Duration kWindowMax = 5s;    // less traffic than kLeast says nothing
    static constexpr std::uint32_t kLeast = 8;    // datagrams a window
    static constexpr Duration kTrialMax = 2s;     // then the loss has another cause
    static constexpr Duration kPause = 30s;       // until the next trial
    static constexpr Duration kAvoided = 60s;     // the first time
    static constexpr unsigned kDoublingsMax = 6;  // to about an hour

    // The peer answers a heartbeat: of `sent` datagrams of data until then it had got `received`,
    // and of our heartbeats it has missed `heartbeats_lost` so far; all modulo 2^32.
    void handle_report(TimePoint now, std::uint32_t sent, std::uint32_t received,
                       std::uint32_t heartbeats_lost);
    // The route was down.
    void reset();

    // Each datagram is to go by itself.
    bool is_single() const { return state_ != State::together; }
    // Nothing is known or tried: it can begin anew later.
    bool is_idle() const { return state_ == State::together; }
    // Not as a trial: it is known that otherwise they do not arrive.
    bool is_avoided() const { return state_ == State::avoided; }

 private:
    enum class State : std::uint8_t { together, trial, avoided };

    void begin(std::uint32_t now_ms, State state);
    void rebase(std::uint32_t now_ms, std::uint32_t sent, std::uint32_t received);
    void judge_together(std::uint32_t now_ms, std::uint32_t sent, std::uint32_t received);
    void judge_trial(std::uint32_t now_ms, std::uint32_t sent, std::uint32_t received);
    void avoid(std::uint32_t now_ms);

    std::uint32_t base_sent_ = 0;
    std::uint32_t base_received_ = 0;
    std::uint32_t deficit_ = 0;      // sent less received when the trial began
    std::uint32_t lost_ = 0;         // of them, what seemed lost then
    std::uint32_t sent_before_ = 0;  // at the heartbeat before
    std::uint32_t heartbeats_lost_ = 0;
    std::uint32_t began_ = 0;  // ms: the window
    std::uint32_t since_ = 0;  // ms: the state
    std::uint32_t until_ = 0;  // ms: avoided so long; together: no trial so long
    State state_ = State::together;
    std::uint8_t reports_ = 0;    // in this state, up to 2: the first ones tell of the state before
    std::uint8_t doublings_ = 0;  // of kAvoided
    bool was_avoided_ = false;
};

}  // namespace netft::core
