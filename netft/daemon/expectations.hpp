// What a peer is to be joined by: by the file, and by what there was. Known for this life only.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "netft/control/status.hpp"
#include "netft/core/settings.hpp"

namespace netft::daemon {

// How many networks that no single cut takes together the endpoints make that the file lists for
// this node and a peer, but those of networks that are not to be used. `local`: where ours are, as
// far as known.
std::size_t networks_in_file(const core::Settings& settings, const core::NodeSettings& peer,
                             std::span<const routing::LocalEndpoint> local);

// Below the route's interface; "": itself.
std::string nic_of(std::span<const routing::LocalEndpoint> local, const routing::Route& route);

class Expectations {
 public:
    // A network counts as had when its routes were up for this long.
    static constexpr Duration kSettled = 5s;

    void note(TimePoint now, const routing::Route& route, bool is_up);
    // Now and then: remembers how many networks join each peer.
    void note_networks(TimePoint now, std::span<const routing::Route> routes,
                       std::span<const routing::LocalEndpoint> local);
    // After a reload what there was is no measure any more.
    void forget_networks() { had_.clear(); }

    // Marks what of the peer's routes is expected and sets how many networks are. `configured`: the
    // endpoints that the file lists for both.
    void apply(PeerId id, control::PeerStatus& peer, const std::set<IpAddress>& configured) const;

 private:
    bool is_guess(PeerId id, const control::RouteStatus& status, const control::PeerStatus& peer,
                  const std::set<IpAddress>& configured) const;

    std::map<RouteId, TimePoint> up_since_;
    std::set<RouteId> ways_;                           // routes that were up
    std::set<IpAddress> local_ends_;                   // of these
    std::set<std::pair<PeerId, IpAddress>> far_ends_;  // likewise
    std::map<PeerId, std::size_t> had_;                // networks
};

}  // namespace netft::daemon
