// Policies: what is lost, what comes twice, what moves.
#include "tests/sim/scenarios.hpp"
#include "tests/sim/stage.hpp"

namespace netft::sim {

namespace {

// Frames both ways every millisecond for `how_long`; gives how many were lost.
std::uint64_t lost_in(Stage& s, Duration how_long, std::size_t bytes) {
    std::uint64_t before = s.checkers.delivered();
    std::uint64_t sent = 0;
    for (TimePoint end = s.world.now() + how_long; s.world.now() < end;) {
        sent += s.world.send_frame(0, 1, bytes) + s.world.send_frame(1, 0, bytes);
        s.run(1ms);
    }
    s.run(1s);
    return before + sent - s.checkers.delivered();
}

Violations duplicate_loses_nothing_when_a_network_is_cut() {
    for (std::size_t bytes : {64, 9'000}) {
        Stage s({.networks = 2, .seed = 31, .traffic = {core::Policy::duplicate}});
        cut_pair(s, 0, 1, 0, true);
        s.expect(lost_in(s, 5s, bytes) == 0, "a cut lost frames");
        cut_pair(s, 0, 1, 0, false);
        s.expect(lost_in(s, 8s, bytes) == 0, "healing lost frames");
        if (!s.checkers.violations().empty()) return s.checkers.violations();
    }
    return {};
}

Violations duplicate_small_frames_lose_nothing_and_large_ones_go_once() {
    Stage s({.nodes = 2, .networks = 2, .seed = 32, .traffic = {core::Policy::failover, 256}});
    auto sent_on = [&s](std::size_t network) {
        std::uint64_t sum = 0;
        for (const core::RouteReport& route : s.world.routes(0))
            if (s.world.place_of(0, route.id)->network == network) sum += route.data_sent;
        return sum;
    };
    (void)lost_in(s, 1s, 1'000);
    s.expect(sent_on(0) == 0 || sent_on(1) == 0, "large frames went over both networks");
    cut_pair(s, 0, 1, 0, true);
    s.expect(lost_in(s, 3s, 64) == 0, "a cut lost small frames");
    return s.checkers.violations();
}

Violations failover_costs_nothing_twice_in_steady_state() {
    Stage s({.nodes = 2, .networks = 2, .seed = 33});
    (void)lost_in(s, 10s, 64);
    std::uint64_t sent = 0;
    for (const core::RouteReport& route : s.world.routes(0)) sent += route.data_sent;
    s.expect(sent == 10'000, "frames were duplicated without a suspicion");
    return s.checkers.violations();
}

// Both networks lose a fifth: every route is suspect now and then, and copies help.
Violations failover_duplicates_while_all_routes_are_suspect() {
    Stage s({.nodes = 2, .networks = 2, .seed = 34});
    for (std::size_t network : {0, 1})
        for (std::size_t from : {0, 1}) s.world.link(from, 1 - from, network).loss = 0.2;
    std::uint64_t lost = lost_in(s, 20s, 64);
    s.expect(lost < 40'000 / 5, "copies did not help: " + std::to_string(lost) + " lost");
    return s.checkers.violations();
}

Violations spread_moves_flows_off_a_suspect_route() {
    Stage s({.nodes = 2, .networks = 2, .seed = 35, .traffic = {core::Policy::spread}});
    Duration gap = s.gap_after([&s] { cut_pair(s, 0, 1, 0, true); });
    s.expect(gap <= 350ms, "gap of " + std::to_string(to_ms(gap)) + " ms");
    cut_pair(s, 0, 1, 0, false);
    s.expect(lost_in(s, 8s, 64) == 0, "healing lost frames");
    return s.checkers.violations();
}

// Loss on one network, the other clean but late by so many datagrams: each frame once, none lost.
Violations duplicates_survive_loss_and_lag() {
    constexpr Duration kEvery = 100us;
    for (double loss : {0.0, 0.2, 0.8}) {
        for (int datagrams : {1, 100, 10'000}) {
            Stage s({.nodes = 2,
                     .networks = 2,
                     .timing = {100ms, 255},  // neither loss nor lag is to take a route down
                     .seed = 36,
                     .traffic = {core::Policy::duplicate}});
            s.run(5s);
            s.world.link(0, 1, 0).loss = loss;
            s.world.link(0, 1, 1).delay = kEvery * datagrams / 2;  // two datagrams a frame
            s.world.link(0, 1, 1).jitter = 0us;
            std::uint64_t before = s.checkers.delivered();
            std::uint64_t sent = 0;
            for (int i = 0; i < 8'000; ++i) {
                sent += s.world.send_frame(0, 1, 2'000);
                s.run(kEvery);
            }
            s.run(2s);
            s.expect(s.checkers.delivered() == before + sent,
                     std::to_string(before + sent - s.checkers.delivered()) + " lost at loss " +
                         std::to_string(loss) + ", lag " + std::to_string(datagrams));
            if (!s.checkers.violations().empty()) return s.checkers.violations();
        }
    }
    return {};
}

}  // namespace

std::vector<Scenario> policy_scenarios() {
    return {
#define NETFT_SCENARIO(name) {#name, name}
        NETFT_SCENARIO(duplicate_loses_nothing_when_a_network_is_cut),
        NETFT_SCENARIO(duplicate_small_frames_lose_nothing_and_large_ones_go_once),
        NETFT_SCENARIO(duplicates_survive_loss_and_lag),
        NETFT_SCENARIO(failover_costs_nothing_twice_in_steady_state),
        NETFT_SCENARIO(failover_duplicates_while_all_routes_are_suspect),
        NETFT_SCENARIO(spread_moves_flows_off_a_suspect_route),
#undef NETFT_SCENARIO
    };
}

}  // namespace netft::sim
