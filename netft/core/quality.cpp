#include "netft/core/quality.hpp"

#include <algorithm>
#include <bit>

namespace netft::core {

namespace {

// 4 bits of exponent, 12 of mantissa: below 2 × 2^12 the value itself, above with a leading 1 that
// is not written. Rising values have rising codes.
constexpr unsigned kMantissaBits = 12;
constexpr std::uint32_t kLongest = 0x1fff << 14;

std::uint16_t packed(std::uint32_t us) {
    us = std::min(us, kLongest);
    auto bits = static_cast<unsigned>(std::bit_width(us));
    if (bits <= kMantissaBits) return static_cast<std::uint16_t>(us);
    unsigned shift = bits - kMantissaBits - 1;
    std::uint32_t mantissa = (us >> shift) & ((1u << kMantissaBits) - 1);
    return static_cast<std::uint16_t>((shift + 1) << kMantissaBits | mantissa);
}

std::uint32_t unpacked(std::uint16_t code) {
    std::uint32_t exponent = code >> kMantissaBits;
    std::uint32_t mantissa = code & ((1u << kMantissaBits) - 1);
    return exponent == 0 ? mantissa : (mantissa | 1u << kMantissaBits) << (exponent - 1);
}

}  // namespace

void RttWindow::add(std::uint32_t rtt_us) {
    samples_[next_] = packed(rtt_us);
    next_ = static_cast<std::uint8_t>((next_ + 1) % kSamples);
    if (count_ < kSamples) ++count_;
}

std::optional<std::uint32_t> RttWindow::percentile(unsigned p) const {
    if (count_ == 0) return {};
    auto sorted = samples_;
    auto nth = sorted.begin() + static_cast<std::ptrdiff_t>((count_ - 1u) * p / 100);
    std::nth_element(sorted.begin(), nth, sorted.begin() + count_);
    return unpacked(*nth);
}

std::optional<std::uint32_t> RttWindow::least(unsigned count) const {
    if (count_ < count) return {};
    std::uint16_t least = 0xffff;
    for (std::size_t i = 1; i <= count; ++i)
        least = std::min(least, samples_[(next_ + kSamples - i) % kSamples]);
    return unpacked(least);
}

// Unsigned throughout: what the peer calls its clock may be anything.
void JitterMeter::add(std::uint64_t sent_ns, TimePoint received) {
    constexpr std::int64_t kNonsense = 60'000'000'000;  // its clock was set, or it lies
    std::uint64_t transit = to_ns(received) - sent_ns;
    auto difference = static_cast<std::int64_t>(transit - (has_last_ ? last_transit_ns_ : transit));
    last_transit_ns_ = transit;
    has_last_ = true;
    if (difference > kNonsense || difference < -kNonsense) return;
    if (difference < 0) difference = -difference;
    std::int64_t jitter = jitter_ns_ + (difference - std::int64_t{jitter_ns_}) / 16;
    jitter_ns_ = static_cast<std::uint32_t>(std::min<std::int64_t>(jitter, 0xffffffff));
}

namespace {

std::uint16_t low(std::uint64_t total) { return static_cast<std::uint16_t>(total); }
std::uint16_t step(std::uint16_t from, std::uint16_t to) {
    return static_cast<std::uint16_t>(to - from);
}
// A total of 2^15 more is one of the past, too: nobody's next heartbeat tells of so many.
bool goes_back(std::uint16_t from, std::uint16_t to) { return step(from, to) >= 1u << 15; }

}  // namespace

void LossMeter::update(std::uint64_t expected, std::uint64_t received) {
    Totals next{low(expected), low(received)};
    if (goes_back(now_.expected, next.expected) || goes_back(now_.received, next.received)) reset();
    now_ = next;
    if (count_ == 0) {
        marks_[0] = now_;
        count_ = 1;
        return;
    }
    std::size_t newest = (oldest_ + count_ - 1u) % kMarks;
    if (step(marks_[newest].expected, now_.expected) < kStep) return;
    if (count_ == kMarks)
        oldest_ = static_cast<std::uint8_t>((oldest_ + 1) % kMarks);
    else
        ++count_;
    marks_[(oldest_ + count_ - 1u) % kMarks] = now_;
}

std::optional<double> LossMeter::loss() const {
    if (count_ == 0) return {};
    std::uint16_t expected = step(marks_[oldest_].expected, now_.expected);
    std::uint16_t received = step(marks_[oldest_].received, now_.received);
    if (expected < 10) return {};
    if (received >= expected) return 0.0;
    return 1.0 - static_cast<double>(received) / static_cast<double>(expected);
}

}  // namespace netft::core
