#include "netft/dataplane/socket_send.hpp"

#include <errno.h>
#include <netinet/udp.h>

#include <algorithm>
#include <cstring>

#include "netft/dataplane/pool.hpp"

namespace netft::dataplane {
namespace {

DropReason reason_of(int error, bool segmented) {
    switch (error) {
        case EMSGSIZE: return DropReason::tx_too_big;
        // Kernels before 6.9 say EINVAL where a segment does not fit the interface's MTU.
        case EINVAL: return segmented ? DropReason::tx_too_big : DropReason::tx_error;
        case ENETUNREACH:
        case EHOSTUNREACH:
        case ENETDOWN:
        case ENODEV:
        case ENXIO:
        case EADDRNOTAVAIL: return DropReason::tx_unreachable;
        case EAGAIN:
        case ENOBUFS:
        case ENOMEM: return DropReason::tx_refused;
        default: return DropReason::tx_error;
    }
}

}  // namespace

void LaneSender::add(int fd, const Outgoing& outgoing, PortCounters& counters,
                     DropCounters& drops) {
    Bytes rest = bytes_of(outgoing.mbuf);
    std::size_t segment = std::max<std::size_t>(1, outgoing.segment);
    std::size_t segments = std::clamp(kMessageBytesMax / segment, std::size_t{1}, kSegmentsMax);
    std::size_t chunk = use_segmentation_ ? segments * segment : segment;
    while (!rest.empty()) {
        if (queued_ == kMessagesMax) flush(fd, counters, drops);
        Bytes head = rest.first(std::min(chunk, rest.size()));
        add_message(head, outgoing);
        rest = rest.subspan(head.size());
    }
}

void LaneSender::add_message(Bytes bytes, const Outgoing& outgoing) {
    std::size_t i = queued_++;
    segments_[i] = std::max<std::size_t>(1, outgoing.segment);
    iovecs_[i] = {const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
    msghdr& message = messages_[i].msg_hdr;
    message = {.msg_name = &receivers_[i], .msg_iov = &iovecs_[i], .msg_iovlen = 1};
    message.msg_namelen = to_sockaddr(outgoing.remote, receivers_[i]);
    if (bytes.size() <= segments_[i]) return;
    message.msg_control = controls_[i].bytes.data();
    message.msg_controllen = controls_[i].bytes.size();
    cmsghdr* control = CMSG_FIRSTHDR(&message);
    control->cmsg_level = SOL_UDP;
    control->cmsg_type = UDP_SEGMENT;
    control->cmsg_len = CMSG_LEN(sizeof(outgoing.segment));
    std::memcpy(CMSG_DATA(control), &outgoing.segment, sizeof(outgoing.segment));
}

void LaneSender::flush(int fd, PortCounters& counters, DropCounters& drops) {
    std::size_t at = 0;
    while (at < queued_) {
        int sent = sendmmsg(fd, &messages_[at], static_cast<unsigned>(queued_ - at), MSG_DONTWAIT);
        for (int k = 0; k < sent; ++k, ++at) {
            counters.tx_bytes += iovecs_[at].iov_len;
            counters.tx_datagrams += datagrams(at);
        }
        if (sent > 0) continue;
        if (!handle_failure(at, fd, errno, counters, drops)) break;
        ++at;
    }
    for (++at; at < queued_; ++at) drops.count(DropReason::tx_refused, datagrams(at));
    queued_ = 0;
}

bool LaneSender::handle_failure(std::size_t i, int fd, int error, PortCounters& counters,
                                DropCounters& drops) {
    bool segmented = iovecs_[i].iov_len > segments_[i];
    if (error == EIO && segmented) {
        use_segmentation_ = false;
        send_singly(i, fd, counters, drops);
        return true;
    }
    drops.count(reason_of(error, segmented), datagrams(i));
    return error != EAGAIN;
}

void LaneSender::send_singly(std::size_t i, int fd, PortCounters& counters, DropCounters& drops) {
    Bytes rest(static_cast<const std::uint8_t*>(iovecs_[i].iov_base), iovecs_[i].iov_len);
    while (!rest.empty()) {
        Bytes head = rest.first(std::min(segments_[i], rest.size()));
        rest = rest.subspan(head.size());
        if (sendto(fd, head.data(), head.size(), MSG_DONTWAIT, &receivers_[i].any,
                   messages_[i].msg_hdr.msg_namelen) < 0) {
            drops.count(reason_of(errno, false));
            continue;
        }
        counters.tx_bytes += head.size();
        ++counters.tx_datagrams;
    }
}

}  // namespace netft::dataplane
