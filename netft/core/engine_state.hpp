// The engine's insides, shared by its .cpp files. Nobody else includes this.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "netft/core/engine.hpp"
#include "netft/core/local_health.hpp"
#include "netft/core/route.hpp"
#include "netft/core/timer_queue.hpp"
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

struct PathKey {
    EndpointId local;
    Endpoint remote;
    bool operator==(const PathKey&) const = default;
};
struct PathKeyHash {
    std::size_t operator()(const PathKey& key) const noexcept {
        return std::hash<Endpoint>{}(key.remote) ^ (std::size_t{key.local.value} << 1);
    }
};

struct EngineSession {
    PlanSession plan;
    bool shown = false;        // the peer has sent something on it
    std::uint64_t sealed = 0;  // datagrams
    bool worn = false;         // control was told
};

struct EnginePeer {
    std::vector<EngineSession> sessions;      // newest last
    std::optional<std::size_t> sending;       // index into sessions
    std::uint64_t incarnation = 0;            // of the session sent on
    std::uint64_t data_counter = 0;           // of the last datagram sent; never starts anew
    session::ReplayWindow<2048> data_window;  // 131,008 datagrams: 100 ms at 15 Gbit/s
    session::ReplayWindow<4> control_window;
    session::SpaceWindows heartbeat_windows;
    std::vector<std::uint32_t> routes;  // slots
    std::optional<RouteId> selected;
    std::uint32_t selected_slot = Path::kNoRoute;
    Destination selected_destination;  // where `selected_slot` leads
    TimePoint since;                   // of reachable or unreachable
};

struct SessionRef {
    std::uint32_t peer = 0;  // slot
    std::uint32_t session = 0;
};

// A notice waiting for its carrier: `lost` is told over `via`.
struct QueuedTransmit {
    std::uint32_t route = 0;  // slot whose heartbeat it is
    std::uint32_t via = 0;    // slot whose path it takes; = route but for notices
};

struct Engine::State {
    explicit State(std::uint64_t seed) : random(seed) {}

    static constexpr std::size_t kEventsMax = 4096;
    static constexpr std::size_t kTraceMax = 8192;
    static constexpr std::size_t kFewRoutes = 64;
    static constexpr Duration kStallTold = 200ms;  // to control

    Random random;
    Plan plan;
    std::uint32_t generation = 0;  // counters of a new route begin at generation << 32
    bool tracing = false;
    bool shutting_down = false;
    LocalHealth health;
    unsigned patience = LocalHealth::kPatienceMin;  // of all routes

    std::vector<std::unique_ptr<Route>> routes;  // by slot
    std::vector<EnginePeer> peers;               // by slot, as plan.peers
    std::vector<std::uint32_t> peer_slot_of;     // by PeerId; kNoRoute: none
    std::unordered_map<PathKey, std::uint32_t, PathKeyHash> paths;
    std::unordered_map<RouteId, std::uint32_t> route_slot_of;
    std::unordered_map<SessionIndex, SessionRef> sessions;
    std::unordered_map<std::uint64_t, std::uint32_t> peer_of_mac;  // 48 bits
    std::vector<Candidate> candidates;                             // scratch

    TimerQueue route_timers;
    TimerQueue peer_timers;
    std::unique_ptr<Fifo<QueuedTransmit>> transmits = std::make_unique<Fifo<QueuedTransmit>>(1);
    std::vector<bool> is_queued;  // by slot: already in `transmits`
    Fifo<Event> events{kEventsMax};
    Fifo<HeartbeatRecord> trace{kTraceMax};
    DropCounters drops;

    // engine_plan.cpp
    void reconcile_peers(TimePoint now, const Plan& next);
    void reconcile_routes(TimePoint now, const Plan& next);
    void rebuild_indexes();
    void choose_session(TimePoint now, std::uint32_t peer_slot);

    // engine_receive.cpp
    Verdict receive_heartbeat(TimePoint now, const Path& path, const Header& header, Bytes payload);
    Verdict receive_data(const Path& path, const Header& header, SessionRef ref, Bytes payload);
    Verdict receive_control(const Header& header, SessionRef ref);
    std::optional<SessionRef> find_session(const Header& header) const;
    void show_session(TimePoint now, SessionRef ref);
    Verdict drop(DropReason reason);
    std::uint32_t route_of_heartbeat(const Path& path, const Heartbeat& heartbeat, DropReason& why);

    // engine.cpp
    void settle_patience(TimePoint now);
    void settle_route(TimePoint now, std::uint32_t slot);
    void settle_peer(TimePoint now, std::uint32_t peer_slot);
    void select_route(TimePoint now, std::uint32_t peer_slot);
    void transmit_early(TimePoint now, std::uint32_t due);
    void queue_transmit(std::uint32_t slot);
    void queue_notices(std::uint32_t via);
    void emit(const Event& event);
    void count_sealed(std::uint32_t peer_slot, std::uint64_t datagrams);
    std::uint32_t peer_slot(PeerId id) const;
    Transmit transmit(TimePoint now, const QueuedTransmit& queued);
};

}  // namespace netft::core
