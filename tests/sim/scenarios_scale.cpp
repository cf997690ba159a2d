// Scenarios of one node with a thousand peers: what it says at its start must not be a storm.
#include <algorithm>
#include <map>

#include "tests/sim/scenarios.hpp"
#include "tests/sim/stage.hpp"

namespace netft::sim {

namespace {

// Of the largest cluster; AddressSanitizer makes minutes of what takes seconds.
#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t kMany = 200;
#else
constexpr std::size_t kMany = 1000;
#endif

class Listener : public Observer {
 public:
    void on_transition(std::size_t, const core::RouteTransition&) override {}
    void on_delivery(const Delivery&) override {}
    void on_violation(const std::string& what) override { violations.push_back(what); }
    Violations violations;
};

// A hub, its leaves, and the initiations that the hub sends, by the 10 ms in which it does.
struct Hub {
    Listener listener;
    World world;
    std::size_t peers;
    std::map<std::int64_t, std::size_t> initiations;

    Hub(std::uint64_t seed, std::size_t leaves)
        : world({.nodes = leaves + 1,
                 .networks = 2,
                 .timing = {500ms, 5},
                 .seed = seed,
                 .rekey_after = 120s,
                 .lists_all_endpoints = true,
                 .is_star = true,
                 .starts_later = true},
                listener),
          peers(leaves) {
        world.on_wire = [this](std::size_t from, std::size_t, std::size_t, Bytes bytes) {
            bool is_initiation =
                (bytes[0] & 15) == static_cast<std::uint8_t>(MessageType::initiation);
            if (from == 0 && is_initiation)
                ++initiations[to_ms(world.now().time_since_epoch()) / 10];
        };
    }
    void run(Duration d) { world.run_until(world.now() + d); }
    void expect(bool good, const std::string& what) {
        if (!good) listener.violations.push_back(what);
    }
    std::size_t reached() const {
        auto all = world.node(0).coordinator->peers();
        return static_cast<std::size_t>(
            std::count_if(all.begin(), all.end(), [](const auto& peer) { return peer.reachable; }));
    }
    void expect_no_storm(std::size_t tries_max) {
        std::size_t most = 0;
        std::size_t sum = 0;
        for (const auto& [when, count] : initiations) {
            most = std::max(most, count);
            sum += count;
        }
        // 20 in 10 ms and a burst of 32 after a pause, on two routes each.
        expect(most <= 2 * 52, std::to_string(most) + " initiations within 10 ms");
        expect(sum <= tries_max * peers * 2, std::to_string(sum) + " initiations in all");
    }
};

Violations a_node_meets_a_thousand_peers_in_a_second() {
    Hub hub(60, kMany);
    for (std::size_t i = 1; i <= hub.peers; ++i) hub.world.start(i);
    hub.run(10s);  // they have asked in vain for a while
    hub.world.start(0);
    hub.run(1s);
    hub.expect(hub.reached() == hub.peers, std::to_string(hub.reached()) + " peers after a second");
    hub.expect_no_storm(2);
    return hub.listener.violations;
}

Violations peers_that_start_one_after_the_other_are_met_at_once() {
    Hub hub(61, 300);
    hub.world.start(0);
    for (std::size_t i = 1; i <= hub.peers; ++i) {
        hub.world.start(i);
        hub.run(1ms);
    }
    hub.run(500ms);
    hub.expect(hub.reached() == hub.peers,
               std::to_string(hub.reached()) + " peers half a second later");
    hub.expect_no_storm(4);
    return hub.listener.violations;
}

// Tries to the half that never answers do not hold up a peer that comes back.
Violations silent_peers_hold_up_nobody() {
    Hub hub(62, 300);
    hub.world.start(0);
    for (std::size_t i = 1; i <= hub.peers / 2; ++i) hub.world.start(i);
    hub.run(5s);
    hub.expect(hub.reached() == hub.peers / 2, std::to_string(hub.reached()) + " peers at first");
    hub.world.start(hub.peers);
    hub.run(1500ms);
    hub.expect(hub.reached() == hub.peers / 2 + 1, "the peer that came is not reached");
    return hub.listener.violations;
}

}  // namespace

std::vector<Scenario> scale_scenarios() {
    return {
#define NETFT_SCENARIO(name) {#name, name}
        NETFT_SCENARIO(a_node_meets_a_thousand_peers_in_a_second),
        NETFT_SCENARIO(peers_that_start_one_after_the_other_are_met_at_once),
        NETFT_SCENARIO(silent_peers_hold_up_nobody),
#undef NETFT_SCENARIO
    };
}

}  // namespace netft::sim
