// A member with keys that says what it likes: the standing attacker of the simulator.
//
// One node of a world is in its hand. It talks with real sessions, and beside what that node says
// of itself it sends: cards with others' endpoints and MACs, tiny MTUs, endpoints that change all
// the time; floods of control messages; views and heartbeats that lie; replays; handshakes without
// end; what it knows of relays, changed at random. All of it is drawn from the world's seed.
#pragma once

#include <vector>

#include "tests/sim/world.hpp"

namespace netft::sim {

class Villain {
 public:
    Villain(World& world, std::size_t node);
    ~Villain();
    Villain(const Villain&) = delete;
    Villain& operator=(const Villain&) = delete;

    // One misdeed.
    void strike();
    std::uint64_t misdeeds() const { return misdeeds_; }

 private:
    struct Said {
        EndpointId local;
        Endpoint remote;
        SessionIndex session;
        std::vector<std::uint8_t> plain;
    };
    struct Sealed {
        std::size_t from = 0, to = 0, network = 0;
        std::vector<std::uint8_t> bytes;
    };

    template <class Item>
    void keep(std::vector<Item>& all, Item item);
    const Said* any_said(MessageType type);
    void send_control(const ControlMessage& message);
    void send_card();
    Card any_card(const Card& own);
    CardEndpoint any_endpoint();
    void flood();
    void lie_in_a_view();
    void lie_in_a_heartbeat();
    void change_a_bit(MessageType type);
    void replay();
    void shake_hands();

    World& world_;
    std::size_t node_;
    std::vector<Said> said_;
    std::vector<Sealed> sealed_;
    std::vector<Card> cards_;  // its own
    std::uint64_t counter_ = std::uint64_t{1} << 40;
    std::uint64_t misdeeds_ = 0;
};

}  // namespace netft::sim
