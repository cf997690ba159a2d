#include "netft/core/source_watch.hpp"

#include <algorithm>

namespace netft::core {

namespace {

constexpr std::uint8_t kRunMax = 255;

std::uint64_t bit_of(std::uint64_t counter) {
    return std::uint64_t{1} << counter % SourceWatch::kSpan;
}

std::uint8_t one_more(std::uint8_t n) {
    return static_cast<std::uint8_t>(std::min(n + 1, +kRunMax));
}

}  // namespace

void SourceWatch::handle_sent(std::uint64_t counter, bool is_regular) {
    odd_ = is_regular ? odd_ & ~bit_of(counter) : odd_ | bit_of(counter);
}

// Between two reports either all came, or only the last of them, or nothing is known but that the
// last did.
void SourceWatch::handle_report(std::uint64_t highest, std::uint64_t received) {
    std::uint64_t begin = highest_;
    std::uint64_t span = highest - begin;
    std::uint64_t came = received - received_;
    if (begin != 0 && (span == 0 || highest < begin)) return;
    highest_ = highest;
    received_ = received;
    if (begin == 0 || span > kSpan) return;
    bool has_odd = false;
    for (std::uint64_t c = begin + 1; c <= highest; ++c) has_odd |= (odd_ & bit_of(c)) != 0;
    bool is_last_known = (odd_ & bit_of(highest)) == 0;
    bool is_clear = !has_odd && (came == span || came == 1);
    for (std::uint64_t c = begin + 1; c < highest && is_clear; ++c) note(c, came == span);
    if (is_last_known) note(highest, true);
    judge();
}

void SourceWatch::note(std::uint64_t counter, bool came) {
    Run& run = runs_[source_of(counter, sources_)];
    run = came ? Run{one_more(run.good), 0} : Run{0, one_more(run.lost)};
}

void SourceWatch::judge() {
    std::uint8_t enough = broken_after(sources_);
    std::uint16_t silent = 0;
    bool is_clear = true;
    for (std::size_t i = 0; i < sources_; ++i) {
        auto bit = static_cast<std::uint16_t>(1u << i);
        if (runs_[i].good >= kSound) broken_ = static_cast<std::uint16_t>(broken_ & ~bit);
        if (runs_[i].lost >= enough) silent = static_cast<std::uint16_t>(silent | bit);
        is_clear &= runs_[i].lost >= enough || runs_[i].good >= enough;
    }
    auto all = static_cast<std::uint16_t>((1u << sources_) - 1);
    bool is_all = silent == all;
    if (!is_clear || is_all) return;
    broken_ = static_cast<std::uint16_t>(broken_ | silent);
    // One broken before got `enough` through by now: not all are, and the newer picture counts.
    if (broken_ == all) broken_ = silent;
}

}  // namespace netft::core
