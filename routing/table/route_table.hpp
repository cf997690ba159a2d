// Gives every route (peer, local endpoint, remote endpoint) its id.
//
// PURE. An id is kept when its route is gone, so a route that goes and comes back is the same route
// to people and tools; ids of routes that are gone longest are given anew when a peer has too many
// of them, or when none is left. What a peer may take is bounded: its card cannot spend the ids of
// others. Ids count from 1; 0 is "not known" on the wire.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <tuple>

#include "netft/base/address.hpp"
#include "netft/base/ids.hpp"

namespace netft::routing {

class RouteTable {
 public:
    // Live routes and those that were, of one peer: twice as many as two full cards make.
    static constexpr std::size_t kRoutesPerPeerMax = 512;

    // All routes that there are now are asked for anew; those that were asked for since the last
    // call, or the one before, keep their ids.
    void begin_round() { ++round_; }
    // The route's id, new or known; nullopt when all are in use.
    std::optional<RouteId> id_of(PeerId peer, const Endpoint& local, const Endpoint& remote);

 private:
    using Ends = std::tuple<Endpoint, Endpoint>;
    struct Entry {
        RouteId id;
        std::uint64_t round = 0;  // asked for last
    };
    using Routes = std::map<Ends, Entry>;

    bool is_gone(const Entry& entry) const { return entry.round + 1 < round_; }
    // Takes the id of the one gone longest.
    std::optional<RouteId> take_oldest(Routes& routes);
    std::optional<RouteId> take_any();

    std::map<PeerId, Routes> peers_;
    std::uint64_t round_ = 1;
    std::uint16_t next_ = 1;
};

}  // namespace netft::routing
