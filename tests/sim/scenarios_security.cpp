// Scenarios of sessions: renewal, restarts, clones, a change of the cluster key, and an attacker
// who sees and sends whatever he likes.
#include <set>

#include "tests/sim/scenarios.hpp"
#include "tests/sim/stage.hpp"

namespace netft::sim {

namespace {

// Sends frames both ways between 0 and 1, one a millisecond each; all must arrive.
void carry_frames(Stage& s, Duration how_long, const std::string& what) {
    std::uint64_t before = s.checkers.delivered();
    std::uint64_t sent = 0;
    for (TimePoint end = s.world.now() + how_long; s.world.now() < end;) {
        sent += s.world.send_frame(0, 1, 3000);
        sent += s.world.send_frame(1, 0, 64);
        s.run(1ms);
    }
    s.run(50ms);
    s.expect(s.checkers.delivered() == before + sent,
             what + " lost " + std::to_string(before + sent - s.checkers.delivered()) + " frames");
}

std::uint64_t sessions_of(Stage& s, std::size_t node, std::size_t peer) {
    return s.world.node(node).coordinator->peers().at(peer).sessions_opened;
}

std::uint64_t drops_of(Stage& s, std::size_t node, DropReason reason) {
    SimNode& n = s.world.node(node);
    return n.coordinator->drops().of(reason) + n.engine->drops().of(reason);
}

Violations renewing_keys_every_second_loses_nothing() {
    Stage s({.nodes = 2, .seed = 31, .rekey_after = 1s});
    carry_frames(s, 60s, "renewal");
    std::uint64_t opened = sessions_of(s, 0, 0);
    s.expect(opened >= 50, "only " + std::to_string(opened) + " sessions in a minute");
    s.expect(s.flaps(0) == 2 && s.flaps(1) == 2, "a route flapped");
    return s.checkers.violations();
}

Violations keys_worn_by_use_are_renewed() {
    Stage s({.nodes = 2, .seed = 32, .rekey_after = 1h, .rekey_datagrams = 2000});
    carry_frames(s, 10s, "renewal by use");
    std::uint64_t opened = sessions_of(s, 0, 0);
    s.expect(opened >= 10, "only " + std::to_string(opened) + " sessions for 30,000 datagrams");
    return s.checkers.violations();
}

Violations renewal_survives_loss_and_reordering() {
    Stage s({.nodes = 2, .seed = 33, .rekey_after = 1s});
    for (std::size_t net : {0, 1})
        for (auto [a, b] : {std::pair(0, 1), std::pair(1, 0)}) {
            s.world.link(a, b, net).jitter = 20ms;
            s.world.link(a, b, net).duplication = 0.3;
        }
    s.run(1s);
    carry_frames(s, 60s, "renewal with 20 ms of jitter");
    s.run(1s);
    for (std::size_t net : {0, 1})
        for (auto [a, b] : {std::pair(0, 1), std::pair(1, 0)}) s.world.link(a, b, net).loss = 0.2;
    s.run(60s);
    s.expect(s.flaps(0) <= 6, "routes flapped at 20 % loss");
    s.expect(sessions_of(s, 0, 0) > 80, "renewal stopped at 20 % loss");
    return s.checkers.violations();
}

Violations a_thousand_restarts_are_survived() {
    Stage s({.nodes = 3, .seed = 34});
    for (int i = 0; i < 1000; ++i) {
        s.checkers.disturb_node(1, s.world.now() + 3600s);
        s.world.stop(1);
        s.run(Duration(1ms) * (1 + (i * 37) % 1500));
        s.world.start(1);
        s.run(1s);
        s.checkers.check_all_up("1 s after restart " + std::to_string(i));
        if (!s.checkers.violations().empty()) break;
    }
    return s.checkers.violations();
}

Violations restarts_with_the_clock_set_back_are_survived() {
    Stage s({.nodes = 3, .seed = 35});
    for (int i = 1; i <= 10; ++i) {
        s.world.stop(1);
        s.world.set_wall_clock(1, -24h * i);
        s.run(200ms);
        s.world.start(1);
        s.run(10s);
        s.checkers.check_all_up("10 s after a restart in the past");
    }
    return s.checkers.violations();
}

Violations the_cluster_key_changes_without_a_flap() {
    Stage s({.nodes = 3, .seed = 36, .rekey_after = 1s});
    using Keys = std::vector<std::uint8_t>;
    for (const Keys& keys : {Keys{1, 2}, Keys{2, 1}, Keys{2}})
        for (std::size_t node : {0, 1, 2}) {
            s.world.reload_cluster_keys(node, keys);
            carry_frames(s, 3s, "the change of the cluster key");
        }
    s.run(30s);
    for (std::size_t node : {0, 1, 2}) {
        s.expect(s.flaps(node) == 4, "a route flapped");
        s.expect(drops_of(s, node, DropReason::rx_wrong_cluster_key) == 0, "a key did not fit");
    }
    return s.checkers.violations();
}

Violations another_cluster_key_keeps_a_node_out() {
    Stage s({.nodes = 3, .seed = 37});
    s.world.stop(2);
    s.world.reload_cluster_keys(2, {9});
    s.world.start(2);
    s.run(10s);
    s.expect(s.up(2) == 0, "a node with another cluster key got in");
    s.expect(s.up(0) == 2 && s.up(1) == 2, "the others are not concerned");
    s.expect(drops_of(s, 0, DropReason::rx_wrong_cluster_key) > 0, "and it is counted");
    s.world.reload_cluster_keys(2, {1});
    s.run(10s);
    s.checkers.check_all_up("with the right key again");
    return s.checkers.violations();
}

Violations a_removed_node_loses_its_sessions_at_the_reload() {
    Stage s({.nodes = 3, .seed = 38});
    s.world.reload_without(0, 2);
    s.run(1ms);
    s.expect(!s.world.send_frame(0, 2, 64), "a removed node is still reachable");
    s.run(10s);
    s.expect(s.up(2) == 2, "the removed node has a route up to whom it was removed from");
    s.expect(drops_of(s, 0, DropReason::rx_unknown_node) > 0, "its attempts are counted");
    return s.checkers.violations();
}

Violations a_clone_is_refused_and_the_first_stays() {
    Stage s({.nodes = 4, .seed = 39, .last_is_clone = true});
    s.world.start(3);
    s.run(20s);
    std::uint64_t flaps = s.flaps(1);
    s.run(60s);
    s.expect(s.up(0) == 4, "the node that came first has its routes");
    s.expect(s.up(3) == 0, "the clone has a route up");
    s.expect(s.flaps(1) == flaps, "routes go on flapping");
    s.expect(drops_of(s, 1, DropReason::rx_cloned_node) > 0, "refusals are counted");
    s.world.stop(3);
    s.world.stop(0);
    s.run(1s);
    s.world.start(0);
    s.run(5s);
    s.expect(s.up(0) == 4, "a restart of the first is no clone");
    return s.checkers.violations();
}

// Everything that was ever sent comes again: later, from the right and from wrong addresses, back
// to its sender, with a bit changed, cut short.
Violations an_attacker_changes_nothing() {
    Stage s({.nodes = 3, .seed = 40, .rekey_after = 5s});
    struct Captured {
        std::size_t from, to, network;
        std::vector<std::uint8_t> bytes;
    };
    std::vector<Captured> captured;
    s.world.on_wire = [&](std::size_t from, std::size_t to, std::size_t network, Bytes bytes) {
        if (captured.size() < 20'000)
            captured.push_back({from, to, network, {bytes.begin(), bytes.end()}});
        else
            captured[s.world.random().below(captured.size())] = {
                from, to, network, {bytes.begin(), bytes.end()}};
    };
    std::uint64_t before = s.checkers.delivered();
    std::uint64_t sent = 0;
    for (int ms = 0; ms < 60'000; ++ms) {
        sent += s.world.send_frame(0, 1, 64);
        for (int i = 0; i < 4 && !captured.empty(); ++i) {
            Random& random = s.world.random();
            Captured c = captured[random.below(captured.size())];
            switch (random.below(5)) {
                case 0: break;  // as it was
                case 1: std::swap(c.from, c.to); break;
                case 2:
                    c.from = (c.from + 1) % 3 == c.to ? (c.from + 2) % 3 : (c.from + 1) % 3;
                    break;
                case 3: c.bytes[random.below(c.bytes.size())] ^= 1 << random.below(8); break;
                case 4: c.bytes.resize(random.below(c.bytes.size()) + 1); break;
            }
            s.world.inject(c.from, c.to, c.network, c.bytes);
        }
        s.run(1ms);
    }
    s.run(10ms);
    s.expect(s.checkers.delivered() == before + sent,
             "frames: " + std::to_string(sent) + " sent, " +
                 std::to_string(s.checkers.delivered() - before) + " delivered");
    for (std::size_t node : {0, 1, 2})
        s.expect(s.flaps(node) == 4, "n" + std::to_string(node + 1) + ": a route flapped");
    s.expect(sessions_of(s, 0, 0) >= 10, "keys were renewed all the while");
    return s.checkers.violations();
}

// Something between two nodes lets handshakes pass and no heartbeats.
Violations handshakes_alone_are_not_repeated_without_end() {
    Stage s({.nodes = 3, .seed = 41});
    for (std::size_t node : {0, 1, 2}) s.checkers.disturb_node(node, s.world.now() + 3600s);
    s.world.swallows = [](std::size_t from, std::size_t to, std::size_t, Bytes bytes) {
        bool is_heartbeat = (bytes[0] & 15) == static_cast<std::uint8_t>(MessageType::heartbeat);
        return is_heartbeat && from == 1 && to == 0;
    };
    s.run(30s);
    std::uint64_t before = sessions_of(s, 0, 0) + sessions_of(s, 1, 0);
    s.run(600s);
    std::uint64_t opened = sessions_of(s, 0, 0) + sessions_of(s, 1, 0) - before;
    // Renewals, every 20 s, are among them.
    s.expect(opened <= 80, std::to_string(opened) + " sessions in ten minutes");
    s.world.swallows = {};
    s.run(2s);
    s.checkers.check_all_up("2 s after heartbeats pass again");
    return s.checkers.violations();
}

// Everything passes but handshakes, for good.
Violations keys_that_cannot_be_renewed_end() {
    Stage s({.nodes = 2, .seed = 42, .rekey_after = 20s});
    for (std::size_t node : {0, 1}) s.checkers.disturb_node(node, s.world.now() + 3600s);
    s.world.swallows = [](std::size_t, std::size_t, std::size_t, Bytes bytes) {
        return (bytes[0] & 15) < static_cast<std::uint8_t>(MessageType::heartbeat);
    };
    s.run(200s);
    s.expect(s.world.send_frame(0, 1, 64), "the route is lost before its time");
    s.run(150s);
    s.expect(!s.world.send_frame(0, 1, 64), "the same keys are used for 350 s");
    s.expect(s.world.node(0).coordinator->peers().at(0).session_since == std::nullopt,
             "a session lives on");
    s.world.swallows = {};
    s.run(5s);
    s.checkers.check_all_up("5 s after handshakes pass again");
    return s.checkers.violations();
}

Violations a_restored_machine_sends_with_no_old_key() {
    Stage s({.nodes = 3, .seed = 43});
    carry_frames(s, 1s, "before");
    for (std::size_t node : {0, 1, 2}) s.checkers.disturb_node(node, s.world.now() + 3600s);
    std::set<std::uint32_t> former;  // as the peers call the sessions of node 0
    bool is_restored = false;
    std::uint64_t again = 0;
    s.world.on_wire = [&](std::size_t from, std::size_t, std::size_t, Bytes bytes) {
        DropReason why{};
        auto header = decode_header(bytes, why);
        if (from != 0 || !header || header->type < MessageType::heartbeat) return;
        if (!is_restored)
            former.insert(header->receiver.value);
        else
            again += former.count(header->receiver.value);
    };
    carry_frames(s, 1s, "before");
    is_restored = true;
    s.world.restore_machine(0);
    s.run(2s);
    s.expect(!former.empty() && again == 0,
             std::to_string(again) + " datagrams sealed with keys of before the snapshot");
    s.checkers.check_all_up("2 s after the restore");
    s.world.on_wire = {};
    carry_frames(s, 1s, "afterwards");
    return s.checkers.violations();
}

// Two machines that go on from one snapshot: the first that is back stays.
Violations a_copy_of_a_machine_is_a_clone() {
    Stage s({.nodes = 4, .seed = 44, .last_is_clone = true});
    for (std::size_t node : {0, 1, 2, 3}) s.checkers.disturb_node(node, s.world.now() + 3600s);
    s.world.restore_machine(0);
    s.world.start(3);
    s.run(60s);
    s.expect(s.up(0) + s.up(3) == 4, "one of the two has its routes, the other none");
    s.expect(s.up(0) == 0 || s.up(3) == 0, "both have routes");
    return s.checkers.violations();
}

}  // namespace

std::vector<Scenario> security_scenarios() {
#define NETFT_SCENARIO(name) \
    { #name, name }
    return {
        NETFT_SCENARIO(renewing_keys_every_second_loses_nothing),
        NETFT_SCENARIO(keys_worn_by_use_are_renewed),
        NETFT_SCENARIO(renewal_survives_loss_and_reordering),
        NETFT_SCENARIO(a_thousand_restarts_are_survived),
        NETFT_SCENARIO(restarts_with_the_clock_set_back_are_survived),
        NETFT_SCENARIO(the_cluster_key_changes_without_a_flap),
        NETFT_SCENARIO(another_cluster_key_keeps_a_node_out),
        NETFT_SCENARIO(a_removed_node_loses_its_sessions_at_the_reload),
        NETFT_SCENARIO(a_clone_is_refused_and_the_first_stays),
        NETFT_SCENARIO(an_attacker_changes_nothing),
        NETFT_SCENARIO(handshakes_alone_are_not_repeated_without_end),
        NETFT_SCENARIO(keys_that_cannot_be_renewed_end),
        NETFT_SCENARIO(a_restored_machine_sends_with_no_old_key),
        NETFT_SCENARIO(a_copy_of_a_machine_is_a_clone),
    };
#undef NETFT_SCENARIO
}

}  // namespace netft::sim
