// Scenarios of relays: two nodes that do not reach each other, and a third that reaches both.
#include "tests/sim/scenarios.hpp"
#include "tests/sim/stage.hpp"

namespace netft::sim {

namespace {

constexpr Duration kDetection = 500ms;  // 5 × 100 ms

WorldSettings four_nodes(std::uint64_t seed) {
    return {.nodes = 4, .networks = 2, .timing = {100ms, 5}, .seed = seed};
}

// No direct route between two nodes.
void part(Stage& s, std::size_t a, std::size_t b, bool parted = true) {
    for (std::size_t network = 0; network < 2; ++network) cut_pair(s, a, b, network, parted);
}

// Its cable: to everybody, on one network.
void pull(Stage& s, std::size_t node, std::size_t network, bool pulled = true) {
    for (std::size_t other = 0; other < s.world.settings().nodes; ++other)
        if (other != node) cut_pair(s, node, other, network, pulled);
}

// Every 10 ms a frame each way between the first two; none may be lost or come twice.
void carries(Stage& s, const std::string& when, int frames = 100) {
    std::uint64_t before = s.checkers.delivered();
    std::uint64_t sent = 0;
    for (int i = 0; i < frames; ++i) {
        sent += s.world.send_frame(0, 1, 20'000);
        sent += s.world.send_frame(1, 0, 64);
        s.run(10ms);
    }
    s.run(50ms);
    s.expect(sent == 2u * static_cast<unsigned>(frames) && s.checkers.delivered() == before + sent,
             when + ": " + std::to_string(s.checkers.delivered() - before) + " of " +
                 std::to_string(2 * frames) + " frames arrived");
}

void expect_gap(Stage& s, const std::string& when, Duration bound,
                const std::function<void()>& fault) {
    Duration gap = s.gap_after(fault);
    s.expect(gap <= bound, when + ": gap of " + std::to_string(to_ms(gap)) + " ms");
}

std::uint64_t relayed(Stage& s) { return s.world.node(0).relayed + s.world.node(1).relayed; }

// The node that n1 sends its frames for n2 through.
std::size_t relay_of(Stage& s) {
    auto way = s.world.node(0).engine->relay_to(s.world.peer_id(1));
    s.expect(way.has_value(), "n1 has no relay to n2");
    return way ? way->relay.value : 2;
}

Violations a_third_node_joins_two_that_have_no_network_in_common() {
    Stage s({.nodes = 3, .networks = 2, .timing = {100ms, 5}, .seed = 101});
    pull(s, 0, 0);
    s.run(2s);
    carries(s, "one cable pulled");
    s.expect(relayed(s) == 0, "a direct route was up, and the relay in use");
    expect_gap(s, "second cable pulled", kDetection + 10ms, [&s] { pull(s, 1, 1); });
    std::uint64_t before = relayed(s);
    carries(s, "relayed");
    s.expect(relayed(s) == before + 200, "frames went by another way");
    pull(s, 0, 0, false);
    pull(s, 1, 1, false);
    s.run(3s);
    before = relayed(s);
    carries(s, "healed");
    s.expect(relayed(s) == before, "a direct route is up, and the relay in use");
    s.checkers.check_all_up("healed");
    return s.checkers.violations();
}

Violations a_relay_that_dies_is_left_as_fast_as_a_route() {
    Stage s(four_nodes(102));
    part(s, 0, 1);
    s.run(2s);
    carries(s, "relayed");
    std::size_t first = relay_of(s);
    expect_gap(s, "relay killed", kDetection + 10ms, [&s, first] { s.world.stop(first); });
    s.expect(relay_of(s) != first, "the dead relay is still in use");
    s.world.start(first);
    s.run(2s);
    carries(s, "relay back");
    // One that lives but has lost the target, or us.
    std::size_t second = relay_of(s);
    expect_gap(s, "relay lost the target", kDetection + 10ms, [&s, second] { part(s, second, 1); });
    part(s, second, 1, false);
    s.run(3s);
    std::size_t third = relay_of(s);
    expect_gap(s, "relay lost us", kDetection + 10ms, [&s, third] { part(s, 0, third); });
    return s.checkers.violations();
}

Violations a_relay_restarts_again_and_again() {
    Stage s(four_nodes(103));
    part(s, 0, 1);
    s.run(2s);
    for (int i = 0; i < 10; ++i) {
        std::size_t relay = relay_of(s);
        s.world.stop(relay);
        s.run(Duration(1ms) * (1 + 97 * i));
        s.world.start(relay);
        s.run(1s);
        carries(s, "1 s after restart " + std::to_string(i), 20);
    }
    return s.checkers.violations();
}

Violations only_a_node_that_reaches_the_target_is_asked() {
    Stage s(four_nodes(104));
    part(s, 0, 1);
    part(s, 2, 1);
    s.run(2s);
    carries(s, "one possible relay");
    s.expect(relay_of(s) == 3, "another node than n4 was taken");
    s.expect(s.world.node(2).forwarded == 0, "n3, that cannot reach n2, was asked");
    part(s, 3, 1);
    s.run(2s);
    s.expect(!s.world.send_frame(0, 1, 64), "n2, that nobody reaches, is not called unreachable");
    return s.checkers.violations();
}

Violations relayed_sessions_are_renewed_and_reopened() {
    Stage s({.nodes = 3, .networks = 2, .timing = {100ms, 5}, .seed = 105, .rekey_after = 20s});
    part(s, 0, 1);
    s.run(2s);
    carries(s, "relayed for two minutes", 12'000);
    auto sessions = s.world.node(0).coordinator->peers()[0].sessions_opened;
    s.expect(sessions >= 4, "keys were renewed " + std::to_string(sessions) + " times");
    s.world.stop(0);
    s.run(1s);
    s.world.start(0);
    s.run(4s);
    carries(s, "restarted behind the relay");
    return s.checkers.violations();
}

Violations without_relays_nobody_forwards() {
    WorldSettings settings = four_nodes(106);
    settings.relay = false;
    Stage s(settings);
    s.world.on_wire = [&s](std::size_t, std::size_t, std::size_t, Bytes datagram) {
        s.expect((datagram[0] & 15) != 7, "a relay datagram was sent");
    };
    part(s, 0, 1);
    s.run(2s);
    s.expect(!s.world.send_frame(0, 1, 64), "n2 is reached without relays");
    return s.checkers.violations();
}

Violations a_node_of_an_older_version_is_no_relay() {
    WorldSettings settings = four_nodes(107);
    settings.traits = {{}, {}, {.version = Version::older}, {.version = Version::newer}};
    Stage s(settings);
    s.world.on_wire = [&s](std::size_t, std::size_t to, std::size_t, Bytes datagram) {
        s.expect((datagram[0] & 15) != 7 || to != 2, "an older node was sent a relay datagram");
    };
    part(s, 0, 1);
    s.run(2s);
    carries(s, "relayed by the newer node");
    s.expect(relay_of(s) == 3, "the older node was chosen");
    part(s, 0, 3);
    s.run(2s);
    s.expect(!s.world.send_frame(0, 1, 64), "n2 is reached by way of an older node");
    return s.checkers.violations();
}

// Each hop is one relay datagram, whoever could relay whom; nothing is passed on twice.
Violations everybody_relays_for_everybody_and_nothing_goes_round() {
    Stage s({.nodes = 6, .networks = 1, .timing = {100ms, 5}, .seed = 108});
    for (std::size_t a = 0; a < 6; a += 2) cut_pair(s, a, a + 1, 0, true);
    s.run(2s);
    std::uint64_t hops = 0;
    s.world.on_wire = [&hops](std::size_t, std::size_t, std::size_t, Bytes datagram) {
        hops += (datagram[0] & 15) == 7 && datagram[kHeaderSize] != 3;
    };
    std::uint64_t before = s.checkers.delivered();
    for (int i = 0; i < 200; ++i) {
        for (std::size_t a = 0; a < 6; ++a) s.world.send_frame(a, a ^ 1, 64);
        s.run(5ms);
    }
    s.run(100ms);
    s.expect(s.checkers.delivered() - before == 1200, "frames were lost");
    s.expect(hops == 2400, std::to_string(hops) + " hops for 1,200 frames");
    return s.checkers.violations();
}

Violations lossy_duplicating_reordering_relays_deliver_once() {
    Stage s(four_nodes(109));
    part(s, 0, 1);
    s.run(2s);
    std::uint64_t before = s.checkers.delivered();
    for (std::size_t relay : {2, 3})
        for (std::size_t end : {0, 1})
            for (std::size_t network : {0, 1})
                for (LinkState* link :
                     {&s.world.link(end, relay, network), &s.world.link(relay, end, network)}) {
                    link->loss = 0.01;
                    link->duplication = 0.5;
                    link->jitter = 5ms;
                }
    for (int i = 0; i < 3000; ++i) {
        s.world.send_frame(0, 1, 64);
        s.world.send_frame(1, 0, 3000);
        s.run(1ms);
    }
    s.run(1s);
    std::uint64_t arrived = s.checkers.delivered() - before;  // the checkers see what comes twice
    s.expect(arrived > 5400 && arrived <= 6000, std::to_string(arrived) + " of 6,000 arrived");
    return s.checkers.violations();
}

}  // namespace

std::vector<Scenario> relay_scenarios() {
    return {
#define NETFT_SCENARIO(name) {#name, name}
        NETFT_SCENARIO(a_third_node_joins_two_that_have_no_network_in_common),
        NETFT_SCENARIO(a_relay_that_dies_is_left_as_fast_as_a_route),
        NETFT_SCENARIO(a_relay_restarts_again_and_again),
        NETFT_SCENARIO(only_a_node_that_reaches_the_target_is_asked),
        NETFT_SCENARIO(relayed_sessions_are_renewed_and_reopened),
        NETFT_SCENARIO(without_relays_nobody_forwards),
        NETFT_SCENARIO(a_node_of_an_older_version_is_no_relay),
        NETFT_SCENARIO(everybody_relays_for_everybody_and_nothing_goes_round),
        NETFT_SCENARIO(lossy_duplicating_reordering_relays_deliver_once),
#undef NETFT_SCENARIO
    };
}

}  // namespace netft::sim
