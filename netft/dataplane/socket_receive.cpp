#include "netft/dataplane/socket_receive.hpp"

#include <errno.h>
#include <netinet/udp.h>

#include <cstring>

namespace netft::dataplane {

void LaneReceiver::prepare(std::span<rte_mbuf* const> mbufs) {
    for (std::size_t i = 0; i < mbufs.size(); ++i) {
        MutableBytes room = room_of(mbufs[i]);
        iovecs_[i] = {room.data(), room.size()};
        messages_[i].msg_hdr = {.msg_name = &senders_[i],
                                .msg_namelen = sizeof(senders_[i]),
                                .msg_iov = &iovecs_[i],
                                .msg_iovlen = 1,
                                .msg_control = controls_[i].bytes.data(),
                                .msg_controllen = controls_[i].bytes.size()};
    }
}

std::size_t LaneReceiver::read_control(msghdr& message, DropCounters& drops) {
    std::size_t segment = 0;
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
        if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) {
            int value = 0;
            std::memcpy(&value, CMSG_DATA(c), sizeof(value));
            segment = value > 0 ? static_cast<std::size_t>(value) : 0;
        } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
            std::uint32_t value = 0;
            std::memcpy(&value, CMSG_DATA(c), sizeof(value));
            drops.count(DropReason::rx_port_error, value - overflows_);
            overflows_ = value;
        }
    }
    return segment;
}

bool LaneReceiver::take(std::size_t i, rte_mbuf* mbuf, Received& out, DropCounters& drops) {
    msghdr& message = messages_[i].msg_hdr;
    std::size_t segment = read_control(message, drops);
    std::size_t bytes = messages_[i].msg_len;
    if (bytes == 0 || (message.msg_flags & MSG_TRUNC) != 0) {
        drops.count(DropReason::rx_truncated);
        return false;
    }
    if (segment == 0 || segment > bytes) segment = bytes;
    set_length(mbuf, bytes);
    out = {mbuf, from_sockaddr(senders_[i]), static_cast<std::uint16_t>(segment)};
    return true;
}

std::size_t LaneReceiver::receive(int fd, const Pools& pools, std::span<Received> room,
                                  PortCounters& counters, DropCounters& drops) {
    std::array<rte_mbuf*, kMessagesMax> all{};
    std::span<rte_mbuf*> mbufs(all.data(), std::min(room.size(), wanted_));
    is_empty_ = false;
    if (mbufs.empty()) return 0;
    if (!pools.big(mbufs)) {
        // Nothing is lost yet, the datagram waits in its socket; but somebody should know.
        drops.count(DropReason::rx_no_buffer);
        return 0;
    }
    prepare(mbufs);
    int got =
        recvmmsg(fd, messages_.data(), static_cast<unsigned>(mbufs.size()), MSG_DONTWAIT, nullptr);
    is_empty_ = got < 0;
    if (got < 0) {
        // An ICMP error kept for the socket would make it readable for ever: take it off.
        int error = 0;
        socklen_t length = sizeof(error);
        if (errno != EAGAIN) (void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
        got = 0;
    }
    bool is_full = static_cast<std::size_t>(got) == mbufs.size();
    wanted_ = is_full ? std::min(wanted_ * 2, kMessagesMax) : std::max(wanted_ / 2, kMessagesMin);
    std::size_t used = 0;
    std::size_t taken = 0;
    for (; taken < static_cast<std::size_t>(got); ++taken) {
        Received& next = room[used];
        if (!take(taken, mbufs[taken], next, drops)) {
            rte_pktmbuf_free(mbufs[taken]);
            continue;
        }
        counters.rx_bytes += mbufs[taken]->data_len;
        counters.rx_datagrams += (mbufs[taken]->data_len + next.segment - 1u) / next.segment;
        ++used;
    }
    rte_pktmbuf_free_bulk(mbufs.data() + taken, static_cast<unsigned>(mbufs.size() - taken));
    return used;
}

}  // namespace netft::dataplane
