// What a route keeps beside its state, in compact form: what the plan says of it, the heartbeats
// just before a transition, the transitions that the engine has not taken yet.
//
// PURE, fixed size. A worker has up to 10,000 routes at 1 KiB each, everything included: what is
// rarely looked at is packed here and unpacked when somebody asks.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

#include "netft/core/events.hpp"
#include "netft/core/plan.hpp"

namespace netft::core {

// Of a PlanRoute, what the engine works with.
struct RoutePlan {
    RoutePlan() = default;
    // Implicit: a route takes the plan's words for itself.
    RoutePlan(const PlanRoute& plan)
        : id(plan.id),
          peer(plan.peer),
          local(plan.local),
          mtu(plan.mtu),
          remote(plan.remote),
          priority(plan.priority),
          timing(plan.timing),
          admin_up(plan.admin_up),
          usable(plan.usable),
          reason(plan.reason) {}

    RouteId id;
    PeerId peer;
    EndpointId local;
    std::uint16_t mtu = 0;
    Endpoint remote;
    std::uint32_t priority = 0;
    Timing timing;
    bool admin_up = true;
    bool usable = true;
    Diagnostic reason = Diagnostic::none;

    bool operator==(const RoutePlan&) const = default;
};

// The last kRecentHeartbeats heartbeats in either direction.
class RecentHeartbeats {
 public:
    void add(const RecentHeartbeat& h) {
        // Longer ago than 71 minutes is as good as that.
        Duration since = std::clamp<Duration>(h.at - newest_, Duration{}, kLongest);
        since_[next_] = std::chrono::duration_cast<Micros>(since);
        newest_ = h.at;
        counters_[next_] = h.counter;
        diagnostics_[next_] = h.diagnostic;
        bits_[next_] =
            static_cast<std::uint8_t>(static_cast<unsigned>(h.state) | (h.suspect ? kSuspect : 0u) |
                                      (h.direction == Direction::sent ? kSent : 0u));
        next_ = static_cast<std::uint8_t>((next_ + 1) % kRecentHeartbeats);
        if (count_ < kRecentHeartbeats) ++count_;
    }

    // Into `transition`, oldest first.
    void copy_to(RouteTransition& transition) const {
        transition.recent_count = count_;
        TimePoint when = newest_;
        for (std::size_t i = count_; i-- > 0;) {
            std::size_t place = (next_ + kRecentHeartbeats - count_ + i) % kRecentHeartbeats;
            transition.recent[i] = at(place, when);
            when -= since_[place];
        }
    }

 private:
    using Micros = std::chrono::duration<std::uint32_t, std::micro>;
    static constexpr Duration kLongest = Micros::max();
    static constexpr unsigned kState = 3;
    static constexpr unsigned kSuspect = 4;
    static constexpr unsigned kSent = 8;

    RecentHeartbeat at(std::size_t i, TimePoint when) const {
        return {.at = when,
                .direction = (bits_[i] & kSent) != 0 ? Direction::sent : Direction::received,
                .state = static_cast<BfdState>(bits_[i] & kState),
                .suspect = (bits_[i] & kSuspect) != 0,
                .diagnostic = diagnostics_[i],
                .counter = counters_[i]};
    }

    TimePoint newest_{};
    std::array<Micros, kRecentHeartbeats> since_{};  // the one before
    std::array<std::uint64_t, kRecentHeartbeats> counters_{};
    std::array<Diagnostic, kRecentHeartbeats> diagnostics_{};
    std::array<std::uint8_t, kRecentHeartbeats> bits_{};
    std::uint8_t next_ = 0;
    std::uint8_t count_ = 0;
};

// Transitions until the engine takes them, which it does after each call of a route; a call makes
// two at most, a new plan four.
class PendingTransitions {
 public:
    static constexpr std::size_t kMax = 4;

    // What does not fit is lost: the state it leads to is not.
    void push(const RouteTransition& t) {
        if (count_ == kMax) return;
        if (count_ == 0) oldest_ = t.at;
        after_[count_] = std::chrono::duration_cast<Nanos>(
            std::clamp<Duration>(t.at - oldest_, Duration{}, Nanos::max()));
        reasons_[count_] = t.reason;
        bits_[count_] = static_cast<std::uint16_t>(
            static_cast<unsigned>(t.from) | static_cast<unsigned>(t.to) << kToShift |
            (t.from_suspect ? kFromSuspect : 0u) | (t.to_suspect ? kToSuspect : 0u) |
            (t.from_damped ? kFromDamped : 0u) | (t.to_damped ? kToDamped : 0u) |
            (t.remote_said_so ? kRemoteSaidSo : 0u));
        ++count_;
    }
    // The oldest; without route, peer and recent heartbeats.
    std::optional<RouteTransition> pop() {
        if (count_ == 0) return {};
        RouteTransition t;
        t.at = oldest_ + after_[0];
        t.from = static_cast<BfdState>(bits_[0] & kState);
        t.to = static_cast<BfdState>(bits_[0] >> kToShift & kState);
        t.from_suspect = (bits_[0] & kFromSuspect) != 0;
        t.to_suspect = (bits_[0] & kToSuspect) != 0;
        t.from_damped = (bits_[0] & kFromDamped) != 0;
        t.to_damped = (bits_[0] & kToDamped) != 0;
        t.reason = reasons_[0];
        t.remote_said_so = (bits_[0] & kRemoteSaidSo) != 0;
        --count_;
        for (std::size_t i = 0; i < count_; ++i) {
            after_[i] = after_[i + 1];
            reasons_[i] = reasons_[i + 1];
            bits_[i] = bits_[i + 1];
        }
        return t;
    }
    bool is_full() const { return count_ == kMax; }

 private:
    static constexpr unsigned kState = 3;
    static constexpr unsigned kToShift = 2;
    static constexpr unsigned kFromSuspect = 16;
    static constexpr unsigned kToSuspect = 32;
    static constexpr unsigned kRemoteSaidSo = 64;
    static constexpr unsigned kFromDamped = 128;
    static constexpr unsigned kToDamped = 256;

    using Nanos = std::chrono::duration<std::uint32_t, std::nano>;

    TimePoint oldest_{};               // of the last that was pushed into nothing
    std::array<Nanos, kMax> after_{};  // `oldest_`: the engine takes them within a cycle
    std::array<Diagnostic, kMax> reasons_{};
    std::array<std::uint16_t, kMax> bits_{};
    std::uint8_t count_ = 0;
};

}  // namespace netft::core
