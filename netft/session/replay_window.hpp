// Which counters of one space have been seen: replay protection and duplicate removal in one
// (RFC 6479's algorithm: a ring of words, so that moving forward clears whole words only).
//
// PURE, fixed size. Never rejects a counter that is new and at most `kSpan` behind the highest one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace netft::session {

enum class Freshness : std::uint8_t { fresh, duplicate, too_old };

// Words: a power of two. It remembers at least (Words − 1) × 64 counters behind the highest.
template <std::size_t Words>
class ReplayWindow {
    static_assert(Words >= 2 && (Words & (Words - 1)) == 0);

 public:
    static constexpr std::uint64_t kSpan = (Words - 1) * 64;

    // Says what `counter` is, without taking it.
    Freshness check(std::uint64_t counter) const {
        if (is_empty_ || counter > highest_) return Freshness::fresh;
        if (highest_ - counter > kSpan) return Freshness::too_old;
        return (word_of(counter) & bit_of(counter)) != 0 ? Freshness::duplicate : Freshness::fresh;
    }

    // The same, and a fresh counter is seen from now on.
    Freshness take(std::uint64_t counter) {
        Freshness freshness = check(counter);
        if (freshness != Freshness::fresh) return freshness;
        if (is_empty_ || counter > highest_) advance_to(counter);
        words_[index_of(counter)] |= bit_of(counter);
        return freshness;
    }

    void reset() {
        highest_ = 0;
        is_empty_ = true;
    }
    std::uint64_t highest() const { return highest_; }

 private:
    static std::size_t index_of(std::uint64_t counter) { return (counter / 64) & (Words - 1); }
    static std::uint64_t bit_of(std::uint64_t counter) {
        return std::uint64_t{1} << (counter % 64);
    }
    std::uint64_t word_of(std::uint64_t counter) const { return words_[index_of(counter)]; }

    void advance_to(std::uint64_t counter) {
        std::uint64_t steps = is_empty_ ? Words : counter / 64 - highest_ / 64;
        if (steps > Words) steps = Words;
        for (std::uint64_t i = 0; i < steps; ++i) words_[(counter / 64 - i) & (Words - 1)] = 0;
        highest_ = counter;
        is_empty_ = false;
    }

    std::array<std::uint64_t, Words> words_;  // of no meaning while it is empty, nor touched
    std::uint64_t highest_ = 0;
    bool is_empty_ = true;
};

}  // namespace netft::session
