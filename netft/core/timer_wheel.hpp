// Deadlines of numbered things: a hierarchical timing wheel (Varghese and Lauck, 1987, scheme 7).
//
// PURE. set() and pop_due() take constant time, however many there are; memory is taken by grow()
// only. A bucket of level 0 spans 131 µs, the whole level 134 ms, levels 1 to 3 reach 8.6 s, 9 min
// and 9.8 h; later ones wait apart. A deadline lies in the level of the highest bit in which it
// differs from the wheel's time, and moves down when the time reaches its bucket: so each level
// holds but its present turn, and what is in a lower level comes before all that is in a higher.
// Deadlines keep their nanoseconds; nothing is ever due early or late.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "netft/base/time.hpp"

namespace netft::core {

class TimerWheel {
 public:
    using Key = std::uint32_t;  // 0 .. size − 1

    TimerWheel();
    // Room for keys below `size`; deadlines stay.
    void grow(std::size_t size);
    // nullopt: never.
    void set(Key key, std::optional<TimePoint> deadline);
    // When pop_due() may have something: never later than the soonest deadline, and mostly that;
    // sooner only when more than kLookedAtMax lie together in a bucket of a higher level.
    std::optional<TimePoint> next() const;
    // Takes out a key whose deadline is not after `now`; of several any one.
    std::optional<Key> pop_due(TimePoint now);

 private:
    static constexpr unsigned kLevels = 4;
    static constexpr std::array<unsigned, kLevels + 1> kShift{17, 27, 33, 39, 45};
    static constexpr std::array<unsigned, kLevels> kFirst{0, 1024, 1088, 1152};
    static constexpr unsigned kFar = 1216;  // the bucket of all that is later
    static constexpr unsigned kBuckets = 1217;
    static constexpr unsigned kLookedAtMax = 64;
    static constexpr std::uint32_t kNone = 0xffffffff;
    static constexpr std::uint32_t kHeadFlag = 0x80000000;  // `previous` is a bucket

    struct Node {
        TimePoint deadline;
        std::uint32_t next = kNone;
        std::uint32_t previous = kNone;  // kNone: not in the wheel
    };

    unsigned bucket_of(TimePoint deadline) const;
    void link(Key key);
    void unlink(Key key);
    void move_down(unsigned bucket);
    std::optional<unsigned> first_used(unsigned level, unsigned from) const;
    unsigned slot_at(unsigned level) const;
    std::uint64_t start_of(unsigned level, unsigned slot) const;
    bool step_down(std::uint64_t now);
    std::optional<Key> find_due(unsigned bucket, TimePoint now) const;
    std::optional<TimePoint> soonest() const;
    TimePoint soonest_in(unsigned bucket, TimePoint bound) const;

    std::vector<Node> nodes_;
    std::array<std::uint32_t, kBuckets> heads_;
    std::array<std::uint64_t, (kBuckets + 63) / 64> used_{};  // a bit a bucket
    std::uint64_t at_ = 0;                                    // ns; never goes back
    std::size_t count_ = 0;
    // What next() said last, while it holds.
    mutable bool is_known_ = true;
    mutable std::optional<TimePoint> known_;
};

}  // namespace netft::core
