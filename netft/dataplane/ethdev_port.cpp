#include "netft/dataplane/ethdev_port.hpp"

#include <rte_ethdev.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "netft/base/assert.hpp"
#include "netft/dataplane/tx_packet.hpp"

namespace netft::dataplane {
namespace {

// What the device says is bad is looked at again: only its good word saves us the work.
bool is_sum_good(const rte_mbuf* mbuf) {
    return (mbuf->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_GOOD;
}

struct Weight {
    std::uint32_t datagrams = 0;
    std::uint32_t bytes = 0;
};

Weight weigh(const rte_mbuf* packet, std::size_t headers) {
    auto bytes = static_cast<std::uint32_t>(packet->pkt_len - headers);
    bool is_train = (packet->ol_flags & RTE_MBUF_F_TX_UDP_SEG) != 0;
    return {is_train ? (bytes + packet->tso_segsz - 1) / packet->tso_segsz : 1, bytes};
}

}  // namespace

EthdevPort::EthdevPort(Parts parts) : parts_(std::move(parts)), mac_(parts_.mac) {
    NETFT_ASSERT(parts_.pools != nullptr);
    if (mac_.is_zero()) mac_ = parts_.device->mac();
    if (parts_.wake_fd >= 0) wake_fds_[wake_fd_count_++] = parts_.wake_fd;
    if (parts_.exceptions) wake_fds_[wake_fd_count_++] = parts_.exceptions->fd();
}

std::size_t EthdevPort::receive(std::span<Received> room, std::uint32_t ready,
                                DropCounters& drops) {
    std::array<rte_mbuf*, kBurstMax> packets{};
    if (ready == 0) return 0;
    std::uint16_t got = receive_burst(std::span(packets).first(std::min(room.size(), kBurstMax)));
    std::size_t used = 0;
    for (std::uint16_t i = 0; i < got; ++i)
        if (take(packets[i], room[used], drops)) ++used;
    if (parts_.exceptions) serve_kernel(ready, drops);
    return used;
}

// An empty queue is looked at once more after the interrupt was asked for: a packet between the two
// would wake nobody.
std::uint16_t EthdevPort::receive_burst(std::span<rte_mbuf*> room) {
    auto wanted = static_cast<std::uint16_t>(room.size());
    std::uint16_t got = rte_eth_rx_burst(parts_.device->id(), 0, room.data(), wanted);
    if (got > 0 || parts_.wake_fd < 0) return got;
    if (parts_.wake_fd == parts_.device->rx_interrupt_fd()) {
        parts_.device->arm();
        got = rte_eth_rx_burst(parts_.device->id(), 0, room.data(), wanted);
        if (got > 0) parts_.device->wake();
        return got;
    }
    // An interface that went down leaves its error on the socket, readable until fetched.
    int error = 0;
    socklen_t length = sizeof(error);
    (void)getsockopt(parts_.wake_fd, SOL_SOCKET, SO_ERROR, &error, &length);
    return 0;
}

void EthdevPort::serve_kernel(std::uint32_t ready, DropCounters& drops) {
    std::uint32_t bit = 1u << (wake_fd_count_ - 1);
    if ((ready & bit) != 0) parts_.exceptions->from_kernel(drops);
}

// Takes the mbuf.
void EthdevPort::drop_or_pass_on(rte_mbuf* mbuf, PacketKind kind, DropCounters& drops) {
    switch (kind) {
        case PacketKind::ours: break;
        case PacketKind::other:
            ++counters_.rx_other;
            if (parts_.exceptions) return parts_.exceptions->to_kernel(mbuf, drops);
            break;
        case PacketKind::truncated: drops.count(DropReason::rx_truncated); break;
        case PacketKind::bad_checksum: drops.count(DropReason::rx_port_error); break;
    }
    rte_pktmbuf_free(mbuf);
}

// Takes the mbuf; true: it is now in `out`.
bool EthdevPort::take(rte_mbuf* mbuf, Received& out, DropCounters& drops) {
    ParsedPacket packet;
    if (parts_.local.port != 0)
        packet = parse_packet(bytes_of(mbuf), parts_.local, is_sum_good(mbuf));
    // The driver may chain mbufs; a datagram that does not lie in the first is not for us to mend.
    if (packet.kind == PacketKind::ours && mbuf->nb_segs != 1) packet.kind = PacketKind::truncated;
    if (packet.kind != PacketKind::ours) {
        drop_or_pass_on(mbuf, packet.kind, drops);
        return false;
    }
    mbuf->data_off = static_cast<std::uint16_t>(mbuf->data_off + packet.payload_offset);
    set_length(mbuf, packet.payload_size);
    ++counters_.rx_datagrams;
    counters_.rx_bytes += packet.payload_size;
    out = {mbuf, packet.source, static_cast<std::uint16_t>(packet.payload_size)};
    return true;
}

void EthdevPort::send(std::span<Outgoing> burst, DropCounters& drops) {
    const NextHopTable* table = next_hops_.take();
    if (table != nullptr && !table->source().is_zero()) mac_ = table->source();
    for (Outgoing& outgoing : burst) {
        MbufPtr owner(std::exchange(outgoing.mbuf, nullptr));
        outgoing.mbuf = owner.get();
        const MacAddress* mac = table == nullptr ? nullptr : table->find(outgoing.remote);
        std::size_t segment = std::max<std::size_t>(1, outgoing.segment);
        std::size_t datagrams = (owner->data_len + segment - 1) / segment;
        if (mac == nullptr) {
            drops.count(DropReason::tx_no_neighbour, datagrams);
        } else if (segment + ip_overhead(parts_.local.address.family()) > parts_.mtu) {
            drops.count(DropReason::tx_too_big, datagrams);
        } else {
            send_train(outgoing,
                       {.source_mac = mac_,
                        .destination_mac = *mac,
                        .source = parts_.local,
                        .destination = outgoing.remote,
                        .is_heartbeat = outgoing.is_heartbeat},
                       drops);
        }
        outgoing.mbuf = nullptr;
    }
    flush(drops);
}

void EthdevPort::send_train(const Outgoing& outgoing, const PacketSpec& spec, DropCounters& drops) {
    std::size_t segment = std::max<std::size_t>(1, outgoing.segment);
    std::size_t bytes = outgoing.mbuf->data_len;
    EthDevice& device = *parts_.device;
    if (can_segment(device.offloads(), bytes, segment)) {
        rte_mbuf* train = make_train(device.pool(), spec, outgoing.mbuf, outgoing.segment);
        return add(train, (bytes + segment - 1) / segment, drops);
    }
    for (std::size_t at = 0; at < bytes; at += segment)
        add(make_datagram(device.pool(), spec, outgoing.mbuf, at, std::min(segment, bytes - at),
                          device.offloads()),
            1, drops);
}

// nullptr: there was no mbuf for it.
void EthdevPort::add(rte_mbuf* packet, std::size_t datagrams, DropCounters& drops) {
    if (packet == nullptr) {
        drops.count(DropReason::tx_refused, datagrams);
        return;
    }
    ready_[ready_count_++] = packet;
    if (ready_count_ == ready_.size()) flush(drops);
}

void EthdevPort::flush(DropCounters& drops) {
    // What the device accepts is no longer ours: look at it before.
    std::array<Weight, kBurstMax> weights{};
    std::size_t headers = headers_size(parts_.local.address.family());
    for (std::size_t i = 0; i < ready_count_; ++i) weights[i] = weigh(ready_[i], headers);
    auto count = static_cast<std::uint16_t>(ready_count_);
    std::uint16_t id = parts_.device->id();
    // What the driver cannot take as it is stays behind, with all that follows it.
    std::uint16_t fit = has_offloads() ? rte_eth_tx_prepare(id, 0, ready_.data(), count) : count;
    std::uint16_t sent = fit == 0 ? fit : rte_eth_tx_burst(id, 0, ready_.data(), fit);
    for (std::size_t i = 0; i < ready_count_; ++i) {
        if (i >= sent) {
            drops.count(i < fit ? DropReason::tx_refused : DropReason::tx_error,
                        weights[i].datagrams);
            continue;
        }
        counters_.tx_datagrams += weights[i].datagrams;
        counters_.tx_bytes += weights[i].bytes;
    }
    rte_pktmbuf_free_bulk(ready_.data() + sent, static_cast<unsigned>(count - sent));
    ready_count_ = 0;
}

void EthdevPort::count_losses(DropCounters& drops) {
    rte_eth_stats stats{};
    if (rte_eth_stats_get(parts_.device->id(), &stats) != 0) return;
    std::uint64_t no_buffer = stats.rx_nombuf;
    std::uint64_t missed = stats.imissed + stats.ierrors;
    drops.count(DropReason::rx_no_buffer, no_buffer - std::min(no_buffer, seen_.no_buffer));
    drops.count(DropReason::rx_port_error, missed - std::min(missed, seen_.missed));
    seen_ = {no_buffer, missed};
}

}  // namespace netft::dataplane
