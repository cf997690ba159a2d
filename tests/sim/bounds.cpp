#include "tests/sim/bounds.hpp"

#include "netft/session/opening_machine.hpp"

namespace netft::sim {

Bounds::Bounds(World& world, Checkers& checkers, Duration shortest)
    : world_(world), checkers_(checkers), shortest_(shortest), since_(world.now()) {}

void Bounds::check() {
    if (world_.now() < since_ + kWindow) return;
    check_rates(std::chrono::duration<double>(world_.now() - since_).count());
    check_sizes();
    since_ = world_.now();
    before_ = world_.activity();
}

void Bounds::expect(const char* what, double is, double most) {
    if (is > most)
        checkers_.on_violation("livelock: " + std::to_string(is) + " " + what + ", at most " +
                               std::to_string(most));
}

void Bounds::check_rates(double seconds) {
    auto nodes = static_cast<double>(world_.settings().nodes);
    double routes = nodes * (nodes - 1) * static_cast<double>(world_.settings().networks);
    double heartbeats = 2 / std::chrono::duration<double>(shortest_).count();
    const Activity& all = world_.activity();
    double messages = seconds * routes * (heartbeats + kMessagesMax) + 1000;
    expect("messages", static_cast<double>(all.messages - before_.messages), messages);
    // Each wake has a cause: a message due, a deadline that passes. A train's datagrams may each
    // have one, too.
    double frames = static_cast<double>(all.datagrams - before_.datagrams);
    expect("wakes", static_cast<double>(all.wakes - before_.wakes), 2 * messages + frames);
}

void Bounds::check_sizes() {
    std::size_t peers = world_.settings().nodes - 1;
    std::size_t waiting = 0;
    for (std::size_t i = 0; i < world_.settings().nodes; ++i) {
        const SimNode& node = std::as_const(world_).node(i);
        waiting += node.waiting.size();
        if (!node.running) continue;
        expect("sessions with keys", static_cast<double>(node.keys.size()),
               static_cast<double>(peers * session::OpeningMachine::kSessionsMax));
        expect("routes", static_cast<double>(node.coordinator->routes().size()),
               static_cast<double>(peers * world_.settings().networks));
    }
    // No link keeps a datagram for longer than 200 ms; a node says nothing 100,000 times a second.
    expect("datagrams on their way", static_cast<double>(world_.in_flight() - waiting),
           static_cast<double>(world_.settings().nodes) * 20'000);
}

}  // namespace netft::sim
