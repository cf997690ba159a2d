// Whether the worker still runs its cycles; judged by the control thread, once a tick.
//
// Only the ticks that control itself has had count, each for kTickMax at most: when the whole
// process was stopped or starved, its worker is not to blame.
#pragma once

#include <cstdint>
#include <optional>

#include "netft/base/time.hpp"

namespace netft::daemon {

class WorkerWatch {
 public:
    static constexpr Duration kSilent = 2s;  // then its stack is logged
    static constexpr Duration kDead = 10s;   // then the process aborts, and systemd starts it anew
    static constexpr Duration kTickMax = 1500ms;

    enum class Verdict : std::uint8_t { well, silent, is_silent_still, dead };

    // `cycles`: how many the worker has done. The caller wakes it after each tick of silence.
    Verdict handle_tick(TimePoint now, std::uint64_t cycles);
    Duration silent_for() const { return silent_for_; }

 private:
    std::optional<TimePoint> last_tick_;
    std::uint64_t cycles_ = 0;
    Duration silent_for_{};
};

}  // namespace netft::daemon
