// Which routes carry a peer's traffic, as pure functions.
//
// select(), for policy failover: the healthiest, then cheapest route that is up. Traffic leaves a
// route at once when it goes down, or is suspect while another is not; it returns to a better route
// only when that has been healthy for the hold-down. A damped route is taken only where no other is
// up and well, but before one that is suspect: that loses frames now. The selection is unsettled
// when it is suspect, or the one before it is: what has just been left may be as good as what was
// taken. Of suspect routes, one that is merely sick is better than one that is silent.
//
// share(), for policy spread: the routes that may carry flows, each with its weight.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

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
    bool is_sick = false;    // suspect, but its heartbeats come
    bool is_damped = false;  // kept out of use
};

struct Selection {
    std::optional<RouteId> route;      // nullopt: the peer is unreachable
    std::optional<TimePoint> recheck;  // when a hold-down ends that may change the answer
    bool is_suspect = false;           // `route` is: nothing better is up
    bool is_unsettled = false;
    bool is_sick = false;  // `route` is
};

Selection select(TimePoint now, std::span<const Candidate> candidates,
                 std::optional<RouteId> current, Duration hold_down);

// What has been measured of a route; nullopt: not yet.
struct Quality {
    std::optional<std::uint32_t> rtt_us;  // median
    std::optional<double> loss;           // 0..1, the worse direction
};

struct Share {
    RouteId route;
    std::uint32_t weight = 1;  // how much it may carry, in relation to the others'
    // False: it keeps the flows it has and gets no more.
    bool takes_new = true;

    bool operator==(const Share&) const = default;
};

constexpr std::uint32_t kWeightMax = 256;

// `qualities` are those of `candidates`. Fills `out` up to its capacity and never grows it; empty
// only where no route is up. Suspect and damped routes carry flows only where no other is up.
// Routes of much worse quality than the best, and those within their hold-down, take no new flows.
void share(TimePoint now, std::span<const Candidate> candidates, std::span<const Quality> qualities,
           Duration hold_down, std::vector<Share>& out);

}  // namespace netft::core
