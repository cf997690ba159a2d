#include "tests/sim/promises.hpp"

#include <algorithm>

namespace netft::sim {

namespace {

std::string name_of(std::size_t node) { return "n" + std::to_string(node + 1); }

}  // namespace

Promises::Promises(const World& world, const WorldSettings& settings)
    : here_(world),
      nodes_(settings.nodes),
      // A clock may be off by 5 %, and the other end is told on the way.
      bound_(settings.timing.delay * settings.timing.threshold * 11 / 10 + 200ms),
      pairs_(nodes_ * nodes_,
             {TimePoint(1h), std::vector<TimePoint>(settings.networks, TimePoint(1h))}),
      node_trouble_until_(nodes_, TimePoint(1h)) {}

Promises::PairState& Promises::pair_of(std::size_t a, std::size_t b) {
    return pairs_[std::min(a, b) * nodes_ + std::max(a, b)];
}

const Promises::PairState& Promises::pair_of(std::size_t a, std::size_t b) const {
    return pairs_[std::min(a, b) * nodes_ + std::max(a, b)];
}

void Promises::handle_link_change(std::size_t a, std::size_t b, std::size_t network) {
    PairState& state = pair_of(a, b);
    state.changed = here_.now();
    state.clean_since[network] = here_.now();
    note_change(a, b, network);
}

void Promises::handle_node_fault(std::size_t node, TimePoint until) {
    disturb_node(node, until);
    node_trouble_until_[node] = std::max(node_trouble_until_[node], until);
}

bool Promises::is_promised(World& world, std::size_t from, std::size_t to) const {
    TimePoint now = here_.now();
    for (std::size_t end : {from, to})
        if (now < node_trouble_until_[end] + kClean) return false;
    const PairState& state = pair_of(from, to);
    if (now < state.changed + bound_) return false;
    bool has_clean = false;
    for (std::size_t net = 0; net < state.clean_since.size(); ++net) {
        const LinkState& there = world.link(from, to, net);
        const LinkState& back = world.link(to, from, net);
        if (there.is_well() && back.is_well())
            has_clean |= now >= state.clean_since[net] + kClean;
        else if (!there.is_cut && !back.is_cut)
            return false;
    }
    return has_clean;
}

void Promises::send(World& world, std::size_t from, std::size_t to, std::size_t bytes) {
    bool is_due = is_promised(world, from, to);
    bool is_sent = world.send_frame(from, to, bytes);
    if (!is_due) return;
    if (!is_sent)
        return on_violation("refused: " + name_of(from) + " -> " + name_of(to) +
                            " has a clean network");
    ++promised_;
    const SimNode& sender = world.node(from);
    open_[{from, to, sender.epoch, sender.frames_sent}] = here_.now();
}

void Promises::on_delivery(const Delivery& delivery) {
    Checkers::on_delivery(delivery);
    open_.erase({delivery.from, delivery.to, delivery.epoch, delivery.number});
}

void Promises::check_promises() {
    for (auto entry = open_.begin(); entry != open_.end();) {
        auto [from, to, epoch, number] = entry->first;
        bool is_late = here_.now() > entry->second + kLate;
        // What was promised is off when a node failed before it was there.
        bool is_off = node_trouble_until_[from] >= entry->second ||
                      node_trouble_until_[to] >= entry->second ||
                      pair_of(from, to).changed >= entry->second;
        if (is_late && !is_off)
            on_violation("lost: a frame of " + name_of(from) + " -> " + name_of(to) + " sent at " +
                         std::to_string(to_ms(entry->second - TimePoint(1h))) +
                         " ms, with a clean network between them");
        entry = is_late ? open_.erase(entry) : std::next(entry);
    }
}

}  // namespace netft::sim
