// The engine's insides, shared by its .cpp files. Nobody else includes this.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "netft/base/token_bucket.hpp"
#include "netft/core/copy_budget.hpp"
#include "netft/core/data_pulse.hpp"
#include "netft/core/engine.hpp"
#include "netft/core/engine_relay.hpp"
#include "netft/core/flat_index.hpp"
#include "netft/core/flow_table.hpp"
#include "netft/core/local_health.hpp"
#include "netft/core/relay_choice.hpp"
#include "netft/core/route.hpp"
#include "netft/core/segmentation_trials.hpp"
#include "netft/core/slot_table.hpp"
#include "netft/core/source_watch.hpp"
#include "netft/core/timer_wheel.hpp"
#include "netft/session/data_windows.hpp"
#include "netft/session/replay_window.hpp"
#include "netft/session/space_windows.hpp"

namespace netft::core {

// A bounded queue that never allocates after construction; what does not fit is the caller's to
// count.
template <class T>
class Fifo {
 public:
    explicit Fifo(std::size_t capacity) : slots_(capacity) {}
    bool push(const T& value) {
        if (size_ == slots_.size()) return false;
        slots_[(head_ + size_++) % slots_.size()] = value;
        return true;
    }
    std::optional<T> pop() {
        if (size_ == 0) return {};
        T value = slots_[head_];
        head_ = (head_ + 1) % slots_.size();
        --size_;
        return value;
    }
    // Makes room for `capacity` in all; what waits is lost.
    void reset(std::size_t capacity) {
        if (capacity > slots_.size()) slots_ = std::vector<T>(capacity);
        head_ = size_ = 0;
    }
    std::size_t capacity() const { return slots_.size(); }

 private:
    std::vector<T> slots_;
    std::size_t head_ = 0;
    std::size_t size_ = 0;
};

inline std::uint64_t mac_key(const MacAddress& mac) {
    std::uint64_t key = 0;
    for (std::uint8_t byte : mac.bytes) key = key << 8 | byte;
    return key;
}

// Not of the port: a peer's workers send from several. `secret` is odd: who puts addresses into its
// card must not choose their places. (The other indices need none: of a peer's MAC, node id and our
// own index of a session there are too few, or they are ours.)
inline std::uint32_t hash_of_path(EndpointId local, const Endpoint& remote, std::uint64_t secret) {
    std::array<std::uint64_t, 2> words{};
    Bytes address = remote.address.bytes();
    std::memcpy(words.data(), address.data(), address.size());
    std::uint64_t rest = std::uint64_t{remote.address.scope()} << 32 | local.value;
    std::uint64_t h = (words[0] ^ secret) * 0x9e3779b97f4a7c15u;
    h = ((h ^ h >> 32) + words[1]) * secret;
    return FlatIndex::hash_of((h ^ h >> 32) + rest * 0xc2b2ae3d27d4eb4fu);
}

struct EngineSession {
    PlanSession plan;
    std::uint64_t sealed = 0;  // datagrams
    bool shown = false;        // the peer has sent something on it
    bool worn = false;         // control was told
    bool spent = false;        // and told again
    // Of a life of the peer that another one has followed: should that life come back (a clone), it
    // does so by a later session, and the windows know nothing of this one any more.
    bool is_over = false;
};

// Policy spread's part of a peer.
struct Spread {
    // How old what has been measured may be when flows are given to routes.
    static constexpr Duration kRefresh = 1s;

    FlowTable flows;
    std::vector<Share> shares;
    TimePoint shares_at{};
};

struct EnginePeer {
    // How long traffic is duplicated after a suspicion of the route in use.
    static constexpr Duration kCopied = 1s;

