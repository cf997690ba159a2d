#include "tests/sim/tempest.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>

#include "tests/sim/bounds.hpp"
#include "tests/sim/promises.hpp"

namespace netft::sim {

namespace {

constexpr double kHarmless = 0.01;

using Change = std::function<void(LinkState&)>;

class Tempest {
 public:
    explicit Tempest(const StormSettings& settings)
        : settings_(settings),
          checkers_(world_, settings.world),
          world_((checkers_.attach(world_), settings.world), checkers_),
          bounds_(world_, checkers_, settings.world.timing.delay) {}

    StormResult run() {
        checkers_.set_verbose(settings_.verbose);
        fault_everybody(2s);
        world_.run_until(world_.now() + 5s);
        checkers_.check_all_up("after the start");
        TimePoint end = world_.now() + settings_.length;
        while (world_.now() < end && checkers_.violations().empty()) {
            send_something();
            if (world_.now() >= next_fault_) strike();
            step(world_.random().between(5ms, 80ms));
        }
        checkers_.check_counters();
        calm_down();
        world_.run_until(std::max(world_.now(), asleep_until_) + Checkers::kRecovery);
        checkers_.check_promises();
        bounds_.check();
        checkers_.check_counters();
        checkers_.check_all_up("after healing");
        return {checkers_.violations(), checkers_.delivered(), checkers_.transitions(),
                world_.now() - TimePoint(1h), checkers_.promised()};
    }

 private:
    std::size_t nodes() const { return settings_.world.nodes; }
    std::size_t networks() const { return settings_.world.networks; }
    std::size_t any_node() { return world_.random().below(nodes()); }
    std::size_t any_network() { return world_.random().below(networks()); }
    Random& random() { return world_.random(); }

    void step(Duration how_long) {
        world_.run_until(world_.now() + how_long);
        checkers_.check_promises();
        bounds_.check();
    }

    void send_something() {
        static constexpr std::array<std::size_t, 6> kSizes = {64, 200, 1400, 1401, 9000, 64000};
        for (int i = 0; i < 4; ++i) {
            std::size_t from = any_node();
            std::size_t to = any_node();
            std::size_t most = random().chance(0.1) ? kSizes.size() : 4;
            if (from != to) checkers_.send(world_, from, to, kSizes[random().below(most)]);
        }
    }

    void say(const char* what, std::size_t node, std::size_t network) {
        if (settings_.verbose)
            std::printf("%.3f %s (n%zu, net%zu)\n",
                        std::chrono::duration<double>(world_.now() - TimePoint(1h)).count(), what,
                        node + 1, network);
    }

    void strike() {
        next_fault_ = world_.now() + random().between(200ms, 8s);
        std::size_t node = any_node();
        std::size_t network = any_network();
        switch (random().below(21)) {
            case 0: return lose_network(network);
            case 1: return partition(network, 0.5);
            case 2: return split(network, false);
            case 3: return split(network, true);
            case 4: return deafen(node, random().chance(0.5));
            case 5: return grey(network, 0.3);
            case 6: return grey(network, kHarmless);
            case 7: return lag(network);
            case 8: return stall_many();
            case 9: return restart_many();
            case 10: return drag(node);
            case 11: return lose_carrier(network);
            case 12:
            case 13: return rotate_keys();
            case 14:
            case 15: return heal(network);
            case 16:
            case 17: return heal_all();
            case 18: return suspend_many();
            case 19: return step_wall_clocks();
            case 20: return strike_together(node, network);
        }
    }

    // --- links
    void change(std::size_t from, std::size_t to, std::size_t network, const Change& what) {
        if (from == to) return;
        what(world_.link(from, to, network));
        checkers_.handle_link_change(from, to, network);
        judge(from, to, network);
    }

    // Whether the pair's path is disturbed, as the checker of false downs has it.
    void judge(std::size_t a, std::size_t b, std::size_t network) {
        auto harmless = [](const LinkState& l) {
            return !l.is_cut && l.loss <= kHarmless && l.jitter <= 1ms && l.delay <= 10ms;
        };
        bool is_well = harmless(world_.link(a, b, network)) && harmless(world_.link(b, a, network));
        is_well ? checkers_.calm(a, b, network) : checkers_.disturb(a, b, network);
    }

