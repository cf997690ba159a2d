// Things by slot: a thing keeps its slot and its place in memory as long as it lives, and slots of
// the dead are given out again.
//
// PURE. Allocates kChunk things at a time, side by side: whoever walks them all walks memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace netft::core {

template <class T>
class SlotTable {
 public:
    static constexpr std::size_t kChunk = 16;

    // nullptr: nobody lives there.
    T* operator[](std::uint32_t slot) {
        std::optional<T>& place = (*chunks_[slot / kChunk])[slot % kChunk];
        return place ? &*place : nullptr;
    }
    const T* operator[](std::uint32_t slot) const {
        const std::optional<T>& place = (*chunks_[slot / kChunk])[slot % kChunk];
        return place ? &*place : nullptr;
    }

    template <class... Args>
    std::uint32_t emplace(Args&&... args) {
        if (free_.empty()) add_chunk();
        std::uint32_t slot = free_.back();
        free_.pop_back();
        (*chunks_[slot / kChunk])[slot % kChunk].emplace(std::forward<Args>(args)...);
        ++live_;
        return slot;
    }
    void erase(std::uint32_t slot) {
        (*chunks_[slot / kChunk])[slot % kChunk].reset();
        free_.push_back(slot);
        --live_;
    }

    std::size_t live() const { return live_; }
    // All slots are below.
    std::uint32_t slots() const { return static_cast<std::uint32_t>(chunks_.size() * kChunk); }

 private:
    void add_chunk() {
        std::uint32_t first = slots();
        chunks_.push_back(std::make_unique<std::array<std::optional<T>, kChunk>>());
        for (std::uint32_t i = kChunk; i-- > 0;) free_.push_back(first + i);
    }

    std::vector<std::unique_ptr<std::array<std::optional<T>, kChunk>>> chunks_;
    std::vector<std::uint32_t> free_;  // the lowest last
    std::size_t live_ = 0;
};

}  // namespace netft::core
