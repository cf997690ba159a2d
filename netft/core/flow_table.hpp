// Policy spread: which route each flow takes.
//
// PURE. Flows are told apart by kBuckets values of their hash. A flow stays on its route as long as
// that may be used: it is never reordered by a change of ours. It moves when its route may not be
// used any more, or at a pause of kPause, when another route has less to carry for its weight. So
// new flows fill the routes evenly, and a route that came back gets its share from new flows and
// from those that pause.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "netft/base/ids.hpp"
#include "netft/base/time.hpp"
#include "netft/core/selector.hpp"

namespace netft::core {

class FlowTable {
 public:
    static constexpr std::size_t kBuckets = 256;
    static constexpr Duration kPause = 500ms;

    // The route of a frame of the flow, sent now. `shares`: not empty.
    RouteId take(TimePoint now, std::uint64_t hash, std::span<const Share> shares);

 private:
    struct Bucket {
        RouteId route;
        std::optional<TimePoint> used;  // nullopt: never
    };
    static const Share* find(std::span<const Share> shares, const Bucket& bucket);
    const Share& lightest(TimePoint now, std::span<const Share> shares, const Share* at) const;

    std::array<Bucket, kBuckets> buckets_{};
};

}  // namespace netft::core
