#include "netft/core/damping.hpp"

#include <algorithm>
#include <cmath>

namespace netft::core {

namespace {

double half_lives(Duration d, const DampingRule& rule) {
    return static_cast<double>(d.count()) / static_cast<double>(rule.half_life.count());
}

}  // namespace

double penalty_ceiling(const DampingRule& rule) {
    return rule.reuse * std::exp2(half_lives(rule.max, rule));
}

double Damping::penalty(TimePoint now, const DampingRule& rule) const {
    return free_at_ ? rule.reuse * std::exp2(half_lives(*free_at_ - now, rule)) : 0;
}

void Damping::set(TimePoint now, const DampingRule& rule, double penalty) {
    free_at_.reset();
    if (penalty < 1 || !rule.enabled) return;
    double until = std::log2(penalty / rule.reuse) * static_cast<double>(rule.half_life.count());
    free_at_ = now + std::min(rule.max, Duration(std::llround(until)));
}

void Damping::add(TimePoint now, const DampingRule& rule, int points) {
    set(now, rule, penalty(now, rule) + points);
}

void Damping::change_rule(TimePoint now, const DampingRule& from, const DampingRule& to) {
    set(now, to, penalty(now, from));
}

bool Damping::is_damped(TimePoint now, const DampingRule& rule, bool was_damped) const {
    if (!free_at_ || *free_at_ <= now) return false;
    // A penalty is known to a nanosecond of its decay, and this much of it is no difference.
    return was_damped || penalty(now, rule) > rule.suppress + 0.5;
}

}  // namespace netft::core
