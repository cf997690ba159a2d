// A datagram, or a whole train, made a packet for an Ethernet device.
//
// Without offloads, and for what is short, one mbuf with all bytes copied and both checksums made
// here. Where the device sums and takes several mbufs: one mbuf with the headers, and behind it the
// payload where it lies (an indirect mbuf; the bytes are never written to). Where it cuts UDP, the
// whole train so.
// Threads: the worker's.
#pragma once

#include <cstddef>
#include <cstdint>

#include "netft/dataplane/eth_device.hpp"
#include "netft/dataplane/packet.hpp"

struct rte_mbuf;

namespace netft::dataplane {

// Shorter payloads are copied: a second mbuf costs more.
constexpr std::size_t kChainedMin = 256;

// Bytes `offset`…`offset + size` of `source`. nullptr: no mbuf is free, or it is too long for one.
rte_mbuf* make_datagram(rte_mempool* pool, const PacketSpec& spec, rte_mbuf* source,
                        std::size_t offset, std::size_t size, const DeviceOffloads& offloads);

// True: make_train() may be used for it.
bool can_segment(const DeviceOffloads& offloads, std::size_t bytes, std::size_t segment);
// All of `source`, to be cut by the device into datagrams of `segment` bytes.
rte_mbuf* make_train(rte_mempool* pool, const PacketSpec& spec, rte_mbuf* source,
                     std::uint16_t segment);

}  // namespace netft::dataplane
