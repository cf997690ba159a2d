// The engine: heartbeats, route states and selection of one worker.
//
// PURE and sans I/O. The worker (netft/dataplane) or the simulator feeds it plans, datagrams and
// the time, and takes from it heartbeats to send and events for control. One cycle:
//
//   now = clock                       read once
//   handle_plan(now, plan)            when control has published a new one
//   handle_stall(now, …)              when the caller was away
//   handle_datagram(now, …)           all that has been received, before timers
//   handle_timers(now)                when next_deadline() ≤ now
//   begin_train(now, …)               for each frame from the adapter
//   poll_transmit() / poll_event()    until nullopt
//
// Of a node's workers each has an engine (worker_board.hpp); all get the same plans.
//
// Parts: core/route_state (the state machine's table), core/route (one route: detection, timing,
// quality), core/selector, core/policy and core/flow_table (which routes carry what of a peer's
// traffic), core/timer_wheel, core/slot_table and core/flat_index (what is found how).
// Threads: the worker's only. No allocation outside handle_plan() but a peer's window for data
// when its first data comes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "netft/base/address.hpp"
#include "netft/base/bytes.hpp"
#include "netft/base/ids.hpp"
#include "netft/base/random.hpp"
#include "netft/base/time.hpp"
#include "netft/core/events.hpp"
#include "netft/core/flow.hpp"
#include "netft/core/plan.hpp"
#include "netft/core/worker_board.hpp"
#include "netft/wire/data.hpp"
#include "netft/wire/drop_reason.hpp"
#include "netft/wire/header.hpp"
#include "netft/wire/relay.hpp"

namespace netft::core {

// Where received datagrams came from: looked up once per burst of one sender.
struct Path {
    EndpointId local;
    Endpoint remote;
    std::uint32_t route = kNoRoute;  // engine's own; valid until the next handle_plan()

    static constexpr std::uint32_t kNoRoute = 0xffffffff;
};

// What the caller does with a datagram it has handed in.
struct Verdict {
    enum class Kind : std::uint8_t {
        consumed,  // a heartbeat, dealt with
        data,      // hand `body` with `train` to the peer's train assembler
        control,   // types 1, 2, 3 and 6: pass the whole datagram to control
        forward,   // hand `body` on: begin_hop(peer), kind forwarded, node `origin`
        relayed,   // `body` is a datagram that `relay` brought from `peer`: see handle_relayed()
        dropped,   // counted under `drop`
    };
    Kind kind = Kind::consumed;
    DropReason drop{};
    PeerId peer;              // data; control of type 6; forward: the target; relayed: the origin
    PeerId relay;             // forward: who asks us to; relayed
    NodeId origin;            // forward
    SessionIndex session;     // data: that it came in, as we call it
    std::uint16_t space = 0;  // data: counter space
    std::uint64_t train_id = 0;  // data: counter − index
    TrainPrefix train;           // data
    Bytes body;                  // data, forward, relayed: borrowed from the datagram
};

// A heartbeat to send.
struct Transmit {
    EndpointId local;
    Endpoint remote;
    RouteId route;
    SessionIndex session;  // our index of it: whose key seals the datagram
    std::array<std::uint8_t, kHeaderSize + kHeartbeatSize> datagram;
    std::uint16_t padding = 0;  // zeros behind it, in front of the tag: a probe of the MTU
    std::uint8_t source = 0;    // from the endpoint's port + source
};

// Whom we reach directly, for a peer that relays; header ‖ payload.
struct ReachTransmit {
    EndpointId local;
    Endpoint remote;
    SessionIndex session;
    std::uint16_t size = 0;
    std::array<std::uint8_t, kHeaderSize + kRelayPrefixSize + 4 + 8 * kReachNodesMax> datagram;
};

// How a peer is reached that no direct route reaches.
struct RelayWay {
    PeerId relay;
    NodeId target;                         // what the prefix of kind forward says
    std::uint16_t datagram_bytes_max = 0;  // of the outer datagrams (UDP payload)
};

// One route that a train goes over.
struct Destination {
    EndpointId local;
    Endpoint remote;
    RouteId route;
    std::uint8_t source = 0;  // from the local endpoint's port + source
    bool is_single = false;   // each datagram by itself (SegmentationTrial)

