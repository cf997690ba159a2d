#include "netft/daemon/worker_watch.hpp"

#include <algorithm>

namespace netft::daemon {

WorkerWatch::Verdict WorkerWatch::handle_tick(TimePoint now, std::uint64_t cycles) {
    Duration passed = last_tick_ ? std::min<Duration>(now - *last_tick_, kTickMax) : Duration{};
    last_tick_ = now;
    if (cycles != cycles_) {
        cycles_ = cycles;
        silent_for_ = {};
        return Verdict::well;
    }
    bool was_silent = silent_for_ >= kSilent;
    silent_for_ += passed;
    if (silent_for_ >= kDead) return Verdict::dead;
    if (silent_for_ < kSilent) return Verdict::well;
    return was_silent ? Verdict::is_silent_still : Verdict::silent;
}

}  // namespace netft::daemon
