// Finds numbers (slots) by a hash of what they stand for: one array, open addressing, no deletion
// marks. Keys are not kept: the caller says whether a slot is the one meant.
//
// PURE. 8 bytes a cell, at most three quarters of the cells in use. insert() may allocate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace netft::core {

class FlatIndex {
 public:
    // Spreads a key of up to 64 bits. Keys of 32 bits never collide.
    static std::uint32_t hash_of(std::uint64_t key) {
        auto high = static_cast<std::uint32_t>(key >> 32);
        std::uint32_t h = static_cast<std::uint32_t>(key) ^ high * 0x85ebca6bu;
        h = (h ^ h >> 16) * 0x7feb352du;
        h = (h ^ h >> 15) * 0x846ca68bu;
        return h ^ h >> 16;
    }

    // The first slot with that hash for which is_meant(slot) holds.
    template <class IsMeant>
    std::optional<std::uint32_t> find(std::uint32_t hash, IsMeant is_meant) const {
        if (cells_.empty()) return {};
        for (std::size_t i = hash & mask(); cells_[i].slot != kEmpty; i = (i + 1) & mask())
            if (cells_[i].hash == hash && is_meant(cells_[i].slot)) return cells_[i].slot;
        return {};
    }
    // Where the hash tells all: of keys of 32 bits.
    std::optional<std::uint32_t> find(std::uint32_t hash) const {
        return find(hash, [](std::uint32_t) { return true; });
    }

    void insert(std::uint32_t hash, std::uint32_t slot) {
        if ((used_ + 1) * 4 > cells_.size() * 3) grow();
        put({hash, slot});
        ++used_;
    }
    // Does nothing when the pair is not there.
    void erase(std::uint32_t hash, std::uint32_t slot) {
        if (cells_.empty()) return;
        std::size_t i = hash & mask();
        while (cells_[i].slot != kEmpty && !(cells_[i].slot == slot && cells_[i].hash == hash))
            i = (i + 1) & mask();
        if (cells_[i].slot == kEmpty) return;
        close_gap(i);
        --used_;
    }
    void clear() {
        cells_.clear();
        used_ = 0;
    }
    std::size_t size() const { return used_; }

 private:
    static constexpr std::uint32_t kEmpty = 0xffffffff;
    static constexpr std::size_t kCellsMin = 16;
    struct Cell {
        std::uint32_t hash = 0;
        std::uint32_t slot = kEmpty;
    };

    std::size_t mask() const { return cells_.size() - 1; }

    void put(Cell cell) {
        std::size_t i = cell.hash & mask();
        while (cells_[i].slot != kEmpty) i = (i + 1) & mask();
        cells_[i] = cell;
    }
    void grow() {
        std::vector<Cell> old(cells_.empty() ? kCellsMin : cells_.size() * 2);
        old.swap(cells_);
        for (const Cell& cell : old)
            if (cell.slot != kEmpty) put(cell);
    }
    // Moves up what would not be found any more behind an empty cell (Knuth 6.4, algorithm R).
    void close_gap(std::size_t gap) {
        for (std::size_t i = gap;;) {
            i = (i + 1) & mask();
            if (cells_[i].slot == kEmpty) break;
            std::size_t home = cells_[i].hash & mask();
            bool may_stay = ((i - home) & mask()) < ((i - gap) & mask());
            if (may_stay) continue;
            cells_[gap] = cells_[i];
            gap = i;
        }
        cells_[gap] = Cell();
    }

    std::vector<Cell> cells_;  // a power of two, or none
    std::size_t used_ = 0;
};

}  // namespace netft::core
