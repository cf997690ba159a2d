#include "netft/dataplane/ethdev_port.hpp"

#include <rte_ethdev.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "netft/base/assert.hpp"

namespace netft::dataplane {

EthdevPort::EthdevPort(Parts parts) : parts_(std::move(parts)), mac_(parts_.device.mac()) {
    NETFT_ASSERT(parts_.pools != nullptr);
}

std::size_t EthdevPort::receive(std::span<Received> room, std::uint32_t ready,
                                DropCounters& drops) {
    std::array<rte_mbuf*, kBurstMax> packets{};
    if (ready == 0) return 0;
    auto wanted = static_cast<std::uint16_t>(std::min(room.size(), packets.size()));
    std::uint16_t got = rte_eth_rx_burst(parts_.device.id(), 0, packets.data(), wanted);
    if (got == 0 && parts_.wake_fd >= 0) {
        // An interface that went down leaves its error on the socket, readable until fetched.
        int error = 0;
        socklen_t length = sizeof(error);
        (void)getsockopt(parts_.wake_fd, SOL_SOCKET, SO_ERROR, &error, &length);
    }
    std::size_t used = 0;
    for (std::uint16_t i = 0; i < got; ++i) {
        if (take(packets[i], room[used], drops))
            ++used;
        else
            rte_pktmbuf_free(packets[i]);
    }
    return used;
}

bool EthdevPort::take(rte_mbuf* mbuf, Received& out, DropCounters& drops) {
    ParsedPacket packet = parse_packet(bytes_of(mbuf), parts_.local);
    switch (packet.kind) {
        case PacketKind::other: ++counters_.rx_other; return false;
        case PacketKind::truncated: drops.count(DropReason::rx_truncated); return false;
        case PacketKind::bad_checksum: drops.count(DropReason::rx_port_error); return false;
        case PacketKind::ours: break;
    }
    // The driver may chain mbufs; a datagram that does not lie in the first is not for us to mend.
    if (mbuf->nb_segs != 1) {
        drops.count(DropReason::rx_truncated);
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
    for (Bytes rest = bytes_of(outgoing.mbuf); !rest.empty();) {
        Bytes head = rest.first(std::min(segment, rest.size()));
        rest = rest.subspan(head.size());
        send_datagram(head, spec, drops);
    }
}

void EthdevPort::send_datagram(Bytes payload, const PacketSpec& spec, DropCounters& drops) {
    std::size_t headers = headers_size(parts_.local.address.family());
    rte_mbuf* mbuf = rte_pktmbuf_alloc(parts_.device.pool());
    if (mbuf == nullptr || payload.size() + headers > room_of(mbuf).size()) {
        // A port with a larger MTU than a small mbuf is no port to bring up; see kMtuMax.
        rte_pktmbuf_free(mbuf);
        drops.count(DropReason::tx_refused);
        return;
    }
    set_length(mbuf, payload.size() + headers);
    MutableBytes out = room_of(mbuf);
    write_headers(spec, payload, out);
    std::copy(payload.begin(), payload.end(), out.begin() + static_cast<std::ptrdiff_t>(headers));
    ready_[ready_count_++] = mbuf;
    if (ready_count_ == ready_.size()) flush(drops);
}

void EthdevPort::flush(DropCounters& drops) {
    // What the device accepts is no longer ours: look at the lengths before.
    std::array<std::uint16_t, kBurstMax> lengths{};
    for (std::size_t i = 0; i < ready_count_; ++i) lengths[i] = ready_[i]->data_len;
    std::uint16_t sent = rte_eth_tx_burst(parts_.device.id(), 0, ready_.data(),
                                          static_cast<std::uint16_t>(ready_count_));
    std::size_t headers = headers_size(parts_.local.address.family());
    for (std::size_t i = 0; i < sent; ++i) counters_.tx_bytes += lengths[i] - headers;
    counters_.tx_datagrams += sent;
    auto unsent = static_cast<unsigned>(ready_count_ - sent);
    rte_pktmbuf_free_bulk(ready_.data() + sent, unsent);
    drops.count(DropReason::tx_refused, unsent);
    ready_count_ = 0;
}

}  // namespace netft::dataplane
