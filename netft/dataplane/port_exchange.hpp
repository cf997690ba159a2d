// Where the workers that share an endpoint hand each other buffers: what came in at one and is
// another's, and what goes out by the first one's device.
//
// A ring for each ordered pair of workers, and for each worker a descriptor that wakes it. Buffers
// are copied: an mbuf stays with the worker whose pool it is from.
// Threads: made by control; from then on each worker calls with its own number.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "netft/base/address.hpp"
#include "netft/base/bytes.hpp"
#include "netft/base/result.hpp"
#include "netft/dataplane/byte_ring.hpp"
#include "netft/dataplane/fd.hpp"

namespace netft::dataplane {

// What is handed over, as Received or Outgoing say it.
struct Parcel {
    Endpoint remote;
    std::uint16_t segment = 0;
    bool is_outgoing = false;  // to be sent, else received
    bool is_heartbeat = false;
    std::uint8_t source = 0;
};

class PortExchange {
 public:
    static constexpr std::size_t kRingBytes = 512 * 1024;  // of each

    static Result<std::shared_ptr<PortExchange>> create(std::size_t workers);

    std::size_t workers() const { return ends_.size(); }
    // False: the ring is full.
    bool push(std::size_t from, std::size_t to, const Parcel& parcel, Bytes bytes);
    // Once for all that was pushed; costs nothing where nothing was, or `to` was told already.
    void wake(std::size_t from, std::size_t to);
    // More waits for `to` than it should: its time to catch up, while there is room.
    bool is_half_full(std::size_t from, std::size_t to) const {
        return ring_of(from, to)->used() > kRingBytes / 2;
    }

    // Before the rings are looked at, when the descriptor was readable.
    void on_woken(std::size_t worker);
    // Something was left: the descriptor is readable again.
    void wake_again(std::size_t worker);
    // Calls `take(Parcel, Bytes)` for what waits for `worker`: the others' rings one after the
    // other, the first of them the `turn`-th. What it does not take (false) stays, and so does what
    // is behind it in the same ring.
    template <class Take>
    void drain(std::size_t worker, std::size_t turn, Take take) {
        std::size_t others = workers() - 1;
        for (std::size_t i = 0; i < others; ++i) {
            std::size_t from = (worker + 1 + (turn + i) % others) % workers();
            drain(*ring_of(from, worker), take);
        }
    }
    int wake_fd(std::size_t worker) const { return ends_[worker]->event.get(); }

 private:
    struct alignas(64) End {
        Fd event;
        std::atomic<bool> told{false};
    };
    PortExchange() = default;
    template <class Take>
    static void drain(ByteRing& ring, Take& take) {
        for (; !ring.is_empty(); ring.pop()) {
            Bytes record = ring.front();
            Parcel parcel;
            std::memcpy(&parcel, record.data(), sizeof(parcel));
            if (!take(parcel, record.subspan(sizeof(parcel)))) return;
        }
    }
    ByteRing* ring_of(std::size_t from, std::size_t to) const {
        return rings_[from * workers() + to].get();
    }

    std::vector<std::unique_ptr<End>> ends_;
    std::vector<std::unique_ptr<ByteRing>> rings_;  // [from × workers + to]; to itself: none
};

}  // namespace netft::dataplane
