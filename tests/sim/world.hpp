// A cluster in a box: n nodes with the real coordinator, engine and train assembler, joined by m
// simulated networks, on virtual time. One seed is one run, whatever the machine does.
//
// Per directed pair of nodes on a network: cut, loss (of all or of data alone), delay, jitter
// (which reorders), stragglers, duplication, MTU, rate with a queue. Per node: stall (nothing is
// processed, datagrams wait), restart (a new incarnation after a while), a clock of its own, an
// older or newer minor version, carrier and address per interface. Datagrams are kept as bytes;
// nothing of a node's inside is looked at but through its public functions.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <unordered_map>
#include <vector>

#include "netft/base/random.hpp"
#include "netft/core/coordinator.hpp"
#include "netft/core/engine.hpp"
#include "netft/core/train_assembler.hpp"
#include "tests/sim/sealing.hpp"
#include "tests/sim/versions.hpp"

namespace netft::sim {

struct LinkState {
    bool is_cut = false;
    double loss = 0;
    double duplication = 0;
    Duration delay = 100us;
    Duration jitter = 20us;
    double data_loss = 0;   // as where one member of several carries data alone, and is broken
    double stragglers = 0;  // share of datagrams that take `straggle` longer
    Duration straggle = 20ms;
    std::size_t mtu = 65'535;    // bytes of IP packet; what is longer vanishes
    std::uint64_t rate = 0;      // bytes a second; 0: no limit
    std::size_t queue = 65'536;  // bytes that wait for it
    TimePoint busy_until{};

    // As a healthy network is.
    bool is_well() const {
        return !is_cut && loss == 0 && duplication == 0 && jitter <= 1ms && delay <= 10ms &&
               data_loss == 0 && stragglers == 0 && mtu >= 1500 && rate == 0;
    }
};

// What is peculiar to a node, for as long as the world stands.
struct NodeTraits {
    std::int64_t clock_ppm = 0;  // its clock runs so many millionths too fast
    Duration clock_offset{};     // and begins so far off
    Version version = Version::same;
};

struct WorldSettings {
    std::size_t nodes = 3;
    std::size_t networks = 2;
    Timing timing{100ms, 5};
    std::uint64_t seed = 1;
    SecurityMode security = SecurityMode::encrypt;
    Duration rekey_after = 20s;  // often, so that every storm sees many
    std::uint64_t rekey_datagrams = std::uint64_t{1} << 36;
    core::TrafficRule traffic;
    // The last node has key, name and configuration of the first, at addresses of its own, and is
    // not started by the constructor.
    bool last_is_clone = false;
    // The configuration lists the nodes' endpoints on all networks, not only on the first. Without,
    // two that restart while the first is lost cannot find each other.
    bool lists_all_endpoints = false;
    bool relay = true;
    std::vector<NodeTraits> traits;  // by node; those behind the end have none
    // Node 0 has all the others as peers, these have only it.
    bool is_star = false;
    // No node is started by the constructor.
    bool starts_later = false;
    // Handshakes of libcrypto, not of cheap_primitives().
    bool has_real_handshakes = true;
};

// A frame that reached a node's adapter.
struct Delivery {
    TimePoint at;
    std::size_t from = 0;
    std::size_t to = 0;
    std::uint64_t epoch = 0;   // of the sender: counts its starts
    std::uint64_t number = 0;  // of the frame, in that epoch
    bool intact = false;
};

// What the checkers hear of.
class Observer {
 public:
    virtual ~Observer() = default;
    virtual void on_transition(std::size_t node, const core::RouteTransition& transition) = 0;
    virtual void on_delivery(const Delivery& delivery) = 0;
    // A frame was taken to be sent.
    virtual void on_sent(std::size_t /*from*/, std::size_t /*to*/) {}
    virtual void on_violation(const std::string& what) = 0;
};

// What happened so far.
struct Activity {
    std::uint64_t messages = 0;   // datagrams sent that carry no frame: what the cluster costs
    std::uint64_t datagrams = 0;  // the others
    std::uint64_t wakes = 0;      // of nodes, by their deadlines
};

struct SimNode {
    std::unique_ptr<core::Coordinator> coordinator;
    std::unique_ptr<core::Engine> engine;
    std::unique_ptr<core::TrainAssembler> assembler;
    DropCounters assembler_drops;
    // Of the plan in force, by our index of the session.
    std::unordered_map<std::uint32_t, session::SessionKeysPtr> keys;
    std::uint64_t bad_seals = 0;
    std::uint64_t relayed = 0;      // frames sent by way of another node
    std::uint64_t forwarded = 0;    // datagrams passed on for others
    std::vector<bool> carrier;      // by network
    std::vector<bool> has_address;  // by network
    bool is_restarting = false;
    std::vector<core::RememberedPeer> memory;  // of the former life
    std::uint64_t epoch = 0;
    std::uint64_t frames_sent = 0;
    std::uint64_t received = 0;  // datagrams handed to the engine
    std::uint64_t consumed = 0;  // verdicts that were not drops
    std::optional<TimePoint> stalled_until;
    TimePoint stalled_since;
    std::optional<TimePoint> asleep_at;  // by its clock, which sleeps, too
    std::vector<std::size_t> waiting;    // packets that came while stalled
    bool missed_interfaces = false;      // changed while stalled
    bool missed_settings = false;
    std::uint64_t wake_version = 0;
    std::optional<TimePoint> wakes_at;  // the one wake of this version that is queued
    // The coordinator's, until it is touched.
    std::optional<TimePoint> coordinator_deadline;
    bool is_touched = true;
    bool running = false;
    bool swallows = false;  // what it is to pass on for others
};

class World {
 public:
    World(const WorldSettings& settings, Observer& observer);
    ~World();

