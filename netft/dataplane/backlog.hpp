// What a port could not send yet, in order: bounded, and kept until there is room.
//
// The worker leaves its adapter alone while a port has a backlog, so it holds what was on its way
// already: a burst, and what relays and control add meanwhile. Threads: the worker's.
#pragma once

#include <algorithm>
#include <array>
#include <span>

#include "netft/dataplane/port.hpp"

namespace netft::dataplane {

class Backlog {
 public:
    static constexpr std::size_t kBuffersMax = 2 * Port::kBurstMax;

    bool is_empty() const { return count_ == 0; }
    std::span<Outgoing> waiting() { return std::span(waiting_).first(count_); }
    // Takes as many as there is room for, from the first; how many.
    std::size_t keep(std::span<const Outgoing> burst) {
        std::size_t kept = std::min(burst.size(), waiting_.size() - count_);
        std::copy_n(burst.begin(), kept, waiting_.begin() + static_cast<std::ptrdiff_t>(count_));
        count_ += kept;
        return kept;
    }
    // The first `done` are somebody else's now, or freed.
    void drop_front(std::size_t done) {
        std::copy(waiting_.begin() + static_cast<std::ptrdiff_t>(done),
                  waiting_.begin() + static_cast<std::ptrdiff_t>(count_), waiting_.begin());
        count_ -= done;
    }

 private:
    std::array<Outgoing, kBuffersMax> waiting_;
    std::size_t count_ = 0;
};

}  // namespace netft::dataplane
