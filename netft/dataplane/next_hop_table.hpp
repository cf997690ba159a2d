// Which MAC address leads to which remote endpoint: an immutable table that control makes from the
// kernel's FIB and neighbour tables for the ports that have no kernel behind them.
#pragma once

#include <algorithm>
#include <vector>

#include "netft/base/address.hpp"

namespace netft::dataplane {

struct NextHop {
    Endpoint remote;
    MacAddress mac;  // the remote's own on one link, else its router's
};

class NextHopTable {
 public:
    NextHopTable() = default;
    explicit NextHopTable(std::vector<NextHop> hops) : hops_(std::move(hops)) {
        std::sort(hops_.begin(), hops_.end(),
                  [](const NextHop& a, const NextHop& b) { return a.remote < b.remote; });
    }

    // Borrowed; nullptr: not known.
    const MacAddress* find(const Endpoint& remote) const {
        auto at = std::lower_bound(
            hops_.begin(), hops_.end(), remote,
            [](const NextHop& hop, const Endpoint& wanted) { return hop.remote < wanted; });
        return at != hops_.end() && at->remote == remote ? &at->mac : nullptr;
    }

 private:
    std::vector<NextHop> hops_;
};

}  // namespace netft::dataplane
