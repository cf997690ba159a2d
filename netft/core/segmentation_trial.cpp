#include "netft/core/segmentation_trial.hpp"

#include <algorithm>

namespace netft::core {

namespace {

std::uint32_t millis(TimePoint t) { return static_cast<std::uint32_t>(to_ns(t) / 1'000'000); }
std::uint32_t millis(Duration d) { return static_cast<std::uint32_t>(to_ms(d)); }
bool is_before(std::uint32_t a, std::uint32_t b) { return static_cast<std::int32_t>(a - b) < 0; }

// No window has so many datagrams: the counter began anew.
bool is_jump(std::uint32_t from, std::uint32_t to) { return to - from >= 1u << 26; }

}  // namespace

void SegmentationTrial::handle_report(TimePoint now, std::uint32_t sent, std::uint32_t received,
                                      std::uint32_t heartbeats_lost) {
    std::uint32_t ms = millis(now);
    bool is_clean = heartbeats_lost == heartbeats_lost_;
    heartbeats_lost_ = heartbeats_lost;
    bool went_back = is_jump(base_sent_, sent) || is_jump(base_received_, received);
    if (state_ == State::avoided && !is_before(ms, until_)) begin(ms, State::together);
    if (reports_ < 2 || went_back || !is_clean || state_ == State::avoided) {
        if (reports_ < 2) ++reports_;
        rebase(ms, sent, received);
    } else if (state_ == State::together) {
        judge_together(ms, sent, received);
    } else {
        judge_trial(ms, sent, received);
    }
    bool is_over = state_ == State::together && ms - began_ >= millis(kWindowMax);
    if (is_over) rebase(ms, sent, received);
    sent_before_ = sent;
}

void SegmentationTrial::reset() {
    // What is known of the path's segmentation goes on.
    if (state_ != State::avoided) state_ = State::together;
    reports_ = 0;
}

void SegmentationTrial::begin(std::uint32_t now_ms, State state) {
    state_ = state;
    since_ = now_ms;
    reports_ = 0;
}

void SegmentationTrial::rebase(std::uint32_t now_ms, std::uint32_t sent, std::uint32_t received) {
    base_sent_ = sent_before_ = sent;
    base_received_ = received;
    began_ = now_ms;
}

// What was sent a heartbeat ago has come, or never will.
void SegmentationTrial::judge_together(std::uint32_t now_ms, std::uint32_t sent,
                                       std::uint32_t received) {
    std::uint32_t out = sent_before_ - base_sent_;
    if (out < kLeast || now_ms - began_ < millis(kWindow)) return;
    std::uint32_t came = received - base_received_;
    bool is_lossy = came < out && out - came >= out / 5 * 2 + 1;
    bool may_try = until_ == 0 || !is_before(now_ms, until_);
    if (is_lossy && may_try) {
        deficit_ = sent - received;
        lost_ = out - came;
        return begin(now_ms, State::trial);
    }
    rebase(now_ms, sent, received);
}

void SegmentationTrial::judge_trial(std::uint32_t now_ms, std::uint32_t sent,
                                    std::uint32_t received) {
    std::uint32_t out = sent - base_sent_;
    std::uint32_t came = received - base_received_;
    bool has_enough = out >= kLeast && now_ms - began_ >= millis(kWindow);
    bool arrives = came >= out || (out - came) * 10 <= out;
    // Counted from before the trial: what came late makes the deficit smaller again.
    bool was_late = is_before(sent - received, deficit_ - lost_ / 4);
    if (has_enough && arrives && !was_late) return avoid(now_ms);
    if (was_late) return begin(now_ms, State::together);
    if (now_ms - since_ < millis(kTrialMax) ||
        (out < kLeast && now_ms - since_ < millis(kWindowMax)))
        return;
    until_ = now_ms + millis(kPause);
    begin(now_ms, State::together);
}

void SegmentationTrial::avoid(std::uint32_t now_ms) {
    if (was_avoided_)
        doublings_ = static_cast<std::uint8_t>(std::min(doublings_ + 1u, kDoublingsMax));
    was_avoided_ = true;
    until_ = now_ms + (millis(kAvoided) << doublings_);
    begin(now_ms, State::avoided);
}

}  // namespace netft::core
