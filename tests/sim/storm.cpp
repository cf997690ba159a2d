#include "tests/sim/storm.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "tests/sim/bounds.hpp"
#include "tests/sim/checkers.hpp"

namespace netft::sim {

namespace {

// What a reload may bring; the shortest first.
constexpr std::array<Duration, 5> kDelays = {10ms, 50ms, 100ms, 250ms, 400ms};

class Storm {
 public:
    explicit Storm(const StormSettings& settings)
        : settings_(settings),
          world_((checkers_.attach(world_), settings.world), checkers_),
          bounds_(world_, checkers_, std::min(settings.world.timing.delay, kDelays.front())) {}

    StormResult run() {
        checkers_.set_verbose(settings_.verbose);
        excuse_everybody(2s);
        world_.run_until(world_.now() + 5s);
        checkers_.check_all_up("after the start");
        TimePoint end = world_.now() + settings_.length;
        while (world_.now() < end && checkers_.violations().empty()) {
            for (int i = 0; i < 5; ++i) send_something();
            if (world_.now() >= next_fault_) strike();
            world_.run_until(world_.now() + world_.random().between(5ms, 60ms));
            bounds_.check();
        }
        checkers_.check_counters();
        calm_down();
        world_.run_until(world_.now() + Checkers::kRecovery);
        bounds_.check();
        checkers_.check_all_up("after healing");
        return {checkers_.violations(), checkers_.delivered(), checkers_.transitions(),
                world_.now() - TimePoint(1h), 0};
    }

 private:
    std::size_t any_node() { return world_.random().below(settings_.world.nodes); }
    std::size_t any_network() { return world_.random().below(settings_.world.networks); }

    void excuse_everybody(Duration how_long) {
        for (std::size_t i = 0; i < settings_.world.nodes; ++i)
            checkers_.disturb_node(i, world_.now() + how_long);
    }

    void send_something() {
        static constexpr std::array<std::size_t, 5> kSizes = {64, 1400, 1401, 9000, 64000};
        std::size_t from = any_node();
        std::size_t to = any_node();
        // A long frame costs the simulator as much as all else of a second.
        std::size_t most = world_.random().chance(0.1) ? kSizes.size() : 3;
        if (from != to) world_.send_frame(from, to, kSizes[world_.random().below(most)]);
    }

    void strike() {
        next_fault_ = world_.now() + world_.random().between(100ms, 4s);
        std::size_t a = any_node();
        std::size_t b = any_node();
        std::size_t network = any_network();
        Random& random = world_.random();
        if (settings_.verbose)
            std::printf("a fault strikes n%zu, n%zu on net%zu\n", a + 1, b + 1, network);
        switch (random.below(12)) {
            case 0:
            case 1: return change_link(a, b, network, true, [](LinkState& l) { l.is_cut = true; });
            case 2: return change_link(a, b, network, false, [](LinkState& l) { l.is_cut = true; });
            case 3: return isolate(a, network);
            case 4: {
                double loss = 0.4 * static_cast<double>(random.below(100)) / 100.0;
                return change_link(a, b, network, true, [loss](LinkState& l) { l.loss = loss; });
            }
            case 5: {
                Duration jitter = random.between(1ms, 30ms);
                return change_link(a, b, network, false, [jitter](LinkState& l) {
                    l.jitter = jitter;
                    l.duplication = 0.2;
                });
            }
            case 6: {
                Duration pause = random.between(1ms, 3s);
                checkers_.disturb_node(a, world_.now() + pause);
                return world_.stall(a, pause);
            }
            case 7: return restart(a);
            case 8: return set_interface(a, network, random.chance(0.5));
            case 9: return reload(a);
            case 10:
            case 11: return heal_link(a, b, network);
        }
    }

    template <class Change>
    void change_link(std::size_t a, std::size_t b, std::size_t network, bool both, Change change) {
        if (a == b) return;
        change(world_.link(a, b, network));
        if (both) change(world_.link(b, a, network));
        checkers_.disturb(a, b, network);
    }

    void heal_link(std::size_t a, std::size_t b, std::size_t network) {
        if (a == b) return;
        world_.link(a, b, network) = LinkState{};
        world_.link(b, a, network) = LinkState{};
        checkers_.calm(a, b, network);
    }

    // A node's cable: silent, both directions, all peers.
    void isolate(std::size_t a, std::size_t network) {
        for (std::size_t b = 0; b < settings_.world.nodes; ++b)
            change_link(a, b, network, true, [](LinkState& l) { l.is_cut = true; });
    }

    void restart(std::size_t a) {
        checkers_.disturb_node(a, world_.now() + 5s);
        world_.stop(a);
        world_.run_until(world_.now() + world_.random().between(1ms, 3s));
        world_.start(a);
    }

    void set_interface(std::size_t a, std::size_t network, bool is_carrier) {
        checkers_.disturb_node(a, world_.now() + 3600s);
        Duration pause = world_.random().between(1ms, 2s);
        bool on =
            is_carrier ? world_.node(a).carrier[network] : world_.node(a).has_address[network];
        auto set = [this, is_carrier, a, network](bool value) {
            is_carrier ? world_.set_carrier(a, network, value)
                       : world_.set_address(a, network, value);
        };
        set(!on);
        world_.run_until(world_.now() + pause);
        set(true);
    }

    void reload(std::size_t a) {
        world_.reload_timing(a, {kDelays[world_.random().below(kDelays.size())], 5});
    }

    void calm_down() {
        world_.heal_everything();
        for (std::size_t a = 0; a < settings_.world.nodes; ++a)
            for (std::size_t b = 0; b < a; ++b)
                for (std::size_t n = 0; n < settings_.world.networks; ++n) checkers_.calm(a, b, n);
        excuse_everybody(Checkers::kRecovery);
    }

    StormSettings settings_;
    Checkers checkers_;
    World world_;
    Bounds bounds_;
    TimePoint next_fault_{};
};

}  // namespace

StormResult run_storm(const StormSettings& settings) { return Storm(settings).run(); }

core::TrafficRule any_rule(Random& random) {
    static constexpr std::array<core::TrafficRule, 5> kRules = {
        core::TrafficRule{}, core::TrafficRule{}, core::TrafficRule{core::Policy::spread},
        core::TrafficRule{core::Policy::duplicate}, core::TrafficRule{core::Policy::failover, 256}};
    return kRules[random.below(kRules.size())];
}

StormSettings storm_of(std::uint64_t seed, Duration length) {
    static constexpr std::array<Timing, 4> kTimings = {Timing{100ms, 5}, Timing{10ms, 5},
                                                       Timing{250ms, 5}, Timing{100ms, 5}};
    Random random(seed ^ 0x5eed);
    StormSettings settings;
    settings.length = length;
    settings.world.seed = seed;
    settings.world.has_real_handshakes = seed % kRealHandshakes == 0;
    settings.world.nodes = 2 + random.below(random.chance(0.1) ? 7 : 3);
    settings.world.networks = 1 + random.below(3);
    settings.world.timing = kTimings[random.below(kTimings.size())];
    settings.world.traffic = any_rule(random);
    return settings;
}

}  // namespace netft::sim
