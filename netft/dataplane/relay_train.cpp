#include "netft/dataplane/relay_train.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace netft::dataplane {

bool RelayTrain::fits(std::uint16_t datagram_bytes_max, std::size_t tag, std::size_t bytes) {
    tag_ = tag;
    bytes_ = bytes;
    stride_ = std::max(datagram_bytes_max, TrainLayout::kStrideMin);
    body_ = stride_ - overhead();
    std::size_t count = (bytes + body_ - 1) / body_;
    std::size_t buffers = (count + per_buffer() - 1) / per_buffer();
    count_ = static_cast<std::uint16_t>(count);
    return count <= kTrainDatagramsMax && buffers <= mbufs_.size();
}

std::size_t RelayTrain::per_buffer() const {
    return std::min(TrainLayout::kSegmentsMax, TrainLayout::kBufferBytesMax / stride_);
}

std::uint8_t* RelayTrain::slot(std::size_t i) const {
    return rte_pktmbuf_mtod_offset(mbufs_[i / per_buffer()], std::uint8_t*,
                                   (i % per_buffer()) * stride_);
}

std::size_t RelayTrain::body_of(std::size_t i) const { return std::min(body_, bytes_ - i * body_); }

bool RelayTrain::fill(const TrainBuffer& train, const Pools& pools) {
    for (std::size_t i = 0; i < count_; i += per_buffer()) {
        rte_mbuf*& mbuf = mbufs_[i / per_buffer()];
        if (mbuf == nullptr) mbuf = pools.big();
        if (mbuf == nullptr) return false;
    }
    std::size_t at = 0;
    for (std::size_t i = 0; at < bytes_; ++i)
        for (Bytes rest = train.body(i, bytes_); !rest.empty();) {
            std::size_t offset = at % body_;
            Bytes part = rest.first(std::min(rest.size(), body_ - offset));
            std::memcpy(slot(at / body_) + kRelayHead + kSlotHead + offset, part.data(),
                        part.size());
            rest = rest.subspan(part.size());
            at += part.size();
        }
    return true;
}

void RelayTrain::clear() {
    for (rte_mbuf*& mbuf : mbufs_) rte_pktmbuf_free(std::exchange(mbuf, nullptr));
}

std::span<const MutableBytes> RelayTrain::frame(const Header& first) {
    Header header = first;
    for (std::uint16_t i = 0; i < count_; ++i, ++header.counter) {
        std::uint8_t* inner = slot(i) + kRelayHead;
        write_header(header, inner);
        write_train_prefix({.index = i, .count = count_}, inner + kHeaderSize);
        datagrams_[i] = MutableBytes(inner, kSlotHead + body_of(i) + tag_);
    }
    return std::span(datagrams_).first(count_);
}

std::span<const MutableBytes> RelayTrain::wrap(const Header& first, const RelayPrefix& prefix) {
    Header header = first;
    for (std::uint16_t i = 0; i < count_; ++i, ++header.counter) {
        ByteWriter out(MutableBytes(slot(i), kRelayHead));
        encode(header, out);
        encode(prefix, out);
        datagrams_[i] = MutableBytes(slot(i), overhead() + body_of(i));
    }
    return std::span(datagrams_).first(count_);
}

std::span<rte_mbuf*> RelayTrain::release() {
    return give_away(mbufs_, given_, bytes_ + count_ * overhead(), per_buffer() * stride_);
}

}  // namespace netft::dataplane
