// What a port learns of its way to the wire beyond counts, and what control makes of it.
//
// The worker writes, control reads now and then: no lock, no wait. What does not fit is forgotten,
// for it will be said again as long as it lasts.
#pragma once

#include <atomic>
#include <boost/lockfree/spsc_queue.hpp>
#include <optional>

#include "netft/core/path_error.hpp"

namespace netft::dataplane {

class PortHealth {
 public:
    static constexpr std::size_t kErrorsMax = 32;

    // --- the worker
    bool may_segment() const { return segmentation_error_.load(std::memory_order_relaxed) == 0; }
    // UDP_SEGMENT failed where a single datagram passes.
    void handle_segmentation_error(int error) {
        segmentation_error_.store(error, std::memory_order_relaxed);
    }
    void add(const core::PathError& error) { errors_.push(error); }
    // More errors came than are good to read: they are not heard until control says so.
    void go_deaf() { is_deaf_.store(true, std::memory_order_relaxed); }

    // --- control
    // errno; 0: it works, or nobody has tried.
    int segmentation_error() const { return segmentation_error_.load(std::memory_order_relaxed); }
    void allow_segmentation() { segmentation_error_.store(0, std::memory_order_relaxed); }
    std::optional<core::PathError> poll_error() {
        core::PathError error;
        return errors_.pop(error) ? std::optional(error) : std::nullopt;
    }
    bool take_deafness() { return is_deaf_.exchange(false, std::memory_order_relaxed); }

 private:
    std::atomic<int> segmentation_error_{0};
    std::atomic<bool> is_deaf_{false};
    boost::lockfree::spsc_queue<core::PathError, boost::lockfree::capacity<kErrorsMax>> errors_;
};

}  // namespace netft::dataplane
