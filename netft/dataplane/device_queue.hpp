// Packets that are made and wait for their device: what its ring did not take stays, in order, but
// for heartbeats, which go before all else and have places of their own.
//
// Bounded; whoever adds asks for room first. Threads: the worker's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "netft/dataplane/eth_device.hpp"
#include "netft/dataplane/port.hpp"

struct rte_mbuf;

namespace netft::dataplane {

class DeviceQueue {
 public:
    static constexpr std::size_t kDataMax = Port::kBurstMax;
    static constexpr std::size_t kHeartbeatsMax = 64;

    // `headers`: bytes of a packet before its payload.
    explicit DeviceQueue(std::size_t headers) : headers_(headers) {}
    ~DeviceQueue();
    DeviceQueue(const DeviceQueue&) = delete;
    DeviceQueue& operator=(const DeviceQueue&) = delete;

    bool is_empty() const { return count_ == 0; }
    bool has_room(bool is_heartbeat) const {
        return is_heartbeat ? urgent_ < kHeartbeatsMax : count_ - urgent_ < kDataMax;
    }
    // Takes the packet.
    void add(rte_mbuf* packet, bool is_heartbeat);
    // Gives the device what it takes; what its driver cannot send at all is counted and freed.
    // True: some left the queue.
    bool flush(const EthDevice& device, PortCounters& counters, DropCounters& drops);
    // All of it is lost, counted tx_refused.
    void refuse(DropCounters& drops);

 private:
    std::size_t give(const EthDevice& device, std::size_t count, PortCounters& counters);
    void drop_front(std::size_t count);

    std::size_t headers_;
    std::array<rte_mbuf*, kHeartbeatsMax + kDataMax> packets_{};  // heartbeats, then data
    std::size_t count_ = 0;
    std::size_t urgent_ = 0;  // of them heartbeats
};

}  // namespace netft::dataplane
