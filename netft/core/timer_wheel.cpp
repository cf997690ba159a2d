#include "netft/core/timer_wheel.hpp"

#include <algorithm>
#include <bit>

#include "netft/base/assert.hpp"

namespace netft::core {

TimerWheel::TimerWheel() { heads_.fill(kNone); }

void TimerWheel::grow(std::size_t size) {
    if (size > nodes_.size()) nodes_.resize(size);
}

void TimerWheel::set(Key key, std::optional<TimePoint> deadline) {
    Node& node = nodes_[key];
    bool is_in = node.previous != kNone;
    if (is_in && deadline && *deadline == node.deadline) return;
    if (is_in) {
        if (known_ && node.deadline <= *known_) is_known_ = false;
        unlink(key);
    }
    if (!deadline) return;
    node.deadline = *deadline;
    link(key);
    if (is_known_ && (!known_ || *deadline < *known_)) known_ = deadline;
}

std::optional<TimePoint> TimerWheel::next() const {
    if (!is_known_) known_ = soonest();
    is_known_ = true;
    return known_;
}

std::optional<TimerWheel::Key> TimerWheel::pop_due(TimePoint now) {
    if (is_known_ && (!known_ || *known_ > now)) return {};
    is_known_ = false;
    std::uint64_t now_ns = to_ns(now);
    do {
        while (auto slot = first_used(0, slot_at(0))) {
            if (start_of(0, *slot) > now_ns && start_of(0, *slot) > at_) break;
            std::optional<Key> due = find_due(*slot, now);
            at_ = std::max(at_, due ? start_of(0, *slot) : now_ns);
            if (due) unlink(*due);
            return due;  // none: `now` lies in this bucket
        }
    } while (step_down(now_ns));
    at_ = std::max(at_, now_ns);
    return {};
}

// Moves the time to the first bucket in use above level 0, if it has begun, and what lies there
// down. False: nothing there has begun.
bool TimerWheel::step_down(std::uint64_t now) {
    if (first_used(0, slot_at(0))) return false;
    for (unsigned level = 1; level < kLevels; ++level) {
        std::optional<unsigned> slot = first_used(level, slot_at(level));
        if (!slot) continue;
        if (start_of(level, *slot) > now) return false;
        at_ = std::max(at_, start_of(level, *slot));
        move_down(kFirst[level] + *slot);
        return true;
    }
    if (heads_[kFar] == kNone) return false;
    TimePoint soonest = soonest_in(kFar, TimePoint::max());
    std::uint64_t turn = to_ns(soonest) >> kShift[kLevels] << kShift[kLevels];
    if (turn > now) return false;
    at_ = std::max(at_, turn);
    move_down(kFar);
    return true;
}

unsigned TimerWheel::bucket_of(TimePoint deadline) const {
    std::uint64_t at = std::max(to_ns(deadline), at_);
    std::uint64_t difference = at ^ at_;
    for (unsigned level = 0; level < kLevels; ++level) {
        if (difference >> kShift[level + 1] != 0) continue;
        std::uint64_t slots = std::uint64_t{1} << (kShift[level + 1] - kShift[level]);
        return kFirst[level] + static_cast<unsigned>(at >> kShift[level] & (slots - 1));
    }
    return kFar;
}

void TimerWheel::link(Key key) {
    unsigned bucket = bucket_of(nodes_[key].deadline);
    std::uint32_t& head = heads_[bucket];
    nodes_[key].next = head;
    nodes_[key].previous = kHeadFlag | bucket;
    if (head != kNone) nodes_[head].previous = key;
    head = key;
    used_[bucket / 64] |= std::uint64_t{1} << bucket % 64;
    ++count_;
}

void TimerWheel::unlink(Key key) {
    Node& node = nodes_[key];
    if (node.next != kNone) nodes_[node.next].previous = node.previous;
    if ((node.previous & kHeadFlag) != 0) {
        unsigned bucket = node.previous & ~kHeadFlag;
        heads_[bucket] = node.next;
        if (node.next == kNone) used_[bucket / 64] &= ~(std::uint64_t{1} << bucket % 64);
    } else {
        nodes_[node.previous].next = node.next;
    }
    node.previous = kNone;
    --count_;
}

void TimerWheel::move_down(unsigned bucket) {
    for (Key key = heads_[bucket]; key != kNone;) {
        Key next = nodes_[key].next;
        unlink(key);
        link(key);
        key = next;
    }
}

// Where the wheel's time stands in a level.
unsigned TimerWheel::slot_at(unsigned level) const {
    std::uint64_t slots = std::uint64_t{1} << (kShift[level + 1] - kShift[level]);
    return static_cast<unsigned>(at_ >> kShift[level] & (slots - 1));
}

std::uint64_t TimerWheel::start_of(unsigned level, unsigned slot) const {
    return (at_ >> kShift[level + 1] << kShift[level + 1]) | std::uint64_t{slot} << kShift[level];
}

// Levels begin at whole words of used_.
std::optional<unsigned> TimerWheel::first_used(unsigned level, unsigned from) const {
    unsigned slots = 1u << (kShift[level + 1] - kShift[level]);
    const std::uint64_t* words = &used_[kFirst[level] / 64];
    std::uint64_t word = words[from / 64] >> from % 64 << from % 64;
    for (unsigned i = from / 64;;) {
        if (word != 0) return i * 64 + static_cast<unsigned>(std::countr_zero(word));
        if (++i == slots / 64) return {};
        word = words[i];
    }
}

std::optional<TimerWheel::Key> TimerWheel::find_due(unsigned bucket, TimePoint now) const {
    for (Key key = heads_[bucket]; key != kNone; key = nodes_[key].next)
        if (nodes_[key].deadline <= now) return key;
    return {};
}

std::optional<TimePoint> TimerWheel::soonest() const {
    if (count_ == 0) return {};
    for (unsigned level = 0; level < kLevels; ++level)
        if (auto slot = first_used(level, slot_at(level)))
            return soonest_in(kFirst[level] + *slot, from_ns(start_of(level, *slot)));
    NETFT_ASSERT(heads_[kFar] != kNone);
    return soonest_in(kFar, TimePoint::max());
}

// Of a long bucket of levels 1 to 3, `bound` will do: few timers are worth an exact answer, of many
// one is due soon anyway.
TimePoint TimerWheel::soonest_in(unsigned bucket, TimePoint bound) const {
    TimePoint soonest = TimePoint::max();
    unsigned looked_at = 0;
    for (Key key = heads_[bucket]; key != kNone; key = nodes_[key].next) {
        soonest = std::min(soonest, nodes_[key].deadline);
        bool is_between = bucket >= kFirst[1] && bucket != kFar;
        if (is_between && ++looked_at == kLookedAtMax) return std::min(soonest, bound);
    }
    return soonest;
}

}  // namespace netft::core
