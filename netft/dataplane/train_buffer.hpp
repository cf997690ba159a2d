// A train being made: big mbufs divided into the slots of its datagrams.
//
// A slot is `stride` bytes: header (16) ‖ train prefix (4) ‖ body ‖ tag (16; none in security mode
// none). The adapter's frame is read
// straight into the bodies, the headers are written around it, and the mbufs go to the port as they
// are: UDP_SEGMENT cuts them at the stride. A 64 KiB frame takes up to kBuffersMax mbufs.
//
// The first bytes of a frame are read into a small mbuf: a frame that fits one datagram, as most
// do, goes away in it, never copied; the beginning of a longer one is moved to its slot.
#pragma once

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "netft/base/address.hpp"
#include "netft/base/bytes.hpp"
#include "netft/dataplane/pool.hpp"
#include "netft/wire/data.hpp"
#include "netft/wire/header.hpp"

namespace netft::dataplane {

constexpr std::size_t kSlotHead = kHeaderSize + kTrainPrefixSize;

// How a train lies in mbufs, from the size of its datagrams.
struct TrainLayout {
    std::uint16_t stride = 0;  // bytes of each datagram but the last
    std::size_t body = 0;      // stride less headers and tag
    std::size_t tag = 0;       // bytes
    std::size_t slots_per_buffer = 0;
    std::size_t slots = 0;  // of the longest train
    std::size_t buffers = 0;
    std::size_t train_bytes_max = 0;

    // `datagram_bytes_max` below kStrideMin is taken as that.
    static TrainLayout of(std::uint16_t datagram_bytes_max, std::uint16_t tag_bytes);

    static constexpr std::uint16_t kStrideMin = 256;
    static constexpr std::size_t kSegmentsMax = 64;         // of one UDP_SEGMENT call
    static constexpr std::size_t kBufferBytesMax = 65'507;  // likewise: longest UDP payload
    static constexpr std::size_t kBuffersMax = 3;
};

using TrainMbufs = std::array<rte_mbuf*, TrainLayout::kBuffersMax>;

// Gives those away that hold a train of `bytes`, `full` of them in each but the last, with their
// lengths set: they are in `given`, and no longer in `mbufs`.
std::span<rte_mbuf*> give_away(TrainMbufs& mbufs, TrainMbufs& given, std::size_t bytes,
                               std::size_t full);

class TrainBuffer {
 public:
    TrainBuffer() = default;
    ~TrainBuffer() { clear(); }
    TrainBuffer(const TrainBuffer&) = delete;
    TrainBuffer& operator=(const TrainBuffer&) = delete;

    // Room for the longest train; keeps what it has. False: no mbufs.
    bool prepare(const TrainLayout& layout, const Pools& pools);
    void clear();

    // For the frame: a small mbuf, the rest of the bodies of all slots, and one byte more that
    // shows a frame which is too long.
    std::span<const iovec> room();
    // `bytes` were read into room(): to be called before all that follows.
    void handle_read(std::size_t bytes);
    // How many datagrams `bytes` of train take.
    std::size_t datagrams(std::size_t bytes) const {
        return (bytes + layout_.body - 1) / layout_.body;
    }
    // What lies contiguously at the beginning of a train of `bytes`.
    Bytes head(std::size_t bytes) const;
    // The i-th body of a train of `bytes`.
    Bytes body(std::size_t i, std::size_t bytes) const;
    // Overwrites the destination MAC of the frame in the train.
    void set_destination(const MacAddress& mac);

    // The train in its small mbuf, headers yet to be written; nullptr: it is too long for that.
    rte_mbuf* take_small(std::size_t bytes);

    // Writes headers (counter rising from `first`'s) and prefixes around a train of `bytes`. The
    // datagrams, each with room for its tag: to be sealed before release().
    std::span<const MutableBytes> frame(const Header& first, std::size_t bytes);
    // Sets the mbufs' lengths and gives those used away; they are left unowned here.
    std::span<rte_mbuf*> release(std::size_t bytes);
    // Copies the train's bodies into `copy`, prepared with any layout that has room for them.
    void copy_to(TrainBuffer& copy, std::size_t bytes) const;
    // As if `train`, of at most layout().body bytes, had been read. Needs prepare().
    void copy_from(Bytes train);
    // A train of one datagram copied into a small mbuf with its headers and room for its tag, to be
    // sealed: sending this leaves the big mbuf where it is. nullptr: no mbuf.
    rte_mbuf* copy_small(const Header& header, std::size_t bytes, const Pools& pools) const;
    bool fits_small(std::size_t bytes) const { return bytes <= front_room(); }

    const TrainLayout& layout() const { return layout_; }

 private:
    static constexpr std::size_t kFronts = 32;  // small mbufs taken from the pool at a time

    std::uint8_t* slot(std::size_t i) const;
    // Where the train begins: in the small mbuf or in the first slot.
    std::uint8_t* front() const;
    std::size_t front_room() const {
        return std::min(layout_.body, Pools::kSmallRoom - kSlotHead - layout_.tag);
    }
    bool prepare_front(const Pools& pools);

    TrainLayout layout_;
    TrainMbufs mbufs_{};
    TrainMbufs given_{};
    std::array<iovec, kTrainDatagramsMax + 2> room_{};
    std::array<MutableBytes, kTrainDatagramsMax> datagrams_{};
    bool room_valid_ = false;
    std::uint8_t overflow_ = 0;
    std::array<rte_mbuf*, kFronts> fronts_{};  // the last is the one in use
    std::size_t front_count_ = 0;
    bool is_in_front_ = false;  // the train is: it has not been moved to its slot
};

}  // namespace netft::dataplane
