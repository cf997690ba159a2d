// Where control publishes snapshots and the worker adopts them, without a lock or a wait: quiescent
// state based reclamation with a single reader.
//
// Each snapshot gets a serial number. The worker has at most one, takes the newest at one place of
// its cycle (its quiescent state) and then says which serial it is at; all lower ones can be freed.
// Publishing wakes the worker, so a sleeping one holds an old snapshot only until it is scheduled.
// (rte_rcu_qsbr does the same for many readers, but ThreadSanitizer cannot see through it.)
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>

#include "netft/dataplane/worker.hpp"

namespace netft::dataplane {

class SnapshotSlot {
 public:
    // --- control
    void publish(std::unique_ptr<const Snapshot> snapshot) {
        alive_.push_back({std::move(snapshot), ++last_serial_});
        newest_.store(&alive_.back(), std::memory_order_release);
        reclaim();
    }
    void reclaim() {
        std::uint64_t at = adopted_.load(std::memory_order_acquire);
        // The newest stays, whatever the worker says: it is what all_retired() speaks of.
        while (alive_.size() > 1 && alive_.front().serial < at) alive_.pop_front();
    }
    bool all_retired() const {
        return alive_.size() <= 1 || adopted_.load(std::memory_order_acquire) >= last_serial_;
    }

    // --- worker
    // A snapshot newer than the one in use, borrowed until release_older() after the next; else
    // nullptr.
    const Snapshot* poll() {
        const Entry* newest = newest_.load(std::memory_order_acquire);
        if (newest == nullptr || newest->serial == in_use_) return nullptr;
        in_use_ = newest->serial;
        return newest->snapshot.get();
    }
    // Nothing of the snapshots before the last poll() is looked at any more.
    void release_older() { adopted_.store(in_use_, std::memory_order_release); }
    // The worker has ended and looks at none.
    void release_all() { adopted_.store(kAll, std::memory_order_release); }

 private:
    struct Entry {
        std::unique_ptr<const Snapshot> snapshot;
        std::uint64_t serial = 0;
    };
    static constexpr std::uint64_t kAll = ~std::uint64_t{0};

    std::deque<Entry> alive_;                    // control; a deque keeps entries where they are
    std::uint64_t last_serial_ = 0;              // control
    std::atomic<const Entry*> newest_{nullptr};  // control: w, worker: ro
    std::atomic<std::uint64_t> adopted_{0};      // worker: w, control: ro
    std::uint64_t in_use_ = 0;                   // worker
};

}  // namespace netft::dataplane
