#include "tests/sim/checkers.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace netft::sim {

Checkers::Pair Checkers::pair(std::size_t a, std::size_t b, std::size_t network) {
    return {std::min(a, b), std::max(a, b), network};
}

// The longest detection time that may be in force: a reload changes the timing within bounds.
Duration Checkers::detection_bound() const { return 5 * 400ms + 500ms; }

void Checkers::disturb(std::size_t a, std::size_t b, std::size_t network) {
    disturbed_.insert(pair(a, b, network));
}

void Checkers::calm(std::size_t a, std::size_t b, std::size_t network) {
    if (disturbed_.erase(pair(a, b, network)) > 0) calm_since_[pair(a, b, network)] = world_->now();
}

void Checkers::note_change(std::size_t a, std::size_t b, std::size_t network) {
    changed_[pair(a, b, network)] = world_->now();
}

void Checkers::disturb_node(std::size_t node, TimePoint until) {
    auto [entry, is_new] = node_excused_until_.try_emplace(node, until);
    if (!is_new) entry->second = std::max(entry->second, until);
}

bool Checkers::is_excused(std::size_t node, std::size_t peer, std::size_t network,
                          Duration within) const {
    Pair key = pair(node, peer, network);
    if (disturbed_.contains(key)) return true;
    TimePoint now = world_->now();
    if (auto calm = calm_since_.find(key); calm != calm_since_.end() && now - calm->second < within)
        return true;
    for (std::size_t end : {node, peer}) {
        auto until = node_excused_until_.find(end);
        if (until != node_excused_until_.end() && now < until->second + within) return true;
    }
    return false;
}

void Checkers::on_transition(std::size_t node, const core::RouteTransition& transition) {
    ++transitions_;
    if (is_verbose_) print(node, transition);
    check_fall(node, transition);
    check_suspicion(node, transition);
}

void Checkers::check_fall(std::size_t node, const core::RouteTransition& transition) {
    bool fell = transition.from == BfdState::up && transition.to != BfdState::up;
    if (!fell || transition.reason != Diagnostic::detection_time_expired) return;
    auto place = world_->place_of(node, transition.route);
    if (!place || is_excused(node, place->peer, place->network, detection_bound())) return;
    on_violation("false down: n" + std::to_string(node + 1) + " -> n" +
                 std::to_string(place->peer + 1) + " on net" + std::to_string(place->network));
}

// Nothing that a network of one's own would be blamed for: no loss, little jitter, little delay.
bool Checkers::is_well(std::size_t a, std::size_t b, std::size_t network) const {
    auto changed = changed_.find(pair(a, b, network));
    if (changed != changed_.end() && world_->now() - changed->second < kMemory) return false;
    for (auto [from, to] : {std::pair(a, b), std::pair(b, a)})
        if (!world_->link(from, to, network).is_well()) return false;
    return true;
}

void Checkers::check_suspicion(std::size_t node, const core::RouteTransition& t) {
    if (t.from_suspect || !t.to_suspect || !is_sickness(t.reason)) return;
    auto place = world_->place_of(node, t.route);
    if (!place || is_excused(node, place->peer, place->network, kMemory)) return;
    if (!is_well(node, place->peer, place->network)) return;
    on_violation("false suspicion: n" + std::to_string(node + 1) + " -> n" +
                 std::to_string(place->peer + 1) + " on net" + std::to_string(place->network) +
                 ": " + std::string(to_string(t.reason)));
}

void Checkers::print(std::size_t node, const core::RouteTransition& t) const {
    auto place = world_->place_of(node, t.route);
    double at = std::chrono::duration<double>(world_->now() - TimePoint(1h)).count();
    std::printf("%.6f n%zu -> n%zu net%zu %s%s -> %s%s (%s%s)\n", at, node + 1,
                place ? place->peer + 1 : 0, place ? place->network : 0,
                std::string(to_string(t.from)).c_str(), t.from_suspect ? "?" : "",
                std::string(to_string(t.to)).c_str(), t.to_suspect ? "?" : "",
                std::string(to_string(t.reason)).c_str(), t.remote_said_so ? ", peer says" : "");
}