    void run_until(TimePoint end);
    TimePoint now() const { return now_; }
    Random& random() { return random_; }

    // --- faults; indices are 0-based
    LinkState& link(std::size_t from, std::size_t to, std::size_t network);
    // Sends `bytes` as if they came from `from`'s address on that network; nobody's keys are used.
    void inject(std::size_t from, std::size_t to, std::size_t network, Bytes bytes);
    // Sees every datagram that is sent, before faults.
    std::function<void(std::size_t from, std::size_t to, std::size_t network, Bytes)> on_wire;
    // Sees what a node is about to seal, with the session.
    std::function<void(std::size_t node, EndpointId local, const Endpoint& remote,
                       SessionIndex session, Bytes plain)>
        on_plain;
    // `node` says what it likes, with keys of its own.
    void say(std::size_t node, EndpointId local, const Endpoint& remote, SessionIndex session,
             Bytes plain);
    // True: this one vanishes.
    std::function<bool(std::size_t from, std::size_t to, std::size_t network, Bytes)> swallows;
    void set_carrier(std::size_t node, std::size_t network, bool on);
    void set_address(std::size_t node, std::size_t network, bool present);
    void stall(std::size_t node, Duration how_long);
    // As a laptop that is closed: its clock stands, what is sent to it is lost.
    void suspend(std::size_t node, Duration how_long);
    // Somebody sets the wall clock of a running node.
    void step_wall_clock(std::size_t node, Duration by);
    // Its hypervisor says that it goes on from a snapshot.
    void restore_machine(std::size_t node);
    void stop(std::size_t node);  // as kill -9
    // Says to the peers that it restarts, or after all not. Said, stop() keeps what the next
    // start() is told of the peers.
    void announce_restart(std::size_t node, bool restarts = true);
    void start(std::size_t node);
    void reload_timing(std::size_t node, Timing timing);
    void reload_cluster_keys(std::size_t node, const std::vector<std::uint8_t>& keys);
    // `node` reads a configuration in which `other` is no more.
    void reload_without(std::size_t node, std::size_t other);
    void reload_with_all(std::size_t node) { reload_without(node, settings_.nodes); }
    // The wall clock that the node's next start will read, against true time.
    void set_wall_clock(std::size_t node, Duration offset) { wall_offsets_[node] = offset; }
    void heal_everything();

    // --- traffic: a frame of `bytes` to `to`; false: unreachable
    bool send_frame(std::size_t from, std::size_t to, std::size_t bytes);

    // --- looking
    const WorldSettings& settings() const { return settings_; }
    SimNode& node(std::size_t i) {
        nodes_[i].is_touched = true;
        return nodes_[i];
    }
    const SimNode& node(std::size_t i) const { return nodes_[i]; }
    PeerId peer_id(std::size_t node) const { return PeerId(static_cast<std::uint16_t>(node)); }
    std::vector<core::RouteReport> routes(std::size_t node) const;
    // The peer and network of a node's route; nullopt: unknown to its coordinator.
    struct RoutePlace {
        std::size_t peer = 0;
        std::size_t network = 0;
    };
    std::optional<RoutePlace> place_of(std::size_t node, RouteId route) const;
    const Activity& activity() const { return activity_; }
    // Datagrams that are sent, and neither received nor lost yet.
    std::size_t in_flight() const { return packets_.size() - free_packets_.size(); }
    // What the node's own clock says.
    TimePoint local_now(std::size_t node) const;

