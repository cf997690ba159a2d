#include "netft/core/quality.hpp"

#include <algorithm>

namespace netft::core {

void RttWindow::add(std::uint32_t rtt_us) {
    samples_[next_] = rtt_us;
    next_ = static_cast<std::uint16_t>((next_ + 1) % kSamples);
    if (count_ < kSamples) ++count_;
}

std::optional<std::uint32_t> RttWindow::percentile(unsigned p) const {
    if (count_ == 0) return {};
    auto sorted = samples_;
    auto nth = sorted.begin() + static_cast<std::ptrdiff_t>((count_ - 1u) * p / 100);
    std::nth_element(sorted.begin(), nth, sorted.begin() + count_);
    return *nth;
}

// Unsigned throughout: what the peer calls its clock may be anything.
void JitterMeter::add(std::uint64_t sent_ns, TimePoint received) {
    constexpr std::int64_t kNonsense = 60'000'000'000;  // its clock was set, or it lies
    std::uint64_t transit = to_ns(received) - sent_ns;
    auto difference = static_cast<std::int64_t>(transit - last_transit_ns_.value_or(transit));
    last_transit_ns_ = transit;
    if (difference > kNonsense || difference < -kNonsense) return;
    if (difference < 0) difference = -difference;
    jitter_ns_ += (difference - jitter_ns_) / 16;
}

void LossMeter::update(std::uint64_t expected, std::uint64_t received) {
    if (expected < now_.expected || received < now_.received) reset();
    now_ = {expected, received};
    if (count_ == 0) {
        marks_[0] = now_;
        count_ = 1;
        return;
    }
    std::size_t newest = (oldest_ + count_ - 1u) % kMarks;
    if (expected - marks_[newest].expected < kStep) return;
    if (count_ == kMarks)
        oldest_ = static_cast<std::uint8_t>((oldest_ + 1) % kMarks);
    else
        ++count_;
    marks_[(oldest_ + count_ - 1u) % kMarks] = now_;
}

std::optional<double> LossMeter::loss() const {
    if (count_ == 0) return {};
    std::uint64_t expected = now_.expected - marks_[oldest_].expected;
    std::uint64_t received = now_.received - marks_[oldest_].received;
    if (expected < 10) return {};
    if (received >= expected) return 0.0;
    return 1.0 - static_cast<double>(received) / static_cast<double>(expected);
}

}  // namespace netft::core
