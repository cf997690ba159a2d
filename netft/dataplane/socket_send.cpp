#include "netft/dataplane/socket_send.hpp"

#include <errno.h>
#include <netinet/udp.h>

#include <algorithm>
#include <cstring>

#include "netft/dataplane/pool.hpp"
#include "netft/dataplane/send_error.hpp"

namespace netft::dataplane {
namespace {

std::size_t divide_up(std::size_t a, std::size_t b) { return (a + b - 1) / b; }

}  // namespace

std::size_t LaneSender::send(int fd, std::span<const Outgoing> burst, PortCounters& counters,
                             DropCounters& drops) {
    full_at_.reset();
    use_segmentation_ = health_->may_segment();
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
    bool is_single = outgoing.is_single || !use_segmentation_;
    std::size_t chunk = is_single ? segment : segments * segment;
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
        message.is_single = outgoing.is_single;
    }
    Message& message = messages_[queued_ - 1];
    pieces_[used_++] = {const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
    message.bytes += bytes.size();
    ++message.pieces;
}

// The message queued last ends with a whole datagram, goes to the same remote and has room.
bool LaneSender::continues_last(Bytes bytes, const Outgoing& outgoing) const {
    if (queued_ == 0 || !use_segmentation_ || outgoing.is_single) return false;
    const Message& last = messages_[queued_ - 1];
    if (last.is_single) return false;
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
    std::size_t tried = queued_;  // the message that failed once, and maybe for another
    while (at < queued_ && !full_at_) {
        int sent = sendmmsg(fd, &headers_[at], static_cast<unsigned>(queued_ - at), MSG_DONTWAIT);
        for (int k = 0; k < sent; ++k, ++at) {
            counters.tx_bytes += messages_[at].bytes;
            counters.tx_datagrams += messages_[at].datagrams();
        }
        if (sent > 0) continue;
        int error = sent < 0 ? errno : EIO;
        if (error == EAGAIN || error == EWOULDBLOCK)
            handle_full(at, drops);
        else if (may_be_of_another(error) && tried != at)
            tried = at;
        else
            handle_failure(at++, fd, error, counters, drops);
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
    if (!is_segmented || !may_be_of_segmentation(error))
        count_failure(i, error, drops);
    else if (send_singly(i, fd, counters, drops))
        health_->handle_segmentation_error(error);
}

void LaneSender::count_failure(std::size_t i, int error, DropCounters& drops) {
    const Message& message = messages_[i];
    drops.count(drop_reason_of(error), message.datagrams());
    if (is_refusal_here(error))
        health_->add({core::PathError::Kind::refused_here, message.remote, message.remote});
}

// No datagram lies in two pieces.
bool LaneSender::send_singly(std::size_t i, int fd, PortCounters& counters, DropCounters& drops) {
    const Message& message = messages_[i];
    socklen_t length = headers_[i].msg_hdr.msg_namelen;
    bool passes = false;
    for (std::size_t k = 0; k < message.pieces; ++k) {
        const iovec& piece = pieces_[message.first_piece + k];
        Bytes rest(static_cast<const std::uint8_t*>(piece.iov_base), piece.iov_len);
        while (!rest.empty()) {
            Bytes head = rest.first(std::min(message.segment, rest.size()));
            rest = rest.subspan(head.size());
            ssize_t sent =
                sendto(fd, head.data(), head.size(), MSG_DONTWAIT, &message.receiver.any, length);
            if (sent < 0 && !passes) {
                count_failure(i, errno, drops);
                return false;
            }
            passes = true;
            if (sent < 0) {
                drops.count(drop_reason_of(errno));
                continue;
            }
            counters.tx_bytes += head.size();
            ++counters.tx_datagrams;
        }
    }
    return true;
}

}  // namespace netft::dataplane
