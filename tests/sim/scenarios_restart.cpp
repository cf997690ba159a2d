// Scenarios of restarts that the peers were told of.
#include "netft/core/route.hpp"
#include "tests/sim/scenarios.hpp"
#include "tests/sim/stage.hpp"

namespace netft::sim {

namespace {

constexpr Duration kBound = core::Route::kRestartTime;

void restart(Stage& s, std::size_t node, Duration away) {
    s.world.announce_restart(node);
    s.run(1ms);  // the word is on its way
    s.world.stop(node);
    s.run(away);
    s.world.start(node);
}

// Frames from 0 to 1 each millisecond while node 1 restarts: none is refused, and those are lost
// that were under way in the gap.
Violations an_announced_restart_takes_no_route_down() {
    for (auto security : {SecurityMode::encrypt, SecurityMode::none}) {
        Stage s({.nodes = 3, .networks = 2, .seed = 51, .security = security});
        for (int i = 0; i < 20; ++i) {
            std::uint64_t flaps = s.flaps(0) + s.flaps(2);
            Duration away = 20ms * (i % 5);
            std::uint64_t before = s.checkers.delivered();
            std::uint64_t sent = 0;
            std::uint64_t asked = 0;
            auto send = [&] {
                ++asked;
                sent += s.world.send_frame(0, 1, 64);
                s.run(1ms);
            };
            s.world.announce_restart(1);
            send();
            s.world.stop(1);
            for (Duration d{}; d < away; d += 1ms) send();
            s.world.start(1);
            for (int ms = 0; ms < 300; ++ms) send();
            s.run(10ms);
            std::uint64_t lost = asked - (s.checkers.delivered() - before);
            s.expect(sent == asked, "a frame to the restarting node was refused");
            s.expect(lost <= static_cast<std::uint64_t>(to_ms(away)) + 3,
                     "away for " + std::to_string(to_ms(away)) + " ms: " + std::to_string(lost) +
                         " frames lost");
            s.expect(s.flaps(0) + s.flaps(2) == flaps, "a route flapped at a peer");
            s.checkers.check_all_up("300 ms after an announced restart");
        }
        if (!s.checkers.violations().empty()) return s.checkers.violations();
    }
    return {};
}

// Both ends know each other again a round trip and a half after the handshake's.
Violations a_restarted_node_is_back_in_three_round_trips() {
    Stage s({.nodes = 2, .networks = 2, .seed = 52});
    for (auto [from, to] : {std::pair(0, 1), std::pair(1, 0)})
        for (std::size_t net : {0, 1}) s.world.link(from, to, net) = {.delay = 5ms, .jitter = 0ms};
    s.run(1s);
    restart(s, 1, 50ms);
    s.run(31ms);
    s.expect(s.up(1) == 2, "the restarted node's routes are not up after three round trips");
    s.expect(s.world.send_frame(1, 0, 64) && s.world.send_frame(0, 1, 64), "frames are refused");
    return s.checkers.violations();
}

Violations who_announces_a_restart_and_stays_away_is_down_after_the_bound() {
    Stage s({.nodes = 3, .networks = 2, .seed = 53});
    s.world.announce_restart(1);
    s.run(1ms);
    s.world.stop(1);
    s.run(kBound - 10ms);
    s.expect(s.up(0) == 4, "an excused route went down early");
    s.expect(s.world.send_frame(0, 1, 64), "a frame was refused while the peer is excused");
    s.run(20ms);
    s.expect(s.up(0) == 2, "a route outlives its excuse");
    s.expect(!s.world.send_frame(0, 1, 64), "a frame to a dead node was taken");
    s.world.start(1);
    s.run(2s);
    s.checkers.check_all_up("2 s after the late return");
    return s.checkers.violations();
}

// Back, but deaf on one network: that route alone goes down, at the end of the excuse.
Violations a_path_that_broke_during_the_restart_is_found() {
    Stage s({.nodes = 2, .networks = 2, .seed = 54});
    s.world.announce_restart(1);
    s.run(1ms);
    s.world.stop(1);
    cut_pair(s, 0, 1, 0, true);
    s.run(50ms);
    s.world.start(1);
    s.run(kBound + 1s);
    s.expect(s.up(0) == 1 && s.up(1) == 1, "the cut route is up, or the other is down");
    return s.checkers.violations();
}

Violations a_restart_given_up_is_forgotten() {
    Stage s({.nodes = 2, .networks = 2, .timing = {100ms, 5}, .seed = 55});
    std::uint64_t flaps = s.flaps(0);
    s.world.announce_restart(1);
    s.run(100ms);
    s.world.announce_restart(1, false);
    s.run(kBound + 1s);
    s.expect(s.flaps(0) == flaps && s.up(0) == 2, "a route flapped");
    Duration gap = s.gap_after([&s] { cut_pair(s, 0, 1, 0, true); });
    s.expect(gap <= 600ms, "a cut was still excused: gap of " + std::to_string(to_ms(gap)) + " ms");
    return s.checkers.violations();
}

// Two that restart together each excuse nobody for longer than the bound, and find each other.
Violations all_announce_and_restart_at_once() {
    for (std::uint64_t seed = 56; seed < 60; ++seed) {
        Stage s({.nodes = 6, .networks = 2, .seed = seed, .lists_all_endpoints = true});
        for (std::size_t i = 0; i < 6; ++i) s.world.announce_restart(i);
        s.run(1ms);
        for (std::size_t i = 0; i < 6; ++i) s.world.stop(i);
        for (std::size_t i = 0; i < 6; ++i) {
            s.run(s.world.random().between(0ms, 300ms));
            s.world.start(i);
        }
        s.run(3s);
        s.checkers.check_all_up("3 s after all restarted");
        if (!s.checkers.violations().empty()) return s.checkers.violations();
    }
    return {};
}

Violations older_and_newer_minor_versions_restart() {
    Stage s({.nodes = 4,
             .networks = 2,
             .seed = 60,
             .traits = {{.version = Version::older}, {.version = Version::newer}, {}, {}}});
    for (std::size_t node : {0, 1, 2}) {
        restart(s, node, 50ms);
        s.run(2s);
        s.checkers.check_all_up("announced restart of n" + std::to_string(node + 1));
    }
    return s.checkers.violations();
}

Violations five_hundred_announced_restarts_are_survived() {
    Stage s({.nodes = 3, .networks = 2, .seed = 61});
    std::uint64_t flaps = s.flaps(0) + s.flaps(2);
    for (int i = 0; i < 500; ++i) {
        restart(s, 1, Duration(1ms) * ((i * 37) % 1500));
        (void)s.world.send_frame(0, 1, 9000);
        (void)s.world.send_frame(1, 0, 9000);
        s.run(1s);
        s.checkers.check_all_up("1 s after restart " + std::to_string(i));
        if (!s.checkers.violations().empty()) break;
    }
    s.expect(s.flaps(0) + s.flaps(2) == flaps, "a route flapped at a peer");
    s.checkers.check_counters();
    return s.checkers.violations();
}

}  // namespace

std::vector<Scenario> restart_scenarios() {
    return {
#define NETFT_SCENARIO(name) {#name, name}
        NETFT_SCENARIO(an_announced_restart_takes_no_route_down),
        NETFT_SCENARIO(a_restarted_node_is_back_in_three_round_trips),
        NETFT_SCENARIO(who_announces_a_restart_and_stays_away_is_down_after_the_bound),
        NETFT_SCENARIO(a_path_that_broke_during_the_restart_is_found),
        NETFT_SCENARIO(a_restart_given_up_is_forgotten),
        NETFT_SCENARIO(all_announce_and_restart_at_once),
        NETFT_SCENARIO(older_and_newer_minor_versions_restart),
        NETFT_SCENARIO(five_hundred_announced_restarts_are_survived),
#undef NETFT_SCENARIO
    };
}

}  // namespace netft::sim
