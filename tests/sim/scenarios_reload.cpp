// Scenarios of configurations that change while nodes run.
#include "tests/sim/scenarios.hpp"
#include "tests/sim/stage.hpp"

namespace netft::sim {

namespace {

// `frames` a millisecond each way; how many of the last thousand arrived.
std::uint64_t carry(Stage& s, int milliseconds, int frames = 1) {
    for (int ms = 0; ms < milliseconds; ++ms) {
        for (int i = 0; i < frames; ++i) {
            (void)s.world.send_frame(0, 1, 64);
            (void)s.world.send_frame(1, 0, 64);
        }
        s.run(1ms);
    }
    std::uint64_t before = s.checkers.delivered();
    for (int i = 0; i < 500; ++i) {
        (void)s.world.send_frame(0, 1, 64);
        (void)s.world.send_frame(1, 0, 64);
        s.run(1ms);
    }
    s.run(10ms);
    return s.checkers.delivered() - before;
}

Violations a_node_taken_out_and_put_back_is_sent_data_that_it_takes() {
    Violations out;
    for (SecurityMode mode : {SecurityMode::none, SecurityMode::encrypt}) {
        Stage s({.nodes = 3, .networks = 2, .timing = {100ms, 5}, .seed = 411, .security = mode});
        s.expect(carry(s, 200, 1'000) == 1'000, "before");
        for (int round = 0; round < 3; ++round) {
            s.world.reload_without(0, 1);
            s.run(round % 2 == 0 ? 200ms : 5s);
            s.world.reload_with_all(0);
            std::uint64_t arrived = carry(s, 3'500);
            s.expect(arrived == 1'000, "put back, round " + std::to_string(round) + ": " +
                                           std::to_string(arrived) + " of 1000 arrived");
        }
        out.insert(out.end(), s.checkers.violations().begin(), s.checkers.violations().end());
    }
    return out;
}

// The relay says that it reaches the target, and it does; it passes nothing on.
Violations a_relay_that_swallows_is_left_for_another() {
    Stage s({.nodes = 4, .networks = 2, .timing = {100ms, 5}, .seed = 412});
    for (std::size_t network = 0; network < 2; ++network) cut_pair(s, 0, 1, network, true);
    s.expect(carry(s, 3'000) == 1'000, "relayed");
    auto way = s.world.node(0).engine->relay_to(s.world.peer_id(1));
    s.expect(way.has_value(), "no relay");
    if (!way) return s.checkers.violations();
    s.world.node(way->relay.value).swallows = true;
    std::uint64_t past = carry(s, 9'000);
    s.expect(past == 1'000, "past a relay that swallows: " + std::to_string(past));
    s.expect(carry(s, 20'000) == 1'000, "and it is not taken again");
    return s.checkers.violations();
}

}  // namespace

std::vector<Scenario> reload_scenarios() {
    return {
        {"a node taken out and put back is sent data that it takes",
         a_node_taken_out_and_put_back_is_sent_data_that_it_takes},
        {"a relay that swallows is left for another", a_relay_that_swallows_is_left_for_another},
    };
}

}  // namespace netft::sim
