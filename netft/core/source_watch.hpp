// Which of a node's source ports get through on one route: a route over equal-cost paths is
// several, and who sends from several source ports can tell a broken one from loss.
//
// Heartbeat number c goes out from the source port c modulo their number. The peer says the highest
// it has seen and how many came, so after each of its heartbeats it is known of most of ours
// whether they came. A verdict wants a clear picture: each source port gets all through, or
// nothing. Loss makes no such picture.
//
// PURE, fixed size, per route. Limits: probes and notices say nothing here; kSpan heartbeats at
// most between two reports.
// Threads: the first worker's only, and only where the node has several.
#pragma once

#include <array>
#include <cstdint>

#include "netft/wire/data.hpp"

namespace netft::core {

class SourceWatch {
 public:
    // In a row, of one source port, after which it is sound again.
    static constexpr std::uint8_t kSound = 8;
    static constexpr unsigned kSpan = 64;

    // `sources`: how many, 2 to kDataSpacesMax.
    explicit SourceWatch(std::size_t sources) : sources_(sources) {}

    static std::uint8_t source_of(std::uint64_t counter, std::size_t sources) {
        return static_cast<std::uint8_t>(counter % sources);
    }
    // Lost in a row, of one source port, after which it is broken if the others are sound: of fewer
    // source ports more, for two are easily taken for a pattern.
    static std::uint8_t broken_after(std::size_t sources) {
        return static_cast<std::uint8_t>(sources == 2 ? 5 : sources == 3 ? 4 : 3);
    }

    // `is_regular`: not a probe or notice.
    void handle_sent(std::uint64_t counter, bool is_regular);
    // What a heartbeat of the peer says; modulo 2^64.
    void handle_report(std::uint64_t highest, std::uint64_t received);
    // Bit i: nothing comes through from source port i.
    std::uint16_t broken() const { return broken_; }
    void reset() { *this = SourceWatch(sources_); }

 private:
    struct Run {
        std::uint8_t good = 0;  // in a row
        std::uint8_t lost = 0;  // likewise
    };
    void note(std::uint64_t counter, bool came);
    void judge();

    std::size_t sources_;
    std::uint64_t highest_ = 0;
    std::uint64_t received_ = 0;
    std::uint64_t odd_ = 0;  // bit counter modulo 64: a probe or notice
    std::array<Run, kDataSpacesMax> runs_{};
    std::uint16_t broken_ = 0;
};

}  // namespace netft::core
