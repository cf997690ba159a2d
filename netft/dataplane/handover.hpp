// Hands an immutable value from control to the worker, and the old one back to be freed: two
// one-place mailboxes, no lock, no waiting on either side.
#pragma once

#include <atomic>
#include <memory>

namespace netft::dataplane {

template <class T>
class Handover {
 public:
    Handover() = default;
    ~Handover() {
        delete offered_.load();
        delete returned_.load();
        delete current_;
    }
    Handover(const Handover&) = delete;
    Handover& operator=(const Handover&) = delete;

    // Control's. A value that the worker never took is replaced.
    void offer(std::unique_ptr<const T> value) {
        delete returned_.exchange(nullptr, std::memory_order_acquire);
        delete offered_.exchange(value.release(), std::memory_order_acq_rel);
    }

    // Worker's: the newest value, borrowed until the next call; nullptr before the first offer().
    const T* take() {
        if (offered_.load(std::memory_order_relaxed) == nullptr) return current_;
        // Control has not fetched the last one yet: stay with the present one until it has. It
        // fetches at each offer(), so at most one offer is late, by less than the next.
        if (returned_.load(std::memory_order_relaxed) != nullptr) return current_;
        const T* next = offered_.exchange(nullptr, std::memory_order_acq_rel);
        if (next == nullptr) return current_;
        returned_.store(current_, std::memory_order_release);
        current_ = next;
        return current_;
    }

 private:
    std::atomic<const T*> offered_{nullptr};   // control: w, worker: takes
    std::atomic<const T*> returned_{nullptr};  // worker: w, control: takes
    const T* current_ = nullptr;               // worker
};

}  // namespace netft::dataplane
