// No livelock, and nothing that grows: what the cluster says and does by itself in a stretch of
// time, and what it keeps, is bounded by its size and its timing.
#pragma once

#include "tests/sim/checkers.hpp"

namespace netft::sim {

class Bounds {
 public:
    // A directed route and second, on top of its heartbeats: handshakes, cards, views, relays.
    static constexpr std::uint64_t kMessagesMax = 60;

    // `shortest`: the least delay that a node may be told.
    Bounds(World& world, Checkers& checkers, Duration shortest);

    // To be called often; looks when kWindow has passed.
    void check();

 private:
    static constexpr Duration kWindow = 10s;

    void check_rates(double seconds);
    void check_sizes();
    void expect(const char* what, double is, double most);

    World& world_;
    Checkers& checkers_;
    Duration shortest_;
    TimePoint since_;
    Activity before_;
};

}  // namespace netft::sim
