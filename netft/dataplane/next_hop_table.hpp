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
    // `source`: the interface's own MAC; zero: as when the port was opened.
    explicit NextHopTable(std::vector<NextHop> hops, MacAddress source = {})
        : hops_(std::move(hops)), source_(source) {
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

    const MacAddress& source() const { return source_; }

 private:
    std::vector<NextHop> hops_;
    MacAddress source_;
};

}  // namespace netft::dataplane
