// Replay windows of the counter spaces of one sender: of its heartbeats, one a route of its.
//
// PURE. They outlive whatever the receiver makes of the spaces: a route that went and came back
// must not take again what it took before. Allocates in reserve(), and when a sender shows more
// spaces than were reserved. Threads: the worker's only.
#pragma once

#include <algorithm>
#include <vector>

#include "netft/session/replay_window.hpp"

namespace netft::session {

class SpaceWindows {
 public:
    // Two nodes with the most endpoints a card has; beyond, the one used longest ago goes.
    static constexpr std::size_t kSpacesMax = 256;

    void reserve(std::size_t spaces) { slots_.reserve(std::min(spaces, kSpacesMax)); }

    Freshness take(std::uint16_t space, std::uint64_t counter) {
        Slot& slot = slot_of(space);
        slot.used = ++uses_;
        return slot.window.take(counter);
    }
    void reset() { slots_.clear(); }

 private:
    struct Slot {
        std::uint32_t used = 0;  // may wrap: then another goes than should
        std::uint16_t space = 0;
        ReplayWindow<2> window;  // at least 64 heartbeats
    };

    Slot& slot_of(std::uint16_t space) {
        for (Slot& slot : slots_)
            if (slot.space == space) return slot;
        if (slots_.size() == kSpacesMax)
            slots_.erase(
                std::min_element(slots_.begin(), slots_.end(),
                                 [](const Slot& a, const Slot& b) { return a.used < b.used; }));
        Slot& slot = slots_.emplace_back();
        slot.space = space;
        return slot;
    }

    std::vector<Slot> slots_;
    std::uint32_t uses_ = 0;
};

}  // namespace netft::session
