#include "netft/core/selector.hpp"

#include <tuple>

namespace netft::core {

namespace {

bool is_better(const Candidate& a, const Candidate& b) {
    return std::tuple(a.is_suspect, a.priority, a.id) < std::tuple(b.is_suspect, b.priority, b.id);
}

const Candidate* best_of(std::span<const Candidate> candidates) {
    const Candidate* best = nullptr;
    for (const Candidate& candidate : candidates)
        if (candidate.is_up && (best == nullptr || is_better(candidate, *best))) best = &candidate;
    return best;
}

const Candidate* find(std::span<const Candidate> candidates, std::optional<RouteId> id) {
    for (const Candidate& candidate : candidates)
        if (candidate.id == id && candidate.is_up) return &candidate;
    return nullptr;
}

// When traffic may return to `candidate`; nullopt: now.
std::optional<TimePoint> held_until(const Candidate& candidate, TimePoint now, Duration hold_down) {
    if (!candidate.healthy_since) return {};
    TimePoint end = *candidate.healthy_since + hold_down;
    return end > now ? std::optional(end) : std::nullopt;
}

}  // namespace

Selection select(TimePoint now, std::span<const Candidate> candidates,
                 std::optional<RouteId> current, Duration hold_down) {
    const Candidate* best = best_of(candidates);
    if (best == nullptr) return {};
    const Candidate* chosen = find(candidates, current);
    if (chosen == nullptr || (chosen->is_suspect && !best->is_suspect)) return {best->id, {}};

    Selection selection;
    const Candidate* incumbent = chosen;
    for (const Candidate& candidate : candidates) {
        if (!candidate.is_up || candidate.is_suspect) continue;
        if (candidate.priority >= incumbent->priority) continue;
        if (!is_better(candidate, *chosen)) continue;
        if (auto end = held_until(candidate, now, hold_down)) {
            if (!selection.recheck || *end < *selection.recheck) selection.recheck = end;
        } else {
            chosen = &candidate;
        }
    }
    selection.route = chosen->id;
    return selection;
}

}  // namespace netft::core