    void change_all(std::size_t network, const Change& what) {
        for (std::size_t a = 0; a < nodes(); ++a)
            for (std::size_t b = 0; b < nodes(); ++b) change(a, b, network, what);
    }

    void lose_network(std::size_t network) {
        say("a network is lost", 0, network);
        change_all(network, [](LinkState& l) { l.is_cut = true; });
    }

    void partition(std::size_t network, double share) {
        say("some directions are cut", 0, network);
        change_all(network, [&](LinkState& l) { l.is_cut = random().chance(share); });
    }

    void split(std::size_t network, bool everywhere) {
        say(everywhere ? "the cluster is split" : "a network is split", 0, network);
        std::size_t half = 1 + random().below(nodes() - 1);
        for (std::size_t net = 0; net < networks(); ++net) {
            if (net != network && !everywhere) continue;
            for (std::size_t a = 0; a < half; ++a)
                for (std::size_t b = half; b < nodes(); ++b)
                    for (auto [from, to] : {std::pair(a, b), std::pair(b, a)})
                        change(from, to, net, [](LinkState& l) { l.is_cut = true; });
        }
    }

    void deafen(std::size_t node, bool is_deaf) {
        say(is_deaf ? "a node is deaf" : "a node is dumb", node, 0);
        for (std::size_t net = 0; net < networks(); ++net)
            for (std::size_t other = 0; other < nodes(); ++other)
                is_deaf ? change(other, node, net, [](LinkState& l) { l.is_cut = true; })
                        : change(node, other, net, [](LinkState& l) { l.is_cut = true; });
    }

    void grey(std::size_t network, double most) {
        say(most > kHarmless ? "a network is grey" : "a network loses a little", 0, network);
        change_all(network, [&](LinkState& l) {
            l.loss = most * static_cast<double>(random().below(100)) / 100.0;
        });
    }

    void lag(std::size_t network) {
        say("a network lags, jitters and duplicates", 0, network);
        Duration delay = random().between(0ms, 60ms);
        Duration jitter = random().between(0ms, 40ms);
        change_all(network, [&](LinkState& l) {
            l.delay = 100us + delay;
            l.jitter = 20us + jitter;
            l.duplication = 0.2;
        });
    }

    void heal(std::size_t network) {
        say("a network is healed", 0, network);
        change_all(network, [](LinkState& l) { l = LinkState{}; });
    }

    void heal_all() {
        for (std::size_t net = 0; net < networks(); ++net) heal(net);
    }

    // --- nodes
    std::vector<std::size_t> some_nodes() {
        std::vector<std::size_t> chosen;
        double share = random().chance(0.2) ? 1.0 : 0.4;
        for (std::size_t i = 0; i < nodes(); ++i)
            if (random().chance(share)) chosen.push_back(i);
        return chosen;
    }

    void fault_everybody(Duration how_long) {
        for (std::size_t i = 0; i < nodes(); ++i)
            checkers_.handle_node_fault(i, world_.now() + how_long);
    }

    void stall_many() {
        for (std::size_t node : some_nodes()) {
            say("a node stalls", node, 0);
            Duration pause = random().between(1ms, 8s);
            checkers_.handle_node_fault(node, world_.now() + pause);
            world_.stall(node, pause);
        }
    }

    void suspend_many() {
        for (std::size_t node : some_nodes()) {
            say("a node is suspended", node, 0);
            Duration pause = random().between(100ms, 20s);
            checkers_.handle_node_fault(node, world_.now() + pause);
            world_.suspend(node, pause);
            asleep_until_ = std::max(asleep_until_, world_.now() + pause);
        }
    }

    // No excuse: nothing depends on it while a node runs.
    void step_wall_clocks() {
        for (std::size_t node : some_nodes()) {
            say("a wall clock is set", node, 0);
            world_.step_wall_clock(node, random().between(0s, 4h) - Duration(2h));
        }
    }

    // A rack: its nodes restart or hang while one network is away and another is bad.
    void strike_together(std::size_t node, std::size_t network) {
        lose_network(network);
        grey((network + 1) % networks(), 0.3);
        step(random().between(0ms, 300ms));
        random().chance(0.5) ? restart_many() : stall_many();
        deafen(node, random().chance(0.5));
    }