    std::vector<EngineSession> sessions;  // newest last
    std::uint64_t incarnation = 0;        // of the session sent on
    std::uint64_t data_counter = 0;       // of the last datagram sent; never starts anew
    std::uint64_t data_sent = 0;          // datagrams, by this worker
    std::uint64_t data_taken = 0;         // likewise: new ones of the peer's
    DataPulse pulse;                      // of the first worker
    session::DataWindows data_windows;    // of the spaces that are this worker's
    session::ReplayWindow<4> control_window;
    TokenBucket control_bucket;  // of its control messages
    session::SpaceWindows heartbeat_windows;
    std::vector<std::uint32_t> routes;  // slots
    std::optional<RouteId> selected;
    std::optional<PeerId> relay;          // to it; none while a direct route is up
    std::optional<std::uint8_t> sending;  // index into sessions
    std::uint8_t generation = 0;          // of counters, as published to the other workers
    bool is_suspect = false;              // the selected one, and silent
    bool is_sick = false;                 // the selected one
    bool is_plain = true;       // policy failover and no classes: frames are not looked at
    bool may_copy = false;      // some traffic is duplicated always
    bool is_unsettled = false;  // the new plan changed something of it
    std::uint8_t target_count = 0;
    std::uint8_t copied_count = 0;  // of the targets, those that are worth a copy in trouble
    // Slots of routes up, the selected one first; there are no more routes than ids (16 bits).
    std::array<std::uint16_t, kDestinationsMax> targets{};
    std::uint16_t datagram_bytes =
        0;  // that all of them take; 0: nothing is known against the plan
    TimePoint copied_until{};
    CopyBudget copies;
    std::unique_ptr<Spread> spread;   // where some traffic is spread
    TimePoint since;                  // of reachable or unreachable
    std::uint64_t relay_counter = 0;  // of the last relay datagram sent to it; never starts anew
    std::unique_ptr<PeerRelaying> relaying;  // null where there is no relaying
    TimePoint next_rewritten{};              // when a heartbeat from elsewhere may be told again
    // Not of the first worker: what that says of the peer, and how far it has been read.
    const SelectionLine* line = nullptr;
    PeerTally* tally = nullptr;
    std::uint32_t line_seen = 0;
    std::uint16_t broken_sources = 0;  // of the selected route
    std::uint16_t relay_bytes = 0;     // RelayWay::datagram_bytes_max of `relay`

    bool is_calm(TimePoint now) const { return !is_suspect && now >= copied_until; }
    // Every frame goes the same single way. Flows are tracked even while there is only one, so that
    // they stay when another comes up.
    bool is_alike(TimePoint now) const {
        return (target_count == 1 && spread == nullptr) || (is_plain && is_calm(now) && !is_sick);
    }
};

// What is kept of a peer that is in no plan: with the incarnation of ours go its windows over
// there, and they would take nothing that begins anew.
struct ParkedCounters {
    std::uint64_t data = 0;
    std::uint64_t relay = 0;
};

struct SessionRef {
    std::uint32_t peer = 0;     // slot
    std::uint32_t session = 0;  // place
};

inline std::uint32_t packed(SessionRef ref) { return ref.peer << 8 | ref.session; }
inline SessionRef unpacked(std::uint32_t ref) { return {ref >> 8, ref & 0xff}; }

// A notice waiting for its carrier: `lost` is told over `via`.
struct QueuedTransmit {
    std::uint32_t route = 0;  // slot whose heartbeat it is
    std::uint32_t via = 0;    // slot whose path it takes; = route but for notices
};

struct Engine::State {
    State(std::uint64_t seed, const WorkerRole& r)
        : role(r), path_secret(Random(~seed).next() | 1), random(seed) {}

    static constexpr std::size_t kEventsMax = 4096;
    static constexpr std::size_t kTraceMax = 8192;
    static constexpr std::size_t kFewRoutes = 64;
    static constexpr Duration kStallTold = 200ms;  // to control
    // Control messages of a peer: what it takes to tell a view of the largest cluster, twice.
    static constexpr Rate kControlRate = Rate::of(200, 400);

    const WorkerRole role;
    const std::uint64_t path_secret;
    Random random;
    TimePoint burst_at{};
    Random burst{0};  // what heartbeats that go at burst_at draw from, all the same
    PlanSettings plan;
    std::vector<PlanPeer> plan_peers;
    std::uint32_t generation = 0;  // counters of a new route begin at generation << 32
    std::uint32_t plans = 0;       // taken so far
    bool tracing = false;
    bool shutting_down = false;
    LocalHealth health;
    unsigned patience = LocalHealth::kPatienceMin;  // of all routes

    SlotTable<Route> routes;
    std::vector<EnginePeer> peers;             // by slot, as plan_peers
    std::vector<ParkedCounters> parked;        // by PeerId
    std::vector<std::uint32_t> peer_slot_of;   // by PeerId; kNoRoute: none
    std::vector<std::uint32_t> route_slot_of;  // by RouteId; kNoRoute: none
    FlatIndex paths;                           // -> slot of a route
    FlatIndex sessions;                        // by our index of it -> packed SessionRef
    FlatIndex peer_of_mac;                     // -> slot of a peer
    FlatIndex peer_of_node;                    // -> slot of a peer
    std::vector<Candidate> candidates;         // scratch
    SegmentationTrials trials;
    std::array<Destination, kDestinationsMax> destinations;  // of the last ticket

    ReachSchedule reach;
    std::optional<TimePoint> relays_at;      // settle_relays() is due
    std::optional<TimePoint> relay_look;     // watch_relays() is due
    std::vector<std::uint32_t> relay_slots;  // peers that may relay for us
    std::vector<NodeId> reach_scratch;
    std::vector<RelayCandidate> relay_candidates;  // scratch

