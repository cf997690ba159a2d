#include "netft/core/selector.hpp"

#include <algorithm>
#include <tuple>

namespace netft::core {

namespace {

// Of suspect routes, what is silent may be dead.
int badness(const Candidate& c) { return !c.is_suspect ? 0 : c.is_sick ? 1 : 2; }

bool is_better(const Candidate& a, const Candidate& b) {
    return std::tuple(badness(a), a.is_damped, a.priority, a.id) <
           std::tuple(badness(b), b.is_damped, b.priority, b.id);
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

namespace {

constexpr std::uint32_t kRttGraceUs = 500;  // differences below this are noise
constexpr std::uint64_t kRttFactor = 3;     // beyond this times the best, a route is no peer of it
constexpr double kLossGrace = 0.02;

// Up, and as well as the best.
bool is_in_league(const Candidate& c, const Candidate& best) {
    return c.is_up && c.is_suspect == best.is_suspect && c.is_damped == best.is_damped;
}

// The best of each measure; what is not known counts as good as the best.
struct Yardstick {
    std::uint64_t rtt_us = 0;
    double loss = 0;
};

Yardstick yardstick(std::span<const Candidate> candidates, std::span<const Quality> qualities,
                    const Candidate& like) {
    std::optional<std::uint64_t> rtt;
    std::optional<double> loss;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        if (!is_in_league(candidates[i], like)) continue;
        if (auto us = qualities[i].rtt_us; us && (!rtt || *us < *rtt)) rtt = *us;
        if (auto part = qualities[i].loss; part && (!loss || *part < *loss)) loss = *part;
    }
    return {rtt.value_or(0), loss.value_or(0)};
}

bool is_comparable(const Quality& quality, const Yardstick& best) {
    std::uint64_t rtt = quality.rtt_us.value_or(static_cast<std::uint32_t>(best.rtt_us));
    return rtt <= best.rtt_us * kRttFactor + kRttGraceUs &&
           quality.loss.value_or(best.loss) <= best.loss + kLossGrace;
}

// TCP's rate falls with the RTT and with the root of the loss; within what is comparable, this is
// near enough.
std::uint32_t weight_of(const Quality& quality, const Yardstick& best) {
    std::uint64_t rtt = std::max<std::uint64_t>(best.rtt_us, quality.rtt_us.value_or(0));
    if (!quality.rtt_us) rtt = best.rtt_us;
    std::uint64_t weight = kWeightMax * (best.rtt_us + kRttGraceUs) / (rtt + kRttGraceUs);
    double more_loss = quality.loss.value_or(best.loss) - best.loss;
    if (more_loss > 0)
        weight = static_cast<std::uint64_t>(static_cast<double>(weight) *
                                            std::max(0.0, 1 - 20 * more_loss));
    return static_cast<std::uint32_t>(std::max<std::uint64_t>(1, weight));
}

}  // namespace

void share(TimePoint now, std::span<const Candidate> candidates, std::span<const Quality> qualities,
           Duration hold_down, std::vector<Share>& out) {
    out.clear();
    const Candidate* best = best_of(candidates);
    if (best == nullptr) return;
    Yardstick yard = yardstick(candidates, qualities, *best);
    bool any_takes_new = false;
    for (std::size_t i = 0; i < candidates.size() && out.size() < out.capacity(); ++i) {
        const Candidate& c = candidates[i];
        if (!is_in_league(c, *best)) continue;
        bool takes_new = is_comparable(qualities[i], yard) && !held_until(c, now, hold_down);
        out.push_back({c.id, weight_of(qualities[i], yard), takes_new});
        any_takes_new |= takes_new;
    }
    if (any_takes_new) return;
    for (Share& each : out) each.takes_new = true;
}

Selection select(TimePoint now, std::span<const Candidate> candidates,
                 std::optional<RouteId> current, Duration hold_down) {
    const Candidate* best = best_of(candidates);
    if (best == nullptr) return {};
    const Candidate* chosen = find(candidates, current);
    bool is_unsettled = best->is_suspect || (chosen != nullptr && chosen->is_suspect);
    if (chosen == nullptr || badness(*chosen) > badness(*best))
        return {best->id, {}, best->is_suspect, is_unsettled, best->is_sick};

    Selection selection;
    selection.is_unsettled = is_unsettled;
    const Candidate* incumbent = chosen;
    for (const Candidate& candidate : candidates) {
        if (!candidate.is_up || candidate.is_suspect) continue;
        bool is_damped_less = incumbent->is_damped && !candidate.is_damped;
        if (candidate.priority >= incumbent->priority && !is_damped_less) continue;
        if (!is_better(candidate, *chosen)) continue;
        if (auto end = held_until(candidate, now, hold_down)) {
            if (!selection.recheck || *end < *selection.recheck) selection.recheck = end;
        } else {
            chosen = &candidate;
        }
    }
    selection.route = chosen->id;
    selection.is_suspect = chosen->is_suspect;
    selection.is_sick = chosen->is_sick;
    return selection;
}

}  // namespace netft::core
