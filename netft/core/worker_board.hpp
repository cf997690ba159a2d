// What the workers of a node tell each other, without a lock or a wait.
//
// The first worker owns heartbeats, route states and selection. What follows from them for a peer's
// traffic it publishes in one cache line a peer (SelectionLine), rarely written; the others look at
// it for each train. What the others have sent and received by route each counts in lines of its
// own (RouteTally), which the first reads when it makes or gets a heartbeat of that route.
//
// PURE: atomics, no threads. Everything is made as plans are taken and stays until the board goes:
// a peer or route that is gone leaves a line behind. Limits: any PeerId and RouteId.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "netft/base/ids.hpp"
#include "netft/base/time.hpp"
#include "netft/core/selector.hpp"
#include "netft/wire/data.hpp"

namespace netft::core {

// Each worker sends from a counter space of its own.
constexpr std::size_t kWorkersMax = kDataSpacesMax;

// A train goes over at most so many routes: the best of those that are up.
constexpr std::size_t kDestinationsMax = 8;

// What carries a peer's traffic.
struct PeerSelection {
    // One that may carry flows (policy spread) has a weight, else 0. The selected route first.
    std::array<Share, kDestinationsMax> routes{};
    std::uint8_t count = 0;
    std::uint8_t copied_count = 0;     // of them, those that are worth a copy in trouble
    bool is_suspect = false;           // the selected one
    bool is_sick = false;              // likewise
    std::uint16_t datagram_bytes = 0;  // EnginePeer's
    std::uint16_t broken_sources = 0;  // of the selected route; SourceWatch
    std::uint8_t single = 0;           // bit i: routes[i] is Route::is_single()
    std::uint16_t relay_bytes = 0;     // RelayWay::datagram_bytes_max
    std::optional<PeerId> relay;       // brings it there where no direct route is up
    std::uint8_t generation = 0;       // another one: counters begin anew, higher
    TimePoint copied_until{};
    SessionIndex session;  // our index of the one to send on; 0: none

    bool operator==(const PeerSelection&) const = default;
};

// One PeerSelection, written by one worker and read by the others: a sequence lock whose data are
// atomics, so that a read while it is written is no race but a failed try.
class alignas(64) SelectionLine {
 public:
    // the first worker
    void publish(const PeerSelection& selection);
    // the others: true when there is something newer than what `seen` stands for (0: nothing seen);
    // false also while it is being written.
    bool read(std::uint32_t& seen, PeerSelection& out) const;

 private:
    static constexpr std::size_t kWords = 7;

    std::atomic<std::uint32_t> sequence_{0};  // odd: being written
    std::array<std::atomic<std::uint64_t>, kWords> words_{};
};
static_assert(sizeof(SelectionLine) == 64);

// Datagrams of data by one worker on one route.
struct RouteTally {
    std::atomic<std::uint64_t> sent{0};      // that worker: rw, first worker: ro
    std::atomic<std::uint64_t> received{0};  // likewise; copies not
    std::atomic<std::uint64_t> copies{0};    // likewise; received before by this or another route

    // One writer: no locked instruction needed.
    static void add(std::atomic<std::uint64_t>& counter, std::uint64_t n) {
        counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
};

// Likewise by peer, whatever the way.
struct PeerTally {
    std::atomic<std::uint64_t> sent{0};   // that worker: rw, first worker: ro
    std::atomic<std::uint64_t> taken{0};  // likewise; new and authentic
};

struct RouteCounts {
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    std::uint64_t copies = 0;

    bool operator==(const RouteCounts&) const = default;
};

// A T for each 16-bit id, in chunks that one thread adds and any may read.
template <class T>
class ChunkedTable {
 public:
    ChunkedTable() = default;
    ~ChunkedTable() {
        for (auto& chunk : chunks_) delete chunk.load();
    }
    ChunkedTable(const ChunkedTable&) = delete;
    ChunkedTable& operator=(const ChunkedTable&) = delete;

    // The one thread's: makes room.
    T& make(std::uint16_t id) {
        std::atomic<Chunk*>& chunk = chunks_[id / kPerChunk];
        if (chunk.load(std::memory_order_relaxed) == nullptr)
            chunk.store(new Chunk, std::memory_order_release);
        return chunk.load(std::memory_order_relaxed)->places[id % kPerChunk];
    }
    // nullptr: not made yet.
    T* find(std::uint16_t id) const {
        Chunk* chunk = chunks_[id / kPerChunk].load(std::memory_order_acquire);
        return chunk == nullptr ? nullptr : &chunk->places[id % kPerChunk];
    }

 private:
    static constexpr std::size_t kPerChunk = 64;
    struct alignas(64) Chunk {
        std::array<T, kPerChunk> places{};
    };
    std::array<std::atomic<Chunk*>, 65'536 / kPerChunk> chunks_{};
};

struct PeerCounts {
    std::uint64_t sent = 0;
    std::uint64_t taken = 0;
};

class WorkerBoard {
 public:
    // `workers`: 2 to kWorkersMax.
    explicit WorkerBoard(std::size_t workers) : tallies_(workers), peer_tallies_(workers) {
        for (auto& table : tallies_) table = std::make_unique<ChunkedTable<RouteTally>>();
        for (auto& table : peer_tallies_) table = std::make_unique<ChunkedTable<PeerTally>>();
    }

    // --- the first worker
    SelectionLine& make_line(PeerId peer) { return lines_.make(peer.value); }
    // What the others have counted since the last call.
    RouteCounts take_counts(RouteId route);
    // Of all others together, ever.
    PeerCounts counts_of(PeerId peer) const;

    // --- the others
    const SelectionLine* find_line(PeerId peer) const { return lines_.find(peer.value); }
    // Borrowed for ever. `worker`: who asks, and is the only one to write to it.
    RouteTally& make_tally(std::size_t worker, RouteId route) {
        return tallies_[worker]->make(route.value);
    }
    PeerTally& make_tally(std::size_t worker, PeerId peer) {
        return peer_tallies_[worker]->make(peer.value);
    }

 private:
    ChunkedTable<SelectionLine> lines_;                                   // first: w, others: ro
    std::vector<std::unique_ptr<ChunkedTable<RouteTally>>> tallies_;      // by worker
    std::vector<std::unique_ptr<ChunkedTable<PeerTally>>> peer_tallies_;  // likewise
    std::vector<RouteCounts> taken_;                                      // first; by RouteId
};

// Which worker of the node an engine belongs to. The first has the board only where there are
// others.
struct WorkerRole {
    std::size_t worker = 0;
    std::size_t workers = 1;
    WorkerBoard* board = nullptr;  // outlives the engine

    bool is_first() const { return worker == 0; }
    // Whose windows hold a peer's counter space.
    bool owns(std::uint16_t space) const { return space % workers == worker; }
};

}  // namespace netft::core
