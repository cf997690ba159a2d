#include "netft/core/data_pulse.hpp"

namespace netft::core {

void DataPulse::begin(std::uint64_t sent) {
    base_ = arrived_ = static_cast<std::uint32_t>(sent);
    marked_ = since_ = kNever;
}

unsigned DataPulse::handle_report(TimePoint now, TimePoint echo, std::uint64_t sent,
                                  std::uint64_t taken) {
    auto count = static_cast<std::uint32_t>(taken);
    if (!knows_taken_ || taken_ != count) {
        reset();
        knows_taken_ = true;
        taken_ = count;
        begin(sent);
        return 0;
    }
    if (marked_ != kNever && echo >= marked_) {
        arrived_ = marked_sent_;
        marked_ = kNever;
    }
    if (arrived_ != base_ && since_ == kNever) since_ = now;
    if (arrived_ - base_ < kLeast || now - since_ < pause()) return 0;
    begin(sent);
    verdicts_ = std::min<std::uint8_t>(verdicts_ + 1, kVerdictsMax);
    return verdicts_;
}

}  // namespace netft::core
