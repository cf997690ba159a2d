// Gives every route (peer, local endpoint, remote endpoint) its id.
//
// PURE. An id is kept as long as the daemon runs, so a route that goes and comes back is the same
// route to people and tools. Ids count from 1; 0 is "not known" on the wire.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <tuple>

#include "netft/base/address.hpp"
#include "netft/base/ids.hpp"

namespace netft::routing {

class RouteTable {
 public:
    // The route's id, new or known; nullopt when all 65,535 are given away.
    std::optional<RouteId> id_of(PeerId peer, const Endpoint& local, const Endpoint& remote);

 private:
    using Key = std::tuple<PeerId, Endpoint, Endpoint>;
    std::map<Key, RouteId> ids_;
    std::uint16_t next_ = 1;
};

}  // namespace netft::routing
