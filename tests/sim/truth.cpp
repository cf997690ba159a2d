#include "tests/sim/truth.hpp"

#include <functional>

#include "routing/topology/why.hpp"
#include "tests/sim/checkers.hpp"
#include "tests/sim/world.hpp"

namespace netft::sim {

namespace {

// How long claims may differ from the truth: detection, reports, relays after a node's end.
constexpr Duration kSettle = 6s;
constexpr Duration kHeal = 10s;
constexpr std::size_t kFrame = 200;

// Only frames are of interest here.
class Frames : public Observer {
 public:
    void on_transition(std::size_t, const core::RouteTransition&) override {}
    void on_delivery(const Delivery& delivery) override {
        if (delivery.intact) last_ = {delivery.from, delivery.to};
    }
    void on_violation(const std::string& what) override { violations_.push_back(what); }

    bool take(std::size_t from, std::size_t to) {
        bool came = last_ == std::pair(from, to);
        last_ = kNone;
        return came;
    }
    const std::vector<std::string>& violations() const { return violations_; }

 private:
    static constexpr std::pair<std::size_t, std::size_t> kNone{~0u, ~0u};
    std::pair<std::size_t, std::size_t> last_ = kNone;
    std::vector<std::string> violations_;
};

WorldSettings world_of(std::uint64_t seed) {
    Random random(seed ^ 0x7274);
    WorldSettings settings;
    settings.seed = seed;
    settings.nodes = 2 + random.below(4);
    settings.networks = 1 + random.below(3);
    settings.has_real_handshakes = seed % 50 == 0;
    settings.rekey_after = 120s;
    settings.lists_all_endpoints = true;  // who restarts while the first is lost must be found
    settings.relay = random.chance(0.8);
    return settings;
}

class Meter {
 public:
    explicit Meter(std::uint64_t seed) : settings_(world_of(seed)), world_(settings_, frames_) {}

    TruthResult run() {
        settle(3s);
        for (std::uint64_t i = 0; i < kStatesPerWorld && result_.lies.empty(); ++i) {
            disturb();
            settle(kSettle);
            judge("");
            heal();
            settle(kHeal);
            judge("healed: ");
            ++result_.states;
        }
        for (const std::string& violation : frames_.violations()) result_.lies.push_back(violation);
        return std::move(result_);
    }

 private:
    void settle(Duration how_long) { world_.run_until(world_.now() + how_long); }
    std::size_t any_node() { return world_.random().below(settings_.nodes); }
    std::size_t any_network() { return world_.random().below(settings_.networks); }

    void disturb() {
        deeds_.clear();
        std::uint64_t count = 1 + world_.random().below(3);
        for (std::uint64_t i = 0; i < count || deeds_.empty(); ++i) do_any();
    }

    void do_any() {
        std::size_t a = any_node(), b = any_node(), network = any_network();
        std::string where = "n" + std::to_string(a + 1) + " net" + std::to_string(network);
        switch (world_.random().below(8)) {
            case 0: return cut_pair(a, b, network, true);
            case 1: return cut_pair(a, b, network, false);
            case 2: return cut_cable(where, a, network);
            case 3: return say("carrier " + where), world_.set_carrier(a, network, false);
            case 4: return say("address " + where), world_.set_address(a, network, false);
            case 5: return say("end of " + where), world_.stop(a);
            case 6: return restart(where, a);
            case 7: return forget_for_a_while(where, a, b);
        }
    }

    void say(std::string what) { deeds_ += (deeds_.empty() ? "" : "; ") + what; }

    void cut_pair(std::size_t a, std::size_t b, std::size_t network, bool both) {
        if (a == b) return;
        say((both ? "cut n" : "one way cut n") + std::to_string(a + 1) + " n" +
            std::to_string(b + 1) + " net" + std::to_string(network));
        world_.link(a, b, network).is_cut = true;
        if (both) world_.link(b, a, network).is_cut = true;
    }

    void cut_cable(const std::string& where, std::size_t a, std::size_t network) {
        say("silent " + where);
        for (std::size_t b = 0; b < settings_.nodes; ++b) {
            world_.link(a, b, network).is_cut = true;
            world_.link(b, a, network).is_cut = true;
        }
    }

    void restart(const std::string& where, std::size_t a) {
        say("restart of " + where);
        world_.stop(a);
        settle(world_.random().between(1ms, 2s));
        world_.start(a);
    }

    // A configuration that was wrong for a while, on one node.
    void forget_for_a_while(const std::string& where, std::size_t a, std::size_t b) {
        if (a == b || !world_.node(a).running) return;
        say(where + " forgets n" + std::to_string(b + 1) + " for a while");
        world_.reload_without(a, b);
        settle(world_.random().between(1ms, 2s));
        world_.reload_without(a, settings_.nodes);  // none
    }

