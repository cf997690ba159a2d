// What stands for the kernel around the worker under measurement: a port and an adapter in memory.
//
// The worker runs as ever (Worker::run, epoll and all); the doubles look at the time-stamp counter
// where it leaves and enters them. In: from the port handing over a burst until the worker, done
// with it, looks at the adapter. Out: from the first frame of a burst being read until the port has
// freed what it was given. So epoll, the clock and the far end's work are not in it; the doubles'
// own copies (a frame into the worker's room) are.
#pragma once

#include <cstdint>
#include <vector>

#include "netft/dataplane/fd.hpp"
#include "netft/dataplane/port.hpp"
#include "netft/dataplane/worker.hpp"
#include "tap/device_interface.hpp"
#include "tests/bench/worker_far.hpp"

namespace netft::bench {

enum class Direction { wait, in, out };

class Ground final : public dataplane::Port, public tap::DeviceInterface {
 public:
    // `frame`: virtio header ‖ Ethernet frame from node 1 to node 2, or back.
    Ground(Far& far, const dataplane::Pools& pools, std::vector<std::uint8_t> frame_out,
           std::vector<std::uint8_t> frame_in, std::size_t bursts);
    // Whose end is asked for when `bursts` bursts went each way.
    void begin(dataplane::Worker& worker) { worker_ = &worker; }

    Samples in;
    Samples out;
    std::uint64_t frames_read = 0;
    std::uint64_t frames_written = 0;

    // --- port
    std::size_t receive(std::span<dataplane::Received> room, std::uint32_t ready,
                        DropCounters& drops) override;
    void send(std::span<dataplane::Outgoing> burst, DropCounters& drops) override;
    std::span<const int> wake_fds() const override { return {&wake_fd_, 1}; }
    const dataplane::PortCounters& counters() const override { return counters_; }
    const char* kind() const override { return "bench"; }

    // --- adapter
    int fd() const override { return frames_waiting_.get(); }
    std::ptrdiff_t read(std::span<const iovec> room) const override;
    std::ptrdiff_t write(std::span<const iovec> frame) const override;
    bool has_uso() const override { return true; }

 private:
    // What const read() and write() do, too: they are const for the kernel's sake.
    struct Watch {
        std::uint64_t began = 0;
        bool is_running = false;
        std::size_t frames_left = 0;  // of the burst that is being read
        std::size_t unsent = 0;       // read, and not yet at the port
        std::uint64_t spent = 0;
    };
    void next_step();
    std::ptrdiff_t read_one(std::span<const iovec> room);
    bool is_as_sent(const iovec& head, std::span<const iovec> payloads) const;
    void hand_to_far(std::span<dataplane::Outgoing> burst);

    Far& far_;
    const dataplane::Pools& pools_;
    std::vector<std::uint8_t> frame_out_;
    std::vector<std::uint8_t> frame_in_;
    std::size_t bursts_;
    dataplane::Worker* worker_ = nullptr;
    dataplane::Fd ever_ready_;
    dataplane::Fd frames_waiting_;
    int wake_fd_ = -1;
    dataplane::PortCounters counters_;
    Direction direction_ = Direction::wait;
    bool is_warm_ = false;
    Watch in_;
    Watch out_;
};

}  // namespace netft::bench
