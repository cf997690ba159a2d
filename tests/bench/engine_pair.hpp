// Two engines that face each other over a network of 100 µs, on virtual time: the near one is a
// worker with so many peers and routes, the far one plays all its peers. What each does is measured
// as processor time of the thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "netft/core/engine.hpp"
#include "netft/core/plan.hpp"

namespace netft::bench {

struct Scale {
    std::uint32_t peers = 1'000;
    std::uint32_t routes_a_peer = 10;
    Timing timing{100ms, 5};
    std::uint32_t routes() const { return peers * routes_a_peer; }
};

// Seals and opens; `side` 0: near, 1: far. Each datagram has room for its tag.
class Sealer {
 public:
    virtual ~Sealer() = default;
    virtual void seal(int side, SessionIndex session, std::span<const MutableBytes> run) = 0;
    virtual void open(int side, SessionIndex session, std::span<const MutableBytes> run) = 0;
};

class EnginePair {
 public:
    // How often a worker looks: what came in between is one batch.
    static constexpr Duration kCycle = 100us;

    // `sealer` may be null: security mode none.
    EnginePair(const Scale& scale, Sealer* sealer);
    ~EnginePair();

    core::Plan near_plan() const;
    // Processor time it took.
    Duration handle_plan(const core::Plan& plan);
    void run(Duration virtual_time);

    std::uint32_t routes_up() const;  // at the near end
    // Of both ends since reset().
    std::uint64_t losses() const { return losses_; }
    std::uint64_t datagrams() const { return datagrams_; }  // sent by both
    Duration busy() const { return busy_; }
    Duration longest_cycle() const { return longest_cycle_; }
    TimePoint now() const { return now_; }
    void reset();
    // Bytes of heap that the near engine took for its first plan: all that grows with routes.
    std::size_t near_heap() const { return near_heap_; }
    // Bytes that became resident since then, half of it: for one engine.
    std::size_t resident() const;

 private:
    struct Datagram {
        EndpointId from;  // of the sender
        Endpoint to;
        SessionIndex session;  // the sender's index, then the receiver's
        std::uint16_t size = 0;
        std::array<std::uint8_t, kHeaderSize + kHeartbeatSize + kTagSize> bytes;
    };
    struct Side {
        std::unique_ptr<core::Engine> engine;
        std::vector<Datagram> inbox;
        std::vector<Datagram> outbox;
    };

    core::Plan plan_of(int side) const;
    void cycle(int side);
    void receive(int side, Datagram* begin, Datagram* end);
    void send(int side);
    void seal_outbox(int side);
    void count_events(Side& side);
    Endpoint source_of(int side, const Datagram& datagram) const;
    EndpointId destination_of(int side, const Datagram& datagram) const;

    Scale scale_;
    Sealer* sealer_;
    Side sides_[2];
    TimePoint now_{1h};
    std::uint64_t losses_ = 0;
    std::uint64_t datagrams_ = 0;
    std::size_t near_heap_ = 0;
    std::size_t resident_before_ = 0;
    Duration busy_{};
    Duration longest_cycle_{};
};

}  // namespace netft::bench