 private:
    struct Packet {
        std::size_t from = 0, network = 0;
        std::vector<std::uint8_t> bytes;
    };
    enum class Kind : std::uint8_t { packet, wake, resume };
    struct Step {
        TimePoint at;
        std::uint64_t order = 0;
        std::uint64_t what = 0;  // place of the packet, or version of the wake
        std::uint32_t node = 0;
        Kind kind = Kind::packet;
        bool operator>(const Step& o) const { return at != o.at ? at > o.at : order > o.order; }
    };

    TimePoint local_time(std::size_t node, TimePoint at) const;
    // The first instant at which the node's clock says `local` or more.
    TimePoint when(std::size_t node, TimePoint local) const;
    core::Settings settings_of(std::size_t node) const;
    void reload(std::size_t node);
    void tell_interfaces(std::size_t node);
    bool is_clone(std::size_t node) const {
        return settings_.last_is_clone && node + 1 == settings_.nodes;
    }
    // In `room`, until it is used again.
    Bytes seal(std::size_t node, SessionIndex session, Bytes plain,
               std::vector<std::uint8_t>& room);
    std::optional<Bytes> open(SimNode& node, Bytes datagram);
    std::vector<routing::InterfaceFact> facts_of(std::size_t node) const;
    void push(TimePoint at, Kind kind, std::size_t node, std::uint64_t what);
    core::Coordinator& touch(SimNode& node) {
        node.is_touched = true;
        return *node.coordinator;
    }
    void transmit(std::size_t from, EndpointId local, const Endpoint& remote, Bytes bytes);
    void launch(std::size_t from, std::size_t to, std::size_t network, Bytes bytes);
    void take(const Step& step);
    bool has_livelock(TimePoint next);
    void take_packet(SimNode& node, const Step& step);
    void wake(SimNode& node, const Step& step);
    void resume(SimNode& node, const Step& step);
    bool is_there(std::size_t node, std::size_t network) const {
        return nodes_[node].carrier[network] && nodes_[node].has_address[network];
    }
    // Which of the nodes has it on that network.
    std::optional<std::size_t> node_at(const Endpoint& remote, std::size_t network) const;
    void receive(std::size_t node, const Packet& packet);
    void handle(std::size_t node, const core::Verdict& verdict, EndpointId local,
                const Endpoint& remote, Bytes datagram);
    void forward(std::size_t node, const core::Verdict& verdict);
    void receive_inner(std::size_t node, const core::Verdict& verdict);
    // Wraps a datagram, sealed already, and sends it to `next`. False: not to be reached.
    bool hop(std::size_t node, PeerId next, const RelayPrefix& prefix, Bytes inner);
    void send(std::size_t node, const core::ControlSend& send);
    bool send_train(std::size_t from, std::size_t to, Bytes frame);
    void deliver(std::size_t node, PeerId peer, Bytes train);
    void pump(std::size_t node);
    void wake_later(std::size_t node);
    std::optional<TimePoint> next_deadline(SimNode& node);
    std::size_t store(std::size_t from, std::size_t network, Bytes bytes);

    WorldSettings settings_;
    Observer& observer_;
    Random random_;
    std::unique_ptr<session::Primitives> primitives_;
    std::vector<session::NoiseKeyPair> node_keys_;
    TimePoint now_;
    std::uint64_t order_ = 0;
    std::uint64_t steps_here_ = 0;  // at this very instant
    bool is_stuck_ = false;
    Activity activity_;
    std::vector<SimNode> nodes_;
    std::vector<NodeTraits> traits_;
    std::vector<Timing> timings_;
    std::vector<Duration> wall_offsets_;
    std::vector<std::vector<std::uint8_t>> cluster_keys_;  // first bytes
    std::vector<std::size_t> removed_;                     // by node: whom it does not know
    std::vector<LinkState> links_;
    std::deque<Packet> packets_;  // each stays where it is
    std::vector<std::size_t> free_packets_;
    std::priority_queue<Step, std::vector<Step>, std::greater<>> queue_;
    // Scratch: they keep their room from one datagram to the next.
    std::vector<std::uint8_t> plain_;
    std::vector<std::uint8_t> sealed_;
    std::vector<std::uint8_t> hop_plain_;
    std::vector<std::uint8_t> hop_sealed_;
};

}  // namespace netft::sim