bool Checkers::should_carry(std::size_t from, std::size_t to) const {
    for (std::size_t end : {from, to}) {
        const SimNode& node = std::as_const(*world_).node(end);
        if (!node.running || node.stalled_until || node.asleep_at || node.is_restarting)
            return false;
    }
    for (std::size_t network = 0; network < world_->settings().networks; ++network)
        if (is_excused(from, to, network, kMemory) || !is_well(from, to, network)) return false;
    auto routes = world_->routes(from);
    return std::all_of(routes.begin(), routes.end(), [&](const core::RouteReport& r) {
        return r.peer != world_->peer_id(to) ||
               (r.state == BfdState::up && world_->now() - r.since > kSilentLoss);
    });
}

void Checkers::on_sent(std::size_t from, std::size_t to) {
    auto [entry, is_new] = unheard_.try_emplace({from, to}, world_->now());
    if (is_new || world_->now() - entry->second <= kSilentLoss) return;
    if (should_carry(from, to))
        on_violation("all routes n" + std::to_string(from + 1) + " -> n" + std::to_string(to + 1) +
                     " are up, and data is lost");
    entry->second = world_->now();
}

void Checkers::on_delivery(const Delivery& delivery) {
    ++delivered_;
    unheard_.erase({delivery.from, delivery.to});
    if (!delivery.intact) return on_violation("a frame arrived changed or from another node");
    Received& received = received_[{delivery.from, delivery.to}];
    std::uint64_t epoch_here = world_->node(delivery.to).epoch;
    if (received.receiver_epoch != epoch_here)  // a new life remembers nothing
        received = {delivery.epoch, epoch_here, {}};
    if (delivery.epoch < received.sender_epoch)
        return on_violation("a frame of a former life was delivered");
    if (delivery.epoch > received.sender_epoch) received = {delivery.epoch, epoch_here, {}};
    if (delivery.number >= received.seen.size()) received.seen.resize(2 * delivery.number + 64);
    if (received.seen[delivery.number]) on_violation("a frame was delivered twice");
    received.seen[delivery.number] = true;
}

void Checkers::on_violation(const std::string& what) {
    double at = std::chrono::duration<double>(world_->now() - TimePoint(1h)).count();
    if (violations_.size() < 20) violations_.push_back("at " + std::to_string(at) + " s: " + what);
}

void Checkers::check_counters() {
    for (std::size_t i = 0; i < world_->settings().nodes; ++i) {
        SimNode& node = world_->node(i);
        if (!node.running) continue;
        std::uint64_t dropped = node.engine->drops().total();
        if (node.received != node.consumed + dropped)
            on_violation("counters of n" + std::to_string(i + 1) + ": received " +
                         std::to_string(node.received) + " != consumed " +
                         std::to_string(node.consumed) + " + drops " + std::to_string(dropped));
    }
}

void Checkers::check_cut_routes_are_down() {
    for (std::size_t i = 0; i < world_->settings().nodes; ++i) {
        SimNode& node = world_->node(i);
        if (!node.running || node.stalled_until) continue;
        for (const core::RouteReport& route : world_->routes(i)) {
            auto place = world_->place_of(i, route.id);
            if (!place || route.state != BfdState::up) continue;
            const LinkState& in = world_->link(place->peer, i, place->network);
            // The scenario calls this only when no link has changed for the detection bound.
            if (in.is_cut)
                on_violation("route n" + std::to_string(i + 1) + " -> n" +
                             std::to_string(place->peer + 1) + " is up, but cut");
        }
    }
}

void Checkers::check_all_up(const std::string& when) {
    std::size_t expected = (world_->settings().nodes - 1) * world_->settings().networks;
    for (std::size_t i = 0; i < world_->settings().nodes; ++i) {
        auto routes = world_->routes(i);
        auto up = static_cast<std::size_t>(std::count_if(
            routes.begin(), routes.end(),
            [](const core::RouteReport& r) { return r.state == BfdState::up && !r.suspect; }));
        if (up != expected)
            on_violation(when + ": n" + std::to_string(i + 1) + " has " + std::to_string(up) +
                         " of " + std::to_string(expected) + " routes up");
    }
}

}  // namespace netft::sim