    void restart_many() {
        auto chosen = some_nodes();
        for (std::size_t node : chosen) {
            say("a node restarts", node, 0);
            checkers_.handle_node_fault(node, world_.now() + 8s);
            if (random().chance(0.5)) world_.announce_restart(node);
            if (random().chance(0.5)) step(random().between(0ms, 5ms));
            world_.stop(node);
            if (random().chance(0.3))
                world_.set_wall_clock(node, random().between(0s, 2h) - Duration(1h));
        }
        for (std::size_t node : chosen) {
            step(random().between(0ms, 1s));
            world_.start(node);
            checkers_.handle_node_fault(node, world_.now() + 5s);
        }
    }

    // A node that gets the processor late, again and again.
    void drag(std::size_t node) {
        say("a node is slow", node, 0);
        for (int i = 0; i < 40; ++i) {
            Duration pause = random().between(1ms, 50ms);
            checkers_.handle_node_fault(node, world_.now() + pause);
            world_.stall(node, pause);
            step(pause + random().between(1ms, 20ms));
        }
    }

    void lose_carrier(std::size_t network) {
        say("a switch is without power", 0, network);
        fault_everybody(1s);
        for (std::size_t i = 0; i < nodes(); ++i) world_.set_carrier(i, network, false);
        step(random().between(10ms, 3s));
        fault_everybody(3s);
        for (std::size_t i = 0; i < nodes(); ++i) world_.set_carrier(i, network, true);
    }

    // One node at a time; all of a step before the next: old, old and new, new and old, new.
    void rotate_keys() {
        std::uint8_t next = static_cast<std::uint8_t>(key_ + 1);
        std::array<std::vector<std::uint8_t>, 3> steps = {
            std::vector<std::uint8_t>{key_, next}, {next, key_}, {next}};
        say("the cluster key changes", rotated_, 0);
        world_.reload_cluster_keys(rotated_, steps[rotation_]);
        if (++rotated_ < nodes()) return;
        rotated_ = 0;
        if (++rotation_ < steps.size()) return;
        rotation_ = 0;
        key_ = next;
    }

    void calm_down() {
        world_.heal_everything();
        for (std::size_t net = 0; net < networks(); ++net) heal(net);
        fault_everybody(std::max(asleep_until_ - world_.now(), Duration{}) + Checkers::kRecovery);
    }

    StormSettings settings_;
    Promises checkers_;
    World world_;
    Bounds bounds_;
    TimePoint next_fault_{};
    TimePoint asleep_until_{};
    std::uint8_t key_ = 1;
    std::size_t rotation_ = 0;
    std::size_t rotated_ = 0;
};

std::size_t nodes_of(Random& random) {
    std::uint64_t dice = random.below(1000);
    if (dice < 2) return 17 + random.below(48);
    if (dice < 10) return 9 + random.below(8);
    if (dice < 80) return 5 + random.below(4);
    return 2 + random.below(3);
}

NodeTraits traits_of(Random& random) {
    NodeTraits traits;
    if (random.chance(0.5))
        traits.clock_ppm = static_cast<std::int64_t>(random.below(40'001)) - 20'000;
    traits.clock_offset = random.between(0s, 1000h);
    if (random.chance(0.15)) traits.version = Version::older;
    if (random.chance(0.15)) traits.version = Version::newer;
    return traits;
}

}  // namespace

StormResult run_tempest(const StormSettings& settings) { return Tempest(settings).run(); }

StormSettings tempest_of(std::uint64_t seed, Duration length) {
    static constexpr std::array<Timing, 4> kTimings = {Timing{100ms, 5}, Timing{50ms, 5},
                                                       Timing{250ms, 5}, Timing{100ms, 5}};
    Random random(seed ^ 0x7e3b);
    StormSettings settings;
    settings.world.seed = seed;
    settings.world.has_real_handshakes = seed % kRealHandshakes == 0;
    settings.world.nodes = nodes_of(random);
    settings.world.networks = 1 + random.below(3);
    settings.world.lists_all_endpoints = true;
    settings.world.timing = kTimings[random.below(kTimings.size())];
    // The work grows with the pairs.
    settings.length = settings.world.nodes > 16 ? std::min<Duration>(length, 20s) : length;
    for (std::size_t i = 0; i < settings.world.nodes; ++i)
        settings.world.traits.push_back(traits_of(random));
    settings.world.traffic = any_rule(random);
    return settings;
}

}  // namespace netft::sim
