// How long a worker looks for more traffic before it sleeps: PURE.
//
// Sleeping costs the one who waits a wake-up (tens of µs); spinning costs a processor. So the
// window follows what would have paid, as KVM's halt polling does: traffic that came within `most`
// of the last doubles it, traffic that came later closes it. An idle node's heartbeats are no
// traffic, so it never spins; a node in a quick exchange of questions and answers always does.
// Where others want the processor (a step of the spinning took far longer than its work), the
// window closes for a while.
#pragma once

#include <algorithm>
#include <optional>

#include "netft/base/time.hpp"

namespace netft::core {

class Spin {
 public:
    static constexpr Duration kFirst = 10us;
    // A look costs about 1 µs; one that took this long was somebody else's time.
    static constexpr Duration kPreempted = 50us;
    static constexpr Duration kBackOff = 10ms;

    // `most`: the longest window, 0 for none.
    explicit Spin(Duration most) : most_(most) {}

    // The worker has nothing to do from `now` on (it may say so again and again).
    void handle_idle(TimePoint now) {
        if (!idle_since_) idle_since_ = now;
    }
    // Data came: frames or trains, not heartbeats.
    void handle_traffic(TimePoint now) {
        if (!idle_since_) return;
        Duration waited = now - *idle_since_;
        idle_since_.reset();
        if (waited > most_)
            window_ = {};
        else if (waited > window_)
            window_ = std::min(most_, std::max(kFirst, window_ * 2));
    }
    // One look while spinning took this long.
    void handle_look(TimePoint now, Duration took) {
        if (took < kPreempted) return;
        window_ = {};
        closed_until_ = now + kBackOff;
    }
    // Until when to spin; nullopt: sleep.
    std::optional<TimePoint> deadline(TimePoint now) const {
        if (window_ == Duration{} || now < closed_until_ || !idle_since_) return {};
        TimePoint end = *idle_since_ + window_;
        return end > now ? std::optional(end) : std::nullopt;
    }

 private:
    Duration most_;
    Duration window_{};
    std::optional<TimePoint> idle_since_;
    TimePoint closed_until_{};
};

}  // namespace netft::core
