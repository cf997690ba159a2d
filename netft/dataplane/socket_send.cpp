#include "netft/dataplane/socket_send.hpp"

#include <errno.h>
#include <netinet/udp.h>

#include <algorithm>
#include <cstring>

#include "netft/dataplane/pool.hpp"

namespace netft::dataplane {
namespace {

std::size_t divide_up(std::size_t a, std::size_t b) { return (a + b - 1) / b; }

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

std::size_t LaneSender::send(int fd, std::span<const Outgoing> burst, PortCounters& counters,
                             DropCounters& drops) {
    full_at_.reset();
    for (buffer_ = 0; buffer_ < burst.size() && !full_at_; ++buffer_)
        add(fd, burst[buffer_], counters, drops);
    is_begun_ = false;
    flush(fd, counters, drops);
    return full_at_.value_or(burst.size());
}

void LaneSender::add(int fd, const Outgoing& outgoing, PortCounters& counters,
                     DropCounters& drops) {
    Bytes rest = bytes_of(outgoing.mbuf);
    std::size_t segment = std::max<std::size_t>(1, outgoing.segment);
    std::size_t segments = std::clamp(kMessageBytesMax / segment, std::size_t{1}, kSegmentsMax);
    std::size_t chunk = use_segmentation_ ? segments * segment : segment;
    is_begun_ = false;
    while (!rest.empty()) {
        if (queued_ == kMessagesMax || used_ == kPiecesMax) flush(fd, counters, drops);
        if (full_at_) {
            bool is_kept = *full_at_ <= buffer_;
            if (!is_kept) drops.count(DropReason::tx_refused, divide_up(rest.size(), segment));
            return;
        }
        Bytes head = rest.first(std::min(chunk, rest.size()));
        add_piece(head, outgoing);
        rest = rest.subspan(head.size());
        is_begun_ = true;
    }
}

void LaneSender::add_piece(Bytes bytes, const Outgoing& outgoing) {
    if (!continues_last(bytes, outgoing)) {
        Message& message = messages_[queued_++];
        message.segment = std::max<std::size_t>(1, outgoing.segment);
        message.bytes = 0;
        message.first_piece = used_;
        message.pieces = 0;
        message.remote = outgoing.remote;
        message.buffer = buffer_;
        message.is_rest = is_begun_;
    }
    Message& message = messages_[queued_ - 1];
    pieces_[used_++] = {const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
    message.bytes += bytes.size();
    ++message.pieces;
}

// The message queued last ends with a whole datagram, goes to the same remote and has room.
bool LaneSender::continues_last(Bytes bytes, const Outgoing& outgoing) const {
    if (queued_ == 0 || !use_segmentation_) return false;
    const Message& last = messages_[queued_ - 1];
    return last.bytes % last.segment == 0 && bytes.size() <= last.segment &&
           last.bytes + bytes.size() <= kMessageBytesMax &&
           last.bytes < kSegmentsMax * last.segment && last.remote == outgoing.remote;
}

void LaneSender::write_headers() {
    for (std::size_t i = 0; i < queued_; ++i) {
        Message& message = messages_[i];
        msghdr& header = headers_[i].msg_hdr;
        header = {.msg_name = &message.receiver,
                  .msg_iov = &pieces_[message.first_piece],
                  .msg_iovlen = message.pieces};
        header.msg_namelen = to_sockaddr(message.remote, message.receiver);
        if (message.bytes <= message.segment) continue;
        header.msg_control = controls_[i].bytes.data();
        header.msg_controllen = controls_[i].bytes.size();
        cmsghdr* control = CMSG_FIRSTHDR(&header);
        control->cmsg_level = SOL_UDP;
        control->cmsg_type = UDP_SEGMENT;
        auto segment = static_cast<std::uint16_t>(message.segment);
        control->cmsg_len = CMSG_LEN(sizeof(segment));
        std::memcpy(CMSG_DATA(control), &segment, sizeof(segment));
    }
}

void LaneSender::flush(int fd, PortCounters& counters, DropCounters& drops) {
    write_headers();
    std::size_t at = 0;
    while (at < queued_ && !full_at_) {
        int sent = sendmmsg(fd, &headers_[at], static_cast<unsigned>(queued_ - at), MSG_DONTWAIT);
        for (int k = 0; k < sent; ++k, ++at) {
            counters.tx_bytes += messages_[at].bytes;
            counters.tx_datagrams += messages_[at].datagrams();
        }
        if (sent > 0) continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            handle_full(at, drops);
        else
            handle_failure(at++, fd, errno, counters, drops);
    }
    queued_ = 0;
    used_ = 0;
}

// From message i on nothing goes. A buffer that went in part is not begun again: its rest is lost.
void LaneSender::handle_full(std::size_t i, DropCounters& drops) {
    for (; i < queued_ && messages_[i].is_rest; ++i)
        drops.count(DropReason::tx_refused, messages_[i].datagrams());
    full_at_ = i < queued_ ? messages_[i].buffer : buffer_ + (is_begun_ ? 1u : 0u);
}

void LaneSender::handle_failure(std::size_t i, int fd, int error, PortCounters& counters,
                                DropCounters& drops) {
    const Message& message = messages_[i];
    bool is_segmented = message.bytes > message.segment;
    if (error == EIO && is_segmented) {
        use_segmentation_ = false;
        send_singly(i, fd, counters, drops);
        return;
    }
    drops.count(reason_of(error, is_segmented), message.datagrams());
}

// No datagram lies in two pieces.
void LaneSender::send_singly(std::size_t i, int fd, PortCounters& counters, DropCounters& drops) {
    const Message& message = messages_[i];
    socklen_t length = headers_[i].msg_hdr.msg_namelen;
    for (std::size_t k = 0; k < message.pieces; ++k) {
        const iovec& piece = pieces_[message.first_piece + k];
        Bytes rest(static_cast<const std::uint8_t*>(piece.iov_base), piece.iov_len);
        while (!rest.empty()) {
            Bytes head = rest.first(std::min(message.segment, rest.size()));
            rest = rest.subspan(head.size());
            if (sendto(fd, head.data(), head.size(), MSG_DONTWAIT, &message.receiver.any, length) <
                0) {
                drops.count(reason_of(errno, false));
                continue;
            }
            counters.tx_bytes += head.size();
            ++counters.tx_datagrams;
        }
    }
}

}  // namespace netft::dataplane