    TimerWheel route_timers;
    TimerWheel peer_timers;
    Fifo<QueuedTransmit> transmits{0};
    std::vector<bool> is_queued;         // by slot: already in `transmits`
    std::vector<std::uint32_t> seen_in;  // by slot: the last plan that had it
    std::vector<RouteTally*> tallies;    // by slot; not of the first worker
    std::vector<SourceWatch> watches;    // by slot; of the first of several
    Fifo<Event> events{kEventsMax};
    Fifo<HeartbeatRecord> trace{kTraceMax};
    DropCounters drops;

    // engine_plan.cpp
    void take_settings(TimePoint now, const PlanSettings& next);
    void reconcile_peers(TimePoint now, const Plan& next);
    void move_peers(TimePoint now, const Plan& next);
    void park_peers(const Plan& next);
    void update_peer(std::uint32_t peer_slot, const PlanPeer& next);
    void index_peer(std::uint32_t peer_slot);
    void unindex_peer(std::uint32_t peer_slot);
    void reconcile_routes(TimePoint now, const Plan& next);
    bool reconcile_route(TimePoint now, const PlanRoute& wanted);
    void add_route(TimePoint now, const PlanRoute& wanted);
    void remove_route(std::uint32_t slot);
    void make_room();
    void queue_all_again();
    void choose_session(TimePoint now, std::uint32_t peer_slot);

    // engine_receive.cpp
    Verdict receive_heartbeat(TimePoint now, const Path& path, const Header& header, Bytes payload);
    void excuse_peer(TimePoint now, std::uint32_t peer);
    Verdict receive_data(TimePoint now, const Path& path, const Header& header, SessionRef ref,
                         Bytes payload);
    Verdict receive_control(TimePoint now, const Header& header, SessionRef ref);
    // It speaks for the life of the peer that we talk with.
    bool is_of_this_life(SessionRef ref) const {
        const EnginePeer& peer = peers[ref.peer];
        const EngineSession& session = peer.sessions[ref.session];
        return !session.is_over && session.plan.incarnation == peer.incarnation;
    }
    void feel_pulse(TimePoint now, std::uint32_t peer_slot, const Heartbeat& heartbeat);
    void begin_generation(EnginePeer& peer);
    PeerCounts counts_of(std::uint32_t peer_slot) const;
    static DropReason reason_of(session::Freshness freshness);
    std::optional<SessionRef> find_session(const Header& header) const;
    void show_session(TimePoint now, SessionRef ref);
    Verdict drop(DropReason reason);
    void tell_rewritten(TimePoint now, std::uint32_t peer_slot, const Path& path,
                        const Heartbeat& heartbeat);
    std::uint32_t route_of_heartbeat(const Path& path, const Heartbeat& heartbeat, DropReason& why);

    // engine_traffic.cpp
    struct Targets {
        std::size_t first = 0;
        std::size_t count = 0;
    };
    Targets choose_targets(TimePoint now, std::uint32_t peer_slot, std::uint16_t datagrams,
                           const FrameView& frame);
    std::size_t spread_target(TimePoint now, std::uint32_t peer_slot, std::uint64_t hash);
    void refresh_spread(TimePoint now, std::uint32_t peer_slot);
    void refresh_shares(TimePoint now, EnginePeer& peer);
    void take_destination(EnginePeer& peer, std::size_t target, std::size_t place,
                          std::uint16_t datagrams);
    std::uint8_t source_for(const EnginePeer& peer, std::size_t target) const;
    TrainTicket take_counters(std::uint32_t peer_slot, std::uint16_t datagrams,
                              std::span<const Destination> destinations);
    void select_route(TimePoint now, std::uint32_t peer_slot);
    void apply_selection(TimePoint now, std::uint32_t peer_slot, std::optional<RouteId> route,
                         std::optional<PeerId> relay);
    void retarget(TimePoint now, EnginePeer& peer, std::optional<RouteId> selected);
    static void fit(EnginePeer& peer, const Route& route);
    void apply_policies(std::uint32_t peer_slot);
    RouteUse use_of(TimePoint now, std::uint32_t peer_slot, RouteId route) const;
    void report_use(TimePoint now, RouteReport& report) const;

