#include "netft/dataplane/device_queue.hpp"

#include <rte_ethdev.h>

#include <algorithm>

#include "netft/base/assert.hpp"

namespace netft::dataplane {
namespace {

struct Weight {
    std::uint32_t datagrams = 0;
    std::uint32_t bytes = 0;
};

Weight weigh(const rte_mbuf* packet, std::size_t headers) {
    auto bytes = static_cast<std::uint32_t>(packet->pkt_len - headers);
    bool is_train = (packet->ol_flags & RTE_MBUF_F_TX_UDP_SEG) != 0;
    return {is_train ? (bytes + packet->tso_segsz - 1) / packet->tso_segsz : 1, bytes};
}

std::uint16_t narrow(std::size_t count) { return static_cast<std::uint16_t>(count); }

}  // namespace

DeviceQueue::~DeviceQueue() {
    rte_pktmbuf_free_bulk(packets_.data(), static_cast<unsigned>(count_));
}

void DeviceQueue::add(rte_mbuf* packet, bool is_heartbeat) {
    NETFT_ASSERT(has_room(is_heartbeat));
    std::size_t place = is_heartbeat ? urgent_++ : count_;
    std::copy_backward(packets_.begin() + static_cast<std::ptrdiff_t>(place),
                       packets_.begin() + static_cast<std::ptrdiff_t>(count_),
                       packets_.begin() + static_cast<std::ptrdiff_t>(count_ + 1));
    packets_[place] = packet;
    ++count_;
}

bool DeviceQueue::flush(const EthDevice& device, PortCounters& counters, DropCounters& drops) {
    std::size_t before = count_;
    while (count_ > 0) {
        std::size_t fit = count_;
        if (device.offloads().tx_checksum)
            fit = rte_eth_tx_prepare(device.id(), 0, packets_.data(), narrow(count_));
        if (fit == 0) {  // the driver cannot take the first as it is
            drops.count(DropReason::tx_error, weigh(packets_[0], headers_).datagrams);
            rte_pktmbuf_free(packets_[0]);
            drop_front(1);
            continue;
        }
        std::size_t sent = give(device, fit, counters);
        if (sent == 0) break;  // there is no room
        drop_front(sent);
    }
    return count_ < before;
}

// How many of the first `count` the device took, and will free.
std::size_t DeviceQueue::give(const EthDevice& device, std::size_t count, PortCounters& counters) {
    // What the device accepts is no longer ours: look at it before.
    std::array<Weight, kHeartbeatsMax + kDataMax> weights;
    for (std::size_t i = 0; i < count; ++i) weights[i] = weigh(packets_[i], headers_);
    std::size_t sent = rte_eth_tx_burst(device.id(), 0, packets_.data(), narrow(count));
    for (std::size_t i = 0; i < sent; ++i) {
        counters.tx_datagrams += weights[i].datagrams;
        counters.tx_bytes += weights[i].bytes;
    }
    return sent;
}

void DeviceQueue::drop_front(std::size_t count) {
    std::copy(packets_.begin() + static_cast<std::ptrdiff_t>(count),
              packets_.begin() + static_cast<std::ptrdiff_t>(count_), packets_.begin());
    count_ -= count;
    urgent_ -= std::min(urgent_, count);
}

void DeviceQueue::refuse(DropCounters& drops) {
    for (std::size_t i = 0; i < count_; ++i)
        drops.count(DropReason::tx_refused, weigh(packets_[i], headers_).datagrams);
    rte_pktmbuf_free_bulk(packets_.data(), static_cast<unsigned>(count_));
    count_ = 0;
    urgent_ = 0;
}

}  // namespace netft::dataplane
