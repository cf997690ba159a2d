// Which route carries a peer's traffic: policy failover, as a pure function.
//
// The healthiest, then cheapest route that is up. Traffic leaves a route at once when it goes down,
// or is suspect while another is not; it returns to a better route only when that has been healthy
// for the hold-down.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "netft/base/ids.hpp"
#include "netft/base/time.hpp"

namespace netft::core {

struct Candidate {
    RouteId id;
    bool is_up = false;
    bool is_suspect = false;
    std::uint32_t priority = 0;  // lower is preferred
    // Since when it is up and not suspect. nullopt: it was never lost, no hold-down applies.
    std::optional<TimePoint> healthy_since;
};

struct Selection {
    std::optional<RouteId> route;      // nullopt: the peer is unreachable
    std::optional<TimePoint> recheck;  // when a hold-down ends that may change the answer
};

Selection select(TimePoint now, std::span<const Candidate> candidates,
                 std::optional<RouteId> current, Duration hold_down);

}  // namespace netft::core
