#include "netft/dataplane/train_buffer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "netft/base/assert.hpp"

namespace netft::dataplane {
namespace {

std::size_t divide_up(std::size_t a, std::size_t b) { return (a + b - 1) / b; }

void write_slot_head(std::uint8_t* slot, const Header& header, const TrainPrefix& prefix) {
    write_header(header, slot);
    write_train_prefix(prefix, slot + kHeaderSize);
}

}  // namespace

TrainLayout TrainLayout::of(std::uint16_t datagram_bytes_max, std::uint16_t tag_bytes) {
    TrainLayout layout;
    layout.stride = std::clamp<std::uint16_t>(datagram_bytes_max, kStrideMin,
                                              static_cast<std::uint16_t>(kBufferBytesMax));
    layout.tag = tag_bytes;
    layout.body = layout.stride - kSlotHead - layout.tag;
    layout.slots_per_buffer = std::min(kSegmentsMax, kBufferBytesMax / layout.stride);
    layout.slots =
        std::min<std::size_t>(kTrainDatagramsMax, divide_up(kTrainBytesMax, layout.body));
    layout.buffers = divide_up(layout.slots, layout.slots_per_buffer);
    layout.train_bytes_max = std::min(kTrainBytesMax, layout.slots * layout.body);
    NETFT_ASSERT(layout.buffers <= kBuffersMax);
    return layout;
}

std::span<rte_mbuf*> give_away(TrainMbufs& mbufs, TrainMbufs& given, std::size_t bytes,
                               std::size_t full) {
    std::size_t used = 0;
    for (; bytes > 0; ++used) {
        std::size_t part = std::min(bytes, full);
        set_length(mbufs[used], part);
        given[used] = std::exchange(mbufs[used], nullptr);
        bytes -= part;
    }
    return std::span(given).first(used);
}

bool TrainBuffer::prepare(const TrainLayout& layout, const Pools& pools) {
    if (layout.stride != layout_.stride || layout.tag != layout_.tag) {
        clear();
        layout_ = layout;
    }
    for (std::size_t i = 0; i < layout_.buffers; ++i) {
        if (mbufs_[i] != nullptr) continue;
        mbufs_[i] = pools.big();
        room_valid_ = false;
        if (mbufs_[i] == nullptr) return false;
    }
    return front_count_ > 0 || prepare_front(pools);
}

// Many at a time: a pool's lock costs as much as the frame.
bool TrainBuffer::prepare_front(const Pools& pools) {
    if (pools.small(fronts_)) {
        front_count_ = fronts_.size();
        return true;
    }
    fronts_[0] = pools.small();
    front_count_ = fronts_[0] == nullptr ? 0 : 1;
    return front_count_ > 0;
}

void TrainBuffer::clear() {
    for (rte_mbuf*& mbuf : mbufs_) rte_pktmbuf_free(std::exchange(mbuf, nullptr));
    while (front_count_ > 0) rte_pktmbuf_free(fronts_[--front_count_]);
    room_valid_ = false;
    is_in_front_ = false;
}

std::uint8_t* TrainBuffer::slot(std::size_t i) const {
    rte_mbuf* mbuf = mbufs_[i / layout_.slots_per_buffer];
    return rte_pktmbuf_mtod_offset(mbuf, std::uint8_t*,
                                   (i % layout_.slots_per_buffer) * layout_.stride);
}

std::uint8_t* TrainBuffer::front() const {
    return is_in_front_ ? rte_pktmbuf_mtod(fronts_[front_count_ - 1], std::uint8_t*) : slot(0);
}

// A body that is longer than a small mbuf has its rest in its slot.
std::span<const iovec> TrainBuffer::room() {
    std::size_t slots = layout_.slots;
    std::size_t in_front = front_room();
    if (!room_valid_) {
        std::size_t left = layout_.train_bytes_max;
        for (std::size_t i = 0; i < slots; ++i) {
            room_[i + 1] = {slot(i) + kSlotHead, std::min(left, layout_.body)};
            left -= room_[i + 1].iov_len;
        }
        room_[1] = {slot(0) + kSlotHead + in_front, room_[1].iov_len - in_front};
        room_[slots + 1] = {&overflow_, 1};
        room_valid_ = true;
    }
    is_in_front_ = true;
    room_[0] = {front() + kSlotHead, in_front};
    return std::span(room_).first(slots + 2);
}

void TrainBuffer::handle_read(std::size_t bytes) {
    if (bytes <= front_room()) return;
    std::uint8_t* from = front() + kSlotHead;
    is_in_front_ = false;
    std::memcpy(slot(0) + kSlotHead, from, front_room());
}

Bytes TrainBuffer::head(std::size_t bytes) const {
    return Bytes(front() + kSlotHead, std::min(bytes, layout_.body));
}

Bytes TrainBuffer::body(std::size_t i, std::size_t bytes) const {
    const std::uint8_t* at = i == 0 ? front() : slot(i);
    return Bytes(at + kSlotHead, std::min(bytes - i * layout_.body, layout_.body));
}

void TrainBuffer::set_destination(const MacAddress& mac) {
    std::copy(mac.bytes.begin(), mac.bytes.end(), front() + kSlotHead + kVirtioHeaderSize);
}

rte_mbuf* TrainBuffer::take_small(std::size_t bytes) {
    if (!is_in_front_ || !fits_small(bytes)) return nullptr;
    is_in_front_ = false;
    rte_mbuf* mbuf = fronts_[--front_count_];
    set_length(mbuf, bytes + kSlotHead + layout_.tag);
    return mbuf;
}

std::span<const MutableBytes> TrainBuffer::frame(const Header& first, std::size_t bytes) {
    auto count = static_cast<std::uint16_t>(datagrams(bytes));
    Header header = first;
    std::size_t left = bytes;
    for (std::uint16_t i = 0; i < count; ++i, ++header.counter) {
        write_slot_head(slot(i), header, {.index = i, .count = count});
        std::size_t part = std::min(left, layout_.body);
        datagrams_[i] = MutableBytes(slot(i), kSlotHead + part + layout_.tag);
        left -= part;
    }
    return std::span(datagrams_).first(count);
}

std::span<rte_mbuf*> TrainBuffer::release(std::size_t bytes) {
    room_valid_ = false;
    return give_away(mbufs_, given_, bytes + datagrams(bytes) * (kSlotHead + layout_.tag),
                     layout_.slots_per_buffer * layout_.stride);
}

void TrainBuffer::copy_to(TrainBuffer& copy, std::size_t bytes) const {
    copy.is_in_front_ = false;
    std::size_t to_body = copy.layout_.body;
    for (std::size_t at = 0; at < bytes;) {
        std::size_t here = at % layout_.body;
        std::size_t there = at % to_body;
        std::size_t part = std::min({bytes - at, layout_.body - here, to_body - there});
        std::uint8_t* from = at < layout_.body ? front() : slot(at / layout_.body);
        std::memcpy(copy.slot(at / to_body) + kSlotHead + there, from + kSlotHead + here, part);
        at += part;
    }
}

void TrainBuffer::copy_from(Bytes train) {
    is_in_front_ = fits_small(train.size());
    std::memcpy(front() + kSlotHead, train.data(), train.size());
}

rte_mbuf* TrainBuffer::copy_small(const Header& header, std::size_t bytes,
                                  const Pools& pools) const {
    rte_mbuf* mbuf = pools.small();
    if (mbuf == nullptr) return nullptr;
    std::uint8_t* out = room_of(mbuf).data();
    write_slot_head(out, header, {.index = 0, .count = 1});
    std::memcpy(out + kSlotHead, front() + kSlotHead, bytes);
    set_length(mbuf, bytes + kSlotHead + layout_.tag);
    return mbuf;
}

}  // namespace netft::dataplane
