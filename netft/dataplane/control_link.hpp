// What crosses between control and the worker, but the snapshot: rings, flags and the two eventfds.
//
// Each ring has one producer and one consumer. An eventfd is written at most once per batch; the
// worker's is written only when it was not already told (worker_told_).
#pragma once

#include <array>
#include <atomic>
#include <boost/lockfree/spsc_queue.hpp>
#include <cstdint>

#include "netft/dataplane/fd.hpp"
#include "netft/dataplane/worker.hpp"

namespace netft::dataplane {

// A datagram that control wants sent.
struct SendCommand {
    EndpointId local;
    Endpoint remote;
    SessionIndex seal;  // 0: as it is
    std::uint16_t size = 0;
    std::array<std::uint8_t, ControlDatagram::kBytesMax> bytes;
};

template <class T, std::size_t N>
using Ring = boost::lockfree::spsc_queue<T, boost::lockfree::capacity<N>>;

struct ControlLink {
    static constexpr std::size_t kCommandsMax = 512;
    static constexpr std::size_t kDatagramsMax = 256;
    static constexpr std::size_t kEventsMax = 512;
    static constexpr std::size_t kTraceMax = 4'096;

    static Result<std::unique_ptr<ControlLink>> create();

    // control: after it has queued or set something
    void wake_worker();
    // worker: when its eventfd was readable, before it looks at the rings
    void on_woken();
    // worker: once a cycle, when it has queued something
    void wake_control();

    Ring<SendCommand, kCommandsMax> commands;           // control → worker
    Ring<ControlDatagram, kDatagramsMax> datagrams;     // worker → control
    Ring<core::Event, kEventsMax> events;               // worker → control
    Ring<core::HeartbeatRecord, kTraceMax> trace;       // worker → control
    std::atomic<WorkerReport*> report_wanted{nullptr};  // control: w, worker: takes
    std::atomic<WorkerReport*> report_ready{nullptr};   // worker: w, control: takes
    std::atomic<bool> tracing{false};                   // control: w, worker: ro
    std::atomic<bool> stop{false};                      // control: w, worker: ro
    std::atomic<bool> leaves{false};                    // control: w before stop, worker: ro
    std::atomic<std::uint64_t> cycles{0};               // worker: w, control: ro
    Fd worker_event;
    Fd control_event;

 private:
    std::atomic<bool> worker_told_{false};
};

}  // namespace netft::dataplane
