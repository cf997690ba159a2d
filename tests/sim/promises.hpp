// What netft promises about single frames, judged from outside: while one network between two nodes
// is clean for long enough, and no fault between them or at them is younger than the detection
// time, a frame is neither refused nor lost. This is failover within its bound, for both ends.
//
// The other networks are clean or cut, in one direction or both, or nothing is promised: traffic
// may be on a lossy route, and that is another matter.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "tests/sim/checkers.hpp"

namespace netft::sim {

class Promises : public Checkers {
 public:
    // Until a clean network must be in use again: sessions and routes come back within it.
    static constexpr Duration kClean = 6s;
    static constexpr Duration kLate = 1s;

    Promises(const World& world, const WorldSettings& settings);

    // --- told by the scenario, which makes all faults
    void handle_link_change(std::size_t a, std::size_t b, std::size_t network);
    void handle_node_fault(std::size_t node, TimePoint until);

    // Sends a frame, and remembers it if it was promised.
    void send(World& world, std::size_t from, std::size_t to, std::size_t bytes);
    // No promise older than kLate is open.
    void check_promises();
    std::uint64_t promised() const { return promised_; }

    void on_delivery(const Delivery& delivery) override;

 private:
    using Frame = std::tuple<std::size_t, std::size_t, std::uint64_t, std::uint64_t>;
    struct PairState {
        TimePoint changed{};
        std::vector<TimePoint> clean_since;  // by network; of clean ones only
    };

    bool is_promised(World& world, std::size_t from, std::size_t to) const;
    PairState& pair_of(std::size_t a, std::size_t b);
    const PairState& pair_of(std::size_t a, std::size_t b) const;

    const World& here_;
    std::size_t nodes_;
    Duration bound_;
    std::vector<PairState> pairs_;
    std::vector<TimePoint> node_trouble_until_;
    std::map<Frame, TimePoint> open_;
    std::uint64_t promised_ = 0;
};

}  // namespace netft::sim