    bool operator==(const Destination&) const = default;
};

// Where a train goes and what its headers say. It is sealed once; the same bytes go everywhere, and
// the far end's window drops what it has already.
struct TrainTicket {
    std::span<const Destination> destinations;  // at least one; borrowed until the next call
    SessionIndex session;                       // our index of it: whose key seals the datagrams
    Header header;                              // of the first datagram; the i-th has counter + i
};

// How the frames to a peer are to be handed to begin_train(), for the rest of this cycle.
enum class Bursts : std::uint8_t {
    none,      // there is no direct way
    single,    // frame by frame: it looks at each
    together,  // any number of single datagrams in one call, as one train of that many: all alike
};

class Engine {
 public:
    // `role`: of the worker, where the node has several. Only the first worker's engine has
    // heartbeats, route states and selection; the others' learn from it by the board, carry data
    // with counters of their own, and drop all else (rx_wrong_worker).
    explicit Engine(std::uint64_t seed, const WorkerRole& role = {});
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    void handle_plan(TimePoint now, const Plan& plan);

    Path path_of(EndpointId local, const Endpoint& remote) const;
    // `datagram` is header ‖ payload. In modes encrypt and sign the caller has opened it and taken
    // the tag off; what does not authenticate never comes here (rx_bad_seal, rx_no_session).
    Verdict handle_datagram(TimePoint now, const Path& path, Bytes datagram);
    void handle_timers(TimePoint now);
    // The caller was away: before what has waited is handed in, so before anybody is judged.
    void handle_stall(TimePoint now, const Stall& stall);
    // nullopt: nothing to do ever.
    std::optional<TimePoint> next_deadline() const;

    // From which source port what is neither heartbeat nor data goes: 0, or where the route is
    // known to be dead from there, the first that is not.
    std::uint8_t sound_source(const Path& path) const;
    // Where answers go: a datagram may come from another source port of the peer's.
    Endpoint far_end(const Path& path) const;
    // The peer whose adapter has this MAC or alias; nullopt: none.
    std::optional<PeerId> peer_of(const MacAddress& mac) const;
    const PlanPeer* find_peer(PeerId peer) const;  // borrowed until the next handle_plan()
    // True when some route to the peer is up, or another peer relays to it.
    bool is_reachable(PeerId peer) const;
    // Takes `datagrams` (1..kTrainDatagramsMax) counters for a train to `peer`. nullopt: no route
    // up or no session; the caller counts the frame.
    std::optional<TrainTicket> begin_train(TimePoint now, PeerId peer, std::uint16_t datagrams,
                                           const FrameView& frame);
    Bursts bursts_to(TimePoint now, PeerId peer) const;

    // --- relays. A peer has a relay only while no direct route to it is up.
    std::optional<RelayWay> relay_to(PeerId peer) const;
    // The inner side of a relayed train: session and counters, no destinations. nullopt: no
    // session.
    std::optional<TrainTicket> begin_relayed_train(PeerId peer, std::uint16_t datagrams);
    // So many relay datagrams directly to `next`. nullopt: no route up or no session.
    std::optional<TrainTicket> begin_hop(TimePoint now, PeerId next, std::uint16_t datagrams);
    // A datagram that a relay brought from `origin`, in modes encrypt and sign opened by the caller
    // with the session it names. Verdicts as those of handle_datagram(), but neither forward nor
    // relayed.
    Verdict handle_relayed(TimePoint now, PeerId origin, Bytes datagram);
    std::optional<ReachTransmit> poll_reach();

    // Bytes of UDP payload that a datagram of data to the peer should not exceed, by what its
    // routes are known to take; the plan's datagram_bytes_max or less.
    std::uint16_t datagram_bytes_max(PeerId peer) const;
    // Peers in the plan, for replication of multicast.
    std::span<const PlanPeer> peers() const;

    // On exit: marks every route admin-down and queues heartbeats that say so.
    void handle_shutdown(TimePoint now);
    // Queues a heartbeat on every route that says that we restart (the peers then excuse our
    // silence for Route::kRestartTime), or that we do not after all.
    void announce_restart(TimePoint now, bool restarts);

    // Whether every heartbeat is kept for poll_trace().
    void set_tracing(bool on);

    std::optional<Transmit> poll_transmit(TimePoint now);
    std::optional<Event> poll_event();
    std::optional<HeartbeatRecord> poll_trace();

    // Fills `out`; its vectors are not grown beyond their capacity.
    void report(TimePoint now, Report& out) const;
    const DropCounters& drops() const;

 private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace netft::core
