#include "netft/core/timer_queue.hpp"

namespace netft::core {

void TimerQueue::resize(std::size_t size) {
    heap_.clear();
    heap_.reserve(size);
    where_.assign(size, kAbsent);
}

void TimerQueue::set(Key key, std::optional<TimePoint> deadline) {
    std::uint32_t at = where_[key];
    if (!deadline) {
        if (at != kAbsent) remove(at);
        return;
    }
    Entry entry{*deadline, key};
    if (at == kAbsent) {
        heap_.push_back(entry);
        sift_up(heap_.size() - 1, entry);
    } else if (entry.deadline < heap_[at].deadline) {
        sift_up(at, entry);
    } else {
        sift_down(at, entry);
    }
}

std::optional<TimePoint> TimerQueue::next() const {
    if (heap_.empty()) return {};
    return heap_.front().deadline;
}

std::optional<TimerQueue::Key> TimerQueue::pop_due(TimePoint now) {
    if (heap_.empty() || heap_.front().deadline > now) return {};
    Key key = heap_.front().key;
    remove(0);
    return key;
}

void TimerQueue::place(std::size_t at, Entry entry) {
    heap_[at] = entry;
    where_[entry.key] = static_cast<std::uint32_t>(at);
}

void TimerQueue::sift_up(std::size_t at, Entry entry) {
    while (at > 0) {
        std::size_t parent = (at - 1) / 2;
        if (heap_[parent].deadline <= entry.deadline) break;
        place(at, heap_[parent]);
        at = parent;
    }
    place(at, entry);
}

void TimerQueue::sift_down(std::size_t at, Entry entry) {
    for (;;) {
        std::size_t child = 2 * at + 1;
        if (child >= heap_.size()) break;
        if (child + 1 < heap_.size() && heap_[child + 1].deadline < heap_[child].deadline) ++child;
        if (heap_[child].deadline >= entry.deadline) break;
        place(at, heap_[child]);
        at = child;
    }
    place(at, entry);
}

void TimerQueue::remove(std::size_t at) {
    where_[heap_[at].key] = kAbsent;
    Entry last = heap_.back();
    heap_.pop_back();
    if (at == heap_.size()) return;
    if (at > 0 && last.deadline < heap_[(at - 1) / 2].deadline)
        sift_up(at, last);
    else
        sift_down(at, last);
}

}  // namespace netft::core
