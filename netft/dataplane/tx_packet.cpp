#include "netft/dataplane/tx_packet.hpp"

#include <rte_mbuf.h>

#include <algorithm>

#include "netft/dataplane/pool.hpp"

namespace netft::dataplane {
namespace {

constexpr std::size_t kIpBytesMax = 65'535;
constexpr std::size_t kEthernetHeader = 14;
constexpr std::size_t kUdpHeader = 8;

void ask_for_sums(rte_mbuf* mbuf, const PacketSpec& spec) {
    bool v4 = spec.source.address.is_v4();
    mbuf->l2_len = kEthernetHeader;
    mbuf->l3_len = v4 ? 20 : 40;
    mbuf->l4_len = kUdpHeader;
    mbuf->ol_flags |= RTE_MBUF_F_TX_UDP_CKSUM;
    mbuf->ol_flags |=
        v4 ? RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM : std::uint64_t{RTE_MBUF_F_TX_IPV6};
}

rte_mbuf* copy(rte_mempool* pool, const PacketSpec& spec, Bytes payload) {
    std::size_t headers = headers_size(spec.source.address.family());
    MbufPtr mbuf(rte_pktmbuf_alloc(pool));
    // A port with a larger MTU than a small mbuf is no port to bring up; see EthDevice::kMtuMax.
    if (mbuf == nullptr || payload.size() + headers > room_of(mbuf.get()).size()) return nullptr;
    set_length(mbuf.get(), payload.size() + headers);
    MutableBytes out = room_of(mbuf.get());
    write_headers(spec, payload, out);
    std::copy(payload.begin(), payload.end(), out.begin() + static_cast<std::ptrdiff_t>(headers));
    if (spec.sums != PacketSums::complete) ask_for_sums(mbuf.get(), spec);
    return mbuf.release();
}

rte_mbuf* chain(rte_mempool* pool, const PacketSpec& spec, rte_mbuf* source, std::size_t offset,
                std::size_t size) {
    MbufPtr head(rte_pktmbuf_alloc(pool));
    rte_mbuf* body = head == nullptr ? nullptr : rte_pktmbuf_alloc(pool);
    if (body == nullptr) return nullptr;
    rte_pktmbuf_attach(body, source);
    body->data_off = static_cast<std::uint16_t>(source->data_off + offset);
    set_length(body, size);
    set_length(head.get(), headers_size(spec.source.address.family()));
    write_headers(spec, bytes_of(body), room_of(head.get()));
    ask_for_sums(head.get(), spec);
    head->next = body;
    head->nb_segs = 2;
    head->pkt_len += static_cast<std::uint32_t>(size);
    return head.release();
}

}  // namespace

rte_mbuf* make_datagram(rte_mempool* pool, const PacketSpec& spec, rte_mbuf* source,
                        std::size_t offset, std::size_t size, const DeviceOffloads& offloads) {
    PacketSpec own = spec;
    if (offloads.tx_checksum) own.sums = PacketSums::by_device;
    if (offloads.tx_segments && size >= kChainedMin) return chain(pool, own, source, offset, size);
    return copy(pool, own, bytes_of(source).subspan(offset, size));
}

bool can_segment(const DeviceOffloads& offloads, std::size_t bytes, std::size_t segment) {
    return offloads.udp_segmentation && bytes > segment && bytes + kHeadersMax <= kIpBytesMax;
}

rte_mbuf* make_train(rte_mempool* pool, const PacketSpec& spec, rte_mbuf* source,
                     std::uint16_t segment) {
    PacketSpec own = spec;
    own.sums = PacketSums::by_device;
    rte_mbuf* train = chain(pool, own, source, 0, source->data_len);
    if (train == nullptr) return nullptr;
    train->tso_segsz = segment;
    train->ol_flags |= RTE_MBUF_F_TX_UDP_SEG;
    return train;
}

}  // namespace netft::dataplane
