// Flap damping of one route, after RFC 2439: what goes down again and again is kept out of use.
//
// PURE, fixed size. Each loss adds a penalty, which halves every half-life. A route whose penalty
// rises above `suppress` is damped until it has fallen to `reuse`, `max` after its last flap at the
// latest. A damped route stays up and is measured; the selector takes it only where no other is up
// and well.
// The penalty is kept as the instant at which it will have fallen to `reuse`: with an exponential
// decay the two say the same, and `max` is a bound on that instant (RFC 2439 §4.2's ceiling).
#pragma once

#include <cstdint>

#include "netft/base/time.hpp"
#include "netft/core/optional_time.hpp"

namespace netft::core {

// [damping]
struct DampingRule {
    bool enabled = true;
    Duration half_life = 120s;
    std::uint32_t suppress = 4000;
    std::uint32_t reuse = 1000;
    Duration max = 600s;

    bool operator==(const DampingRule&) const = default;
};

// The most that `max` lets a penalty become. `suppress` must be below.
double penalty_ceiling(const DampingRule& rule);

class Damping {
 public:
    // Of a route that goes down. Five in a row damp, and nobody pulls a cable so often by hand.
    static constexpr int kLoss = 1000;
    // Of one that becomes suspect: traffic moves, and little is lost. Part of the loss it leads to.
    static constexpr int kSuspicion = 250;

    // `points` below 0 take back what was no fault of the path.
    void add(TimePoint now, const DampingRule& rule, int points);
    double penalty(TimePoint now, const DampingRule& rule) const;
    // Whether the route is damped from now on, given whether it has been.
    bool is_damped(TimePoint now, const DampingRule& rule, bool was_damped) const;
    // Of a damped route, when it is free again; past or never: of one that is not.
    OptionalTime free_at() const { return free_at_; }
    // The same penalty by another rule.
    void change_rule(TimePoint now, const DampingRule& from, const DampingRule& to);
    void reset() { free_at_.reset(); }

 private:
    void set(TimePoint now, const DampingRule& rule, double penalty);

    OptionalTime free_at_;  // never: no penalty
};

}  // namespace netft::core