    void heal() {
        world_.heal_everything();
        for (std::size_t i = 0; i < settings_.nodes; ++i) {
            for (std::size_t net = 0; net < settings_.networks; ++net) {
                world_.set_carrier(i, net, true);
                world_.set_address(i, net, true);
            }
            world_.start(i);
            world_.node(i).coordinator->undamp("");
        }
        deeds_ = "healed after " + deeds_;
    }

    bool runs(std::size_t i) { return world_.node(i).running; }

    bool is_joined(std::size_t a, std::size_t b, std::size_t network) {
        const SimNode &here = world_.node(a), &there = world_.node(b);
        return here.running && there.running && here.carrier[network] && there.carrier[network] &&
               here.has_address[network] && there.has_address[network] &&
               !world_.link(a, b, network).is_cut && !world_.link(b, a, network).is_cut;
    }

    std::size_t networks_between(std::size_t a, std::size_t b) {
        std::size_t count = 0;
        for (std::size_t net = 0; net < settings_.networks; ++net) count += is_joined(a, b, net);
        return count;
    }

    // By a third node, of more than one that are joined to both.
    bool is_relayed(std::size_t a, std::size_t b) {
        if (!settings_.relay || settings_.nodes < 3) return false;
        for (std::size_t c = 0; c < settings_.nodes; ++c)
            if (c != a && c != b && networks_between(a, c) > 0 && networks_between(c, b) > 0)
                return true;
        return false;
    }

    void judge(const std::string& when) {
        for (std::size_t a = 0; a < settings_.nodes; ++a) {
            if (!runs(a)) continue;
            judge_routes(when, a);
            for (std::size_t b = 0; b < settings_.nodes; ++b)
                if (b != a && runs(b)) judge_peer(when, a, b);
        }
    }

    void lie(const std::string& when, std::size_t a, const std::string& what) {
        result_.lies.push_back(
            when + "n" + std::to_string(a + 1) + " of " + std::to_string(settings_.nodes) + " on " +
            std::to_string(settings_.networks) + ": " + what + "   (" + deeds_ + ")");
    }

    void judge_routes(const std::string& when, std::size_t a) {
        for (const core::RouteReport& route : world_.routes(a)) {
            auto place = world_.place_of(a, route.id);
            if (!place) continue;
            bool is_up = route.state == BfdState::up;
            if (is_up != is_joined(a, place->peer, place->network))
                lie(when, a,
                    "the route to n" + std::to_string(place->peer + 1) + " on net" +
                        std::to_string(place->network) + (is_up ? " is up" : " is down"));
        }
    }

    void judge_peer(const std::string& when, std::size_t a, std::size_t b) {
        bool truth = networks_between(a, b) > 0 || is_relayed(a, b);
        std::string name = "n" + std::to_string(b + 1);
        if (gets_through(a, b) != truth)
            lie(when, a, "frames to " + name + (truth ? " are lost" : " get through"));
        bool is_claimed = claims_to_reach(a, b);
        if (is_claimed != truth)
            lie(when, a, name + (is_claimed ? " is called reachable" : " is called unreachable"));
        if (networks_between(a, b) == 0) return;  // who cannot be asked cannot tell
        bool is_whole = networks_between(a, b) == settings_.networks;
        std::string fault = fault_found(a, b);
        if (fault.empty() != is_whole)
            lie(when, a, "why " + name + ": " + (fault.empty() ? "nothing is wrong" : fault));
    }

    bool gets_through(std::size_t a, std::size_t b) {
        bool came = false;
        for (int i = 0; i < 3; ++i) {
            frames_.take(a, b);
            if (!world_.send_frame(a, b, kFrame)) return false;
            settle(20ms);
            came = frames_.take(a, b) || came;
        }
        return came;
    }

    bool claims_to_reach(std::size_t a, std::size_t b) {
        for (const core::PeerView& peer : world_.node(a).coordinator->peers())
            if (peer.name == "n" + std::to_string(b + 1))
                return peer.reachable || !peer.relay.empty();
        return false;
    }

    // What `why` says; empty: nothing is wrong.
    std::string fault_found(std::size_t a, std::size_t b) {
        routing::ClusterView view = world_.node(a).coordinator->cluster_view(world_.local_now(a));
        for (std::size_t i = 0; i < view.nodes.size(); ++i) {
            if (view.nodes[i].name != "n" + std::to_string(b + 1)) continue;
            routing::Finding first = routing::why(view, 0, i).findings[0];
            return first.culprit == routing::Culprit::none ? "" : first.text;
        }
        return "no such node";
    }

    WorldSettings settings_;
    Frames frames_;
    World world_;
    std::string deeds_;
    TruthResult result_;
};

}  // namespace

TruthResult measure_truth(std::uint64_t seed) { return Meter(seed).run(); }

}  // namespace netft::sim
