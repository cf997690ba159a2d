#include "netft/core/data_pulse.hpp"

#include <algorithm>

namespace netft::core {

void DataPulse::begin(std::uint64_t sent) {
    base_ = arrived_ = sent;
    marked_.reset();
    since_.reset();
}

unsigned DataPulse::handle_report(TimePoint now, TimePoint echo, std::uint64_t sent,
                                  std::uint64_t taken) {
    if (taken_ != taken) {
        reset();
        taken_ = taken;
        begin(sent);
        return 0;
    }
    if (marked_ && echo >= *marked_) {
        arrived_ = marked_sent_;
        marked_.reset();
    }
    if (arrived_ > base_ && !since_) since_ = now;
    if (arrived_ < base_ + kLeast || now - *since_ < pause_) return 0;
    if (verdicts_ > 0) pause_ = std::min(2 * pause_, kPauseMax);
    begin(sent);
    return ++verdicts_;
}

}  // namespace netft::core
