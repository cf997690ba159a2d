#include "routing/table/route_table.hpp"

namespace netft::routing {

std::optional<RouteId> RouteTable::id_of(PeerId peer, const Endpoint& local,
                                         const Endpoint& remote) {
    auto known = ids_.find(Key{peer, local, remote});
    if (known != ids_.end()) return known->second;
    if (next_ == 0) return {};  // wrapped: every id is given away
    return ids_.emplace(Key{peer, local, remote}, RouteId(next_++)).first->second;
}

}  // namespace netft::routing
