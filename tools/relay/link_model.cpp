#include "tools/relay/link_model.hpp"

#include <algorithm>

namespace netft::relay {

LinkModel::Fate LinkModel::handle_packet(TimePoint now) {
    if (random_.chance(fault_.loss)) return {};
    std::size_t copies = random_.chance(fault_.duplicate) ? 2 : 1;
    Duration late = fault_.delay + random_.between(-fault_.jitter, fault_.jitter);
    TimePoint due = now + std::max(late, Duration{});
    due = std::max(due, last_in_order_);
    if (random_.chance(fault_.reorder))
        return {copies, due + random_.between(kHoldMin, kHoldMin + fault_.jitter)};
    last_in_order_ = due;
    return {copies, due};
}

}  // namespace netft::relay
