// Which peer relays to another that no direct route reaches.
//
// PURE. A relay that is itself reached over suspect routes only is left as soon as another is not;
// else the choice stays. Nodes choose differently (`rank`), so that one does not carry them all.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "netft/base/ids.hpp"

namespace netft::core {

// A peer that we reach directly, and that says that it reaches the target directly.
struct RelayCandidate {
    PeerId id;
    bool is_suspect = false;  // what we would reach it by is
    std::uint64_t rank = 0;   // lower is preferred
};

inline bool is_better(const RelayCandidate& a, const RelayCandidate& b) {
    if (a.is_suspect != b.is_suspect) return b.is_suspect;
    return a.rank != b.rank ? a.rank < b.rank : a.id < b.id;
}

// nullopt: nobody can.
inline std::optional<PeerId> choose_relay(std::span<const RelayCandidate> candidates,
                                          std::optional<PeerId> current) {
    const RelayCandidate* best = nullptr;
    for (const RelayCandidate& candidate : candidates)
        if (best == nullptr || is_better(candidate, *best)) best = &candidate;
    if (best == nullptr) return {};
    for (const RelayCandidate& candidate : candidates)
        if (candidate.id == current && candidate.is_suspect == best->is_suspect) return current;
    return best->id;
}

// The same at every node and time, and as good as random over relays and targets.
inline std::uint64_t relay_rank(NodeId relay, NodeId target) {
    std::uint64_t h =
        (relay.value ^ (target.value << 32 | target.value >> 32)) + 0x9e3779b97f4a7c15;
    h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9;
    h = (h ^ h >> 27) * 0x94d049bb133111eb;
    return h ^ h >> 31;
}

}  // namespace netft::core
