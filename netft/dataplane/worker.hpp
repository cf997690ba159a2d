// The worker: one lcore's loop over ports, adapter, heartbeats and timers.
//
// A cycle: read the clock once → drain received datagrams → take commands and a new snapshot →
// timers → adapter → transmit. Received frames come before timers: a worker that was stalled reads
// what is already waiting before it declares anybody dead. It blocks only in its one epoll_wait.
//
// It talks with control by single-producer single-consumer rings with an eventfd each way, and by
// one atomic pointer to an immutable Snapshot; control frees an old one after the worker has passed
// a quiescent state (QSBR, snapshot_slot.hpp). No lock anywhere, and no allocation but when a new
// snapshot is adopted.
//
// Parts: poller (epoll), transmitter (ports and what waits for them), train_buffer (a frame on its
// way out), train_run (a train on its way in), control_link (rings); worker_receive, _adapter,
// _control and _run are the steps of the cycle.
// Limits per cycle, so that heartbeats never wait long: kFramesMax frames or kFrameBytesMax bytes
// from the adapter, one burst from each port.
// A node may have several: each has its own adapter queue, ports, pools, crypto device and link to
// control, and what the first one's engine decides reaches the others by the board in their role.
// Threads: run() belongs to the worker, everything else to control.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "netft/base/result.hpp"
#include "netft/core/counters.hpp"
#include "netft/core/engine.hpp"
#include "netft/core/events.hpp"
#include "netft/core/plan.hpp"
#include "netft/dataplane/crypto_device.hpp"
#include "netft/dataplane/pool.hpp"
#include "netft/dataplane/port.hpp"
#include "tap/device_interface.hpp"

namespace netft::dataplane {

struct PortBinding {
    EndpointId endpoint;
    Port* port = nullptr;  // lives until the snapshot that names it is retired
};

struct Snapshot {
    core::Plan plan;
    std::vector<PortBinding> ports;
};

// A datagram of type 1, 2, 3 or 6 for control, whole.
struct ControlDatagram {
    static constexpr std::size_t kBytesMax = 1500;
    TimePoint at;
    EndpointId local;
    Endpoint remote;
    std::optional<PeerId> peer;  // by its session (type 6)
    std::uint16_t size = 0;
    std::array<std::uint8_t, kBytesMax> bytes;
};

// Control lends it to the worker, which fills it and gives it back.
struct WorkerReport {
    core::Report core;
    core::WorkerCounters counters;
    DropCounters drops;  // engine's, ports' and the worker's own, added up
};

struct WorkerSettings {
    Duration spin{};  // at most so long it looks for more traffic before it sleeps
    std::uint64_t seed = 0;
    const Pools* pools = nullptr;  // its own, shared with its ports only; outlives it
    SecurityMode security = SecurityMode::none;
    CryptoChoice crypto = CryptoChoice::automatic;
    core::WorkerRole role;
    std::uint64_t secret = 0;  // random, and used for nothing that anybody sees
};

class Worker {
 public:
    static Result<std::unique_ptr<Worker>> create(const WorkerSettings& settings,
                                                  const tap::DeviceInterface& adapter);
    ~Worker();

    // --- the worker's thread
    // Returns after stop(), when every route was said to be admin-down to the peers; after
    // leave(), when they were told that we restart.
    void run();

    // --- control's thread
    // Publishes; frees snapshots the worker is done with (call it, or reclaim(), now and then).
    // Destroy the worker before the ports of its last snapshot, and after run() has returned.
    void publish(std::unique_ptr<const Snapshot> snapshot);
    void reclaim();
    // True when no snapshot but the current one is alive: ports taken out can be closed.
    bool all_retired() const;
    // Queues a datagram; `seal`: our index of the session whose key seals it, 0: as it is. False:
    // the ring is full (counted control_queue_full by the caller).
    bool send(EndpointId local, const Endpoint& remote, Bytes datagram, SessionIndex seal = {});
    // The device that seals: "crypto_aesni_gcm" or "crypto_openssl"; empty in mode none.
    std::string_view crypto() const;
    void set_tracing(bool on);
    // Lends `report`; poll_report() gives it back filled. One at a time.
    bool request_report(WorkerReport* report);
    WorkerReport* poll_report();
    std::optional<core::Event> poll_event();
    std::optional<core::HeartbeatRecord> poll_trace();
    // Moves the next datagram for control into `out`; false: none.
    bool poll_datagram(ControlDatagram& out);
    // Readable when some poll_…() has something. poll it, then read() it empty.
    int event_fd() const;
    // How many cycles it has done. One that is idle does none until it is woken.
    std::uint64_t cycles() const;
    void wake();
    void stop();
    // As stop(), but somebody takes our place: the peers are to wait.
    void leave();
    // Before run(): frames of the adapter wait in it until these peers, with whom a netftd before
    // us had routes, are reachable again, for kHoldMax at most.
    void hold_adapter_for(std::vector<PeerId> peers);
    static constexpr Duration kHoldMax = 500ms;

 private:
    struct Impl;
    explicit Worker(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace netft::dataplane