    // engine_relay.cpp
    // It takes two others, and a message that can name them all.
    bool is_relaying() const {
        return plan.relay && role.is_first() && peers.size() > 1 && peers.size() <= kReachNodesMax;
    }
    Verdict receive_relay(TimePoint now, const Path& path, const Header& header, SessionRef ref,
                          Bytes payload);
    Verdict relay_verdict(std::uint32_t sender, const RelayPrefix& prefix, Bytes inside);
    Verdict receive_reach(TimePoint now, const Header& header, SessionRef ref, Bytes rest);
    TrainTicket relay_ticket(std::uint32_t slot, std::uint16_t datagrams);
    void note_relay_flag(TimePoint now, std::uint32_t slot, std::uint8_t flags);
    void note_goodbye(TimePoint now, std::uint32_t slot);
    void mark_relays(TimePoint now);
    void settle_relays(TimePoint now);
    void watch_relays(TimePoint now);
    Verdict receive_relayed_control(TimePoint now, const Header& header, SessionRef ref,
                                    Bytes payload);
    std::optional<PeerId> find_relay(TimePoint now, std::uint32_t slot);
    void want_reach(std::uint32_t slot);
    void handle_relay_timers(TimePoint now);
    std::optional<TimePoint> relay_deadline() const;
    void make_room_for_relays(TimePoint now);
    std::uint32_t slot_of_node(NodeId node) const;
    // engine_follow.cpp
    void publish_selection(std::uint32_t peer_slot);
    void publish_relayed(PeerId relay);
    // Each worker may send its part of the copies.
    std::uint16_t copy_cost(std::uint16_t datagrams) const {
        return static_cast<std::uint16_t>(datagrams * role.workers);
    }
    void follow(std::uint32_t peer_slot);
    void follow_anew(std::uint32_t peer_slot);
    void take_selection(std::uint32_t peer_slot, const PeerSelection& selection);
    void take_session(std::uint32_t peer_slot, SessionIndex local);
    void join_counts(std::uint32_t slot);
    std::uint8_t sound_source(std::uint32_t slot) const;
    std::uint8_t watch_sent(std::uint32_t slot, std::uint64_t counter, bool is_regular);
    bool watch_report(std::uint32_t slot, const Heartbeat& heartbeat);
    void count_data_sent(std::uint32_t slot, std::uint16_t datagrams);
    void count_data_received(TimePoint now, std::uint32_t slot, const Header& header,
                             bool is_fresh);

    // engine_segmentation.cpp
    TrialPlace* trial_of(std::uint32_t slot);
    void try_segmentation(TimePoint now, std::uint32_t slot, const Heartbeat& heartbeat);

    // engine.cpp
    void settle_patience(TimePoint now);
    void settle_route(TimePoint now, std::uint32_t slot);
    void settle_peer(TimePoint now, std::uint32_t peer_slot);
    void transmit_early(TimePoint now, std::uint32_t due);
    void queue_transmit(std::uint32_t slot);
    Random draw(TimePoint now);
    bool has_few_routes() const { return routes.live() <= kFewRoutes; }
    std::uint16_t padding_of(std::uint16_t mtu, Family family) const;
    void queue_notices(std::uint32_t via);
    void emit(const Event& event);
    void count_sealed(std::uint32_t peer_slot, std::uint64_t datagrams);
    std::uint32_t peer_slot(PeerId id) const;
    // Of many routes none is in the cache when its turn comes, and its lines are wanted one after
    // the other: they come together.
    static void prefetch(const Route& route) {
        const auto* at = reinterpret_cast<const std::uint8_t*>(&route);
        for (std::size_t i = 0; i < sizeof(Route); i += 64) __builtin_prefetch(at + i);
    }
    std::uint32_t route_slot(RouteId id) const;
    std::uint32_t route_slot(EndpointId local, const Endpoint& remote) const;
    // Of that peer's, where cards of several name one address.
    std::uint32_t route_slot(const Path& path, std::uint32_t peer_slot) const;
    Transmit transmit(TimePoint now, const QueuedTransmit& queued);
};

inline void Engine::State::count_data_sent(std::uint32_t slot, std::uint16_t datagrams) {
    if (role.is_first())
        routes[slot]->count_data_sent(datagrams);
    else
        RouteTally::add(tallies[slot]->sent, datagrams);
}

// Here, for they are called for each train and datagram. Order is judged by what the first worker
// of the peer sends to our first: counters of different spaces have none.
inline void Engine::State::count_data_received(TimePoint now, std::uint32_t slot,
                                               const Header& header, bool is_fresh) {
    if (!role.is_first())
        RouteTally::add(is_fresh ? tallies[slot]->received : tallies[slot]->copies, 1);
    else if (header.space == 0)
        routes[slot]->handle_data(now, header.counter, is_fresh);
    else
        routes[slot]->join_data({0, is_fresh ? 1u : 0u, is_fresh ? 0u : 1u});
}

}  // namespace netft::core
