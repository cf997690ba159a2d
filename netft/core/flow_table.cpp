#include "netft/core/flow_table.hpp"

namespace netft::core {

const Share* FlowTable::find(std::span<const Share> shares, const Bucket& bucket) {
    if (!bucket.used) return nullptr;
    for (const Share& share : shares)
        if (share.route == bucket.route) return &share;
    return nullptr;
}

// The route that would have the least to carry for its weight if it took one flow more; the one
// where the flow is, if that is as good.
const Share& FlowTable::lightest(TimePoint now, std::span<const Share> shares,
                                 const Share* at) const {
    const Share* best = nullptr;
    std::uint64_t best_flows = 0;
    auto try_one = [&](const Share& share) {
        if (!share.takes_new) return;
        std::uint64_t flows = 1;
        for (const Bucket& bucket : buckets_)
            if (bucket.used && bucket.route == share.route && now - *bucket.used < kPause) ++flows;
        // flows / weight < best_flows / best's weight
        if (best != nullptr && flows * best->weight >= best_flows * share.weight) return;
        best = &share;
        best_flows = flows;
    };
    if (at != nullptr) try_one(*at);
    for (const Share& share : shares) try_one(share);
    return best == nullptr ? shares.front() : *best;
}

RouteId FlowTable::take(TimePoint now, std::uint64_t hash, std::span<const Share> shares) {
    Bucket& bucket = buckets_[hash % kBuckets];
    const Share* at = find(shares, bucket);
    bool is_running = at != nullptr && now - *bucket.used < kPause;
    if (!is_running) bucket.route = lightest(now, shares, at).route;
    bucket.used = now;
    return bucket.route;
}

}  // namespace netft::core
