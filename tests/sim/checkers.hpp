// What must hold in every run, judged from outside: transitions, deliveries, public reports.
//
//  no false down      a route goes down by detection only when something disturbed that path or
//                     one of its nodes within the time that detection takes
//  no false suspicion a route is called sick only when its path or an end of it was not well
//  down in time       a route that is cut is not up when its detection time has passed
//  at most once       no frame reaches an adapter twice, changed, or out of a former life
//  no silent loss     where all routes of a pair are up and nothing is wrong with its networks,
//  data
//                     is not lost for more than kSilentLoss
//  counters add up    received = consumed + Σ drops
//  no livelock        bounds.hpp
//  recovery           when everything is healed, every route comes up within kRecovery
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "tests/sim/world.hpp"

namespace netft::sim {

class Checkers : public Observer {
 public:
    // Loss at or below this is no excuse for a route that goes down: five heartbeats of ten a
    // second are lost in a row once in 10^7 s.
    static constexpr double kHarmlessLoss = 0.02;
    static constexpr Duration kRecovery = 20s;
    // How long what is over may still be held against a route.
    static constexpr Duration kMemory = 12s;

    static constexpr Duration kSilentLoss = 2s;

    Checkers() = default;
    void attach(World& world) { world_ = &world; }
    void set_verbose(bool on) { is_verbose_ = on; }

    // --- told by the scenario
    // Something disturbed the pair's path on a network (either direction), from now until it is
    // told to have ended.
    void disturb(std::size_t a, std::size_t b, std::size_t network);
    void calm(std::size_t a, std::size_t b, std::size_t network);
    // A node stalled, restarted, lost carrier: all its paths are excused until `until`.
    void disturb_node(std::size_t node, TimePoint until);
    // A link of the pair on a network changed, for better or worse; also where it harms nobody.
    void note_change(std::size_t a, std::size_t b, std::size_t network);

    // --- asked by the scenario
    void check_counters();
    void check_cut_routes_are_down();
    // Every route of every node is up, every peer reachable.
    void check_all_up(const std::string& when);

    // --- Observer
    void on_transition(std::size_t node, const core::RouteTransition& transition) override;
    void on_delivery(const Delivery& delivery) override;
    void on_sent(std::size_t from, std::size_t to) override;
    void on_violation(const std::string& what) override;

    const std::vector<std::string>& violations() const { return violations_; }
    std::uint64_t delivered() const { return delivered_; }
    std::uint64_t transitions() const { return transitions_; }

 private:
    using Pair = std::tuple<std::size_t, std::size_t, std::size_t>;
    static Pair pair(std::size_t a, std::size_t b, std::size_t network);
    bool is_excused(std::size_t node, std::size_t peer, std::size_t network, Duration within) const;
    Duration detection_bound() const;
    bool is_well(std::size_t a, std::size_t b, std::size_t network) const;
    bool should_carry(std::size_t from, std::size_t to) const;
    void check_fall(std::size_t node, const core::RouteTransition& transition);
    void check_suspicion(std::size_t node, const core::RouteTransition& transition);
    void print(std::size_t node, const core::RouteTransition& transition) const;

    World* world_ = nullptr;
    bool is_verbose_ = false;
    std::set<Pair> disturbed_;
    std::map<Pair, TimePoint> calm_since_;
    std::map<Pair, TimePoint> changed_;
    std::map<std::size_t, TimePoint> node_excused_until_;
    struct Received {
        std::uint64_t sender_epoch = 0;
        std::uint64_t receiver_epoch = 0;
        std::vector<bool> seen;  // by number of the frame in the sender's epoch
    };
    std::map<std::pair<std::size_t, std::size_t>, Received> received_;  // (from, to)
    // Since when frames are sent of which none arrived; likewise.
    std::map<std::pair<std::size_t, std::size_t>, TimePoint> unheard_;
    std::vector<std::string> violations_;
    std::uint64_t delivered_ = 0;
    std::uint64_t transitions_ = 0;
};

}  // namespace netft::sim
