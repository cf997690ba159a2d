#include "routing/topology/reach.hpp"

#include <algorithm>

namespace netft::routing {

std::optional<bool> says_it_reaches(const NodeView& view, const IpAddress& ipv4) {
    auto peer = std::find_if(view.peers.begin(), view.peers.end(),
                             [&ipv4](const ViewPeer& p) { return p.ipv4 == ipv4; });
    if (peer == view.peers.end()) return {};
    return std::any_of(peer->routes.begin(), peer->routes.end(), carries);
}

}  // namespace netft::routing
