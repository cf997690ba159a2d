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

std::size_t segment_of(const Outgoing& outgoing) {
    return std::max<std::size_t>(1, outgoing.segment);
}

// From byte `from` on.
std::size_t datagrams_in(const Outgoing& outgoing, std::size_t from) {
    return (outgoing.mbuf->data_len - from + segment_of(outgoing) - 1) / segment_of(outgoing);
}

}  // namespace

EthdevPort::EthdevPort(Parts parts)
    : parts_(std::move(parts)),
      mac_(parts_.mac),
      queue_(headers_size(parts_.local.address.family())) {
    NETFT_ASSERT(parts_.pools != nullptr);
    if (mac_.is_zero()) mac_ = parts_.device->mac();
    if (parts_.wake_fd >= 0) wake_fds_[wake_fd_count_++] = parts_.wake_fd;
    if (parts_.exceptions) wake_fds_[wake_fd_count_++] = parts_.exceptions->fd();
}

EthdevPort::~EthdevPort() {
    for (const Outgoing& outgoing : backlog_.waiting()) rte_pktmbuf_free(outgoing.mbuf);
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
    take_next_hops();
    for (Outgoing& given : burst) {
        Outgoing outgoing = std::exchange(given, {});
        bool may_pass = outgoing.is_heartbeat || backlog_.is_empty();
        keep_rest(outgoing, may_pass ? pack(outgoing, 0, drops) : 0, drops);
    }
    flush(drops);
    if (patience_.is_over()) refuse_all(drops);
}

void EthdevPort::retry(TimePoint now, DropCounters& drops) {
    if (!is_blocked()) return;
    take_next_hops();
    patience_.handle_refusal(now);  // unless something goes
    flush(drops);
    std::span<Outgoing> waiting = backlog_.waiting();
    std::size_t done = 0;
    while (done < waiting.size()) {
        begun_ = pack(waiting[done], begun_, drops);
        if (begun_ < waiting[done].mbuf->data_len) break;
        rte_pktmbuf_free(waiting[done++].mbuf);
        begun_ = 0;
    }
    backlog_.drop_front(done);
    flush(drops);
    if (patience_.is_over()) refuse_all(drops);
}

void EthdevPort::take_next_hops() {
    next_hop_table_ = next_hops_.take();
    if (next_hop_table_ != nullptr && !next_hop_table_->source().is_zero())
        mac_ = next_hop_table_->source();
}

// Makes packets of what the buffer holds from byte `from` on; where it ended for want of room. The
// buffer stays whose it is.
std::size_t EthdevPort::pack(const Outgoing& outgoing, std::size_t from, DropCounters& drops) {
    std::size_t bytes = outgoing.mbuf->data_len;
    const MacAddress* mac =
        next_hop_table_ == nullptr ? nullptr : next_hop_table_->find(outgoing.remote);
    if (mac == nullptr) {
        drops.count(DropReason::tx_no_neighbour, datagrams_in(outgoing, from));
        return bytes;
    }
    if (segment_of(outgoing) + ip_overhead(parts_.local.address.family()) > parts_.mtu) {
        drops.count(DropReason::tx_too_big, datagrams_in(outgoing, from));
        return bytes;
    }
    PacketSpec spec{.source_mac = mac_,
                    .destination_mac = *mac,
                    .source = {parts_.local.address, port_of(outgoing)},
                    .destination = outgoing.remote,
                    .is_heartbeat = outgoing.is_heartbeat};
    while (from < bytes && makes_room(outgoing.is_heartbeat, drops))
        from += pack_next(outgoing, spec, from, drops);
    return from;
}

bool EthdevPort::makes_room(bool is_heartbeat, DropCounters& drops) {
    if (!queue_.has_room(is_heartbeat)) flush(drops);
    return queue_.has_room(is_heartbeat);
}

// A whole train where the device cuts it, else a datagram; how many bytes that were.
std::size_t EthdevPort::pack_next(const Outgoing& outgoing, const PacketSpec& spec,
                                  std::size_t from, DropCounters& drops) {
    const EthDevice& device = *parts_.device;
    std::size_t segment = segment_of(outgoing);
    std::size_t size = outgoing.mbuf->data_len;
    bool is_whole = can_segment(device.offloads(), size, segment);
    if (!is_whole) size = std::min(segment, size - from);
    rte_mbuf* packet =
        is_whole ? make_train(device.pool(), spec, outgoing.mbuf, outgoing.segment)
                 : make_datagram(device.pool(), spec, outgoing.mbuf, from, size, device.offloads());
    if (packet != nullptr)
        queue_.add(packet, outgoing.is_heartbeat);
    else  // there was no mbuf for it
        drops.count(DropReason::tx_refused, (size + segment - 1) / segment);
    return size;
}

// Takes the buffer: what of it, from byte `from` on, had no room waits behind what waits already.
void EthdevPort::keep_rest(const Outgoing& outgoing, std::size_t from, DropCounters& drops) {
    bool is_first = backlog_.is_empty();
    if (from < outgoing.mbuf->data_len && !outgoing.is_heartbeat &&
        backlog_.keep({&outgoing, 1}) == 1) {
        if (is_first) begun_ = from;
        return;
    }
    drops.count(DropReason::tx_refused, datagrams_in(outgoing, from));
    rte_pktmbuf_free(outgoing.mbuf);
}

void EthdevPort::flush(DropCounters& drops) {
    if (queue_.flush(*parts_.device, counters_, drops)) patience_.handle_progress();
}

void EthdevPort::refuse_all(DropCounters& drops) {
    queue_.refuse(drops);
    for (const Outgoing& outgoing : backlog_.waiting()) {
        drops.count(DropReason::tx_refused, datagrams_in(outgoing, begun_));
        rte_pktmbuf_free(outgoing.mbuf);
        begun_ = 0;
    }
    backlog_.drop_front(backlog_.waiting().size());
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
