// A member with keys that misbehaves: the others among themselves notice nothing.
#include "tests/sim/scenarios.hpp"
#include "tests/sim/stage.hpp"
#include "tests/sim/villain.hpp"

namespace netft::sim {

namespace {

constexpr std::size_t kHonest = 3;

std::uint64_t honest_flaps(Stage& s) {
    std::uint64_t sum = 0;
    for (std::size_t node = 0; node < kHonest; ++node)
        for (const core::RouteReport& route : s.world.routes(node))
            if (route.peer != s.world.peer_id(kHonest)) sum += route.transitions;
    return sum;
}

void misbehave(Stage& s, Duration how_long) {
    Villain villain(s.world, kHonest);
    std::uint64_t flaps = honest_flaps(s);
    std::uint64_t before = s.checkers.delivered();
    std::uint64_t sent = 0;
    std::size_t routes = 0;
    for (TimePoint end = s.world.now() + how_long; s.world.now() < end;) {
        for (std::size_t a = 0; a < kHonest; ++a)
            sent += s.world.send_frame(a, (a + 1) % kHonest, 64);
        for (std::uint64_t i = s.world.random().below(4); i > 0; --i) villain.strike();
        s.run(5ms);
        routes = std::max(routes, s.world.node(0).coordinator->routes().size());
    }
    s.run(50ms);
    std::uint64_t lost = before + sent - s.checkers.delivered();
    auto frames = static_cast<std::uint64_t>(how_long / 5ms) * kHonest;
    s.expect(sent == frames, "an honest node did not reach another");
    s.expect(lost == 0, std::to_string(lost) + " of " + std::to_string(sent) + " frames lost");
    s.expect(honest_flaps(s) == flaps, std::to_string(honest_flaps(s) - flaps) + " transitions");
    s.expect(routes <= 64, std::to_string(routes) + " routes");
    s.expect(s.world.node(0).coordinator->warnings().size() <= 64, "warnings without end");
    s.expect(villain.misdeeds() > 1000, "it did nothing");
}

Violations a_member_with_keys_harms_itself_alone() {
    Violations all;
    for (std::uint64_t seed = 120; seed < 122; ++seed) {
        Stage s({.nodes = kHonest + 1, .seed = seed});
        misbehave(s, 30s);
        s.world.stop(kHonest);
        s.run(1s);
        s.world.start(kHonest);  // an honest netftd with the same key
        s.run(20s);
        s.checkers.check_all_up("20 s after it came to reason");
        for (const std::string& v : s.checkers.violations())
            all.push_back("seed " + std::to_string(seed) + ": " + v);
    }
    return all;
}

}  // namespace

std::vector<Scenario> member_scenarios() {
    return {{"a_member_with_keys_harms_itself_alone", a_member_with_keys_harms_itself_alone}};
}

}  // namespace netft::sim
