// Which of a device's offloads netft uses, and DPDK's flags for them.
#pragma once

#include <rte_ethdev.h>

#include "netft/dataplane/eth_device.hpp"

namespace netft::dataplane {

inline DeviceOffloads choose_offloads(const rte_eth_dev_info& info) {
    constexpr std::uint64_t kRx = RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM;
    constexpr std::uint64_t kTx = RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
    DeviceOffloads out;
    out.rx_checksum = (info.rx_offload_capa & kRx) == kRx;
    out.tx_checksum = (info.tx_offload_capa & kTx) == kTx;
    // Without its checksums each payload is read anyway, and copying it costs little more: virtual
    // devices that take several mbufs only copy them together.
    out.tx_segments =
        out.tx_checksum && (info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS) != 0;
    out.udp_segmentation =
        out.tx_segments && (info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_UDP_TSO) != 0;
    return out;
}

inline std::uint64_t rx_flags(const DeviceOffloads& offloads) {
    return offloads.rx_checksum ? RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM : 0;
}

inline std::uint64_t tx_flags(const DeviceOffloads& offloads) {
    std::uint64_t flags = 0;
    if (offloads.tx_checksum) flags |= RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
    if (offloads.tx_segments) flags |= RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
    if (offloads.udp_segmentation) flags |= RTE_ETH_TX_OFFLOAD_UDP_TSO;
    return flags;
}

}  // namespace netft::dataplane
