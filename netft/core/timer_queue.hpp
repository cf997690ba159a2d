// Deadlines of numbered things, soonest first: a binary heap that knows where each thing stands.
//
// PURE. set() and pop_due() are O(log n); memory is taken by resize() only.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "netft/base/time.hpp"

namespace netft::core {

class TimerQueue {
 public:
    using Key = std::uint32_t;  // 0 .. size − 1

    // Forgets all deadlines.
    void resize(std::size_t size);
    // nullopt: never.
    void set(Key key, std::optional<TimePoint> deadline);
    std::optional<TimePoint> next() const;
    // Takes out the soonest key whose deadline is not after `now`.
    std::optional<Key> pop_due(TimePoint now);

 private:
    struct Entry {
        TimePoint deadline;
        Key key;
    };
    static constexpr std::uint32_t kAbsent = 0xffffffff;

    void place(std::size_t at, Entry entry);
    void sift_up(std::size_t at, Entry entry);
    void sift_down(std::size_t at, Entry entry);
    void remove(std::size_t at);

    std::vector<Entry> heap_;
    std::vector<std::uint32_t> where_;
};

}  // namespace netft::core
