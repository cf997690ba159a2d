// Frames of one datagram each, to one peer, that wait to go together: one ticket, one call of the
// crypto device, one queue. They lie in small mbufs, headers yet to be written.
//
// A run ends with the frames of a cycle, with a frame to somebody else, and before a frame that
// goes another way: the order of frames stays. Threads: the worker's.
#pragma once

#include <array>
#include <span>
#include <utility>

#include "netft/base/address.hpp"
#include "netft/dataplane/port.hpp"
#include "netft/dataplane/train_buffer.hpp"

namespace netft::dataplane {

class SmallRun {
 public:
    static constexpr std::size_t kFramesMax = Port::kBurstMax;

    bool is_empty() const { return count_ == 0; }
    bool is_full() const { return count_ == kFramesMax; }
    // The frame goes the way of those that wait.
    bool takes(std::uint64_t mac_word) const { return count_ > 0 && mac_word_ == mac_word; }
    PeerId peer() const { return peer_; }
    std::uint16_t count() const { return static_cast<std::uint16_t>(count_); }

    // The first of a run; `mac_word`: the peer's own MAC. The mbuf is the run's until take().
    void begin(PeerId peer, std::uint64_t mac_word, rte_mbuf* mbuf) {
        peer_ = peer;
        mac_word_ = mac_word;
        mbufs_[0] = mbuf;
        count_ = 1;
    }
    // The run must not be full.
    void add(rte_mbuf* mbuf) { mbufs_[count_++] = mbuf; }
    // Writes the headers, counters rising from `first`'s; what is to be sealed.
    std::span<const MutableBytes> frame(const Header& first) {
        Header header = first;
        for (std::size_t i = 0; i < count_; ++i, ++header.counter) {
            std::uint8_t* at = rte_pktmbuf_mtod(mbufs_[i], std::uint8_t*);
            write_header(header, at);
            write_train_prefix({.index = 0, .count = 1}, at + kHeaderSize);
            datagrams_[i] = MutableBytes(at, mbufs_[i]->data_len);
        }
        return std::span(datagrams_).first(count_);
    }
    // The mbufs, the caller's from now on.
    std::span<rte_mbuf* const> take() { return std::span(mbufs_).first(std::exchange(count_, 0)); }

 private:
    PeerId peer_;
    std::uint64_t mac_word_ = 0;  // tap::word_of()
    std::size_t count_ = 0;
    std::array<rte_mbuf*, kFramesMax> mbufs_{};
    std::array<MutableBytes, kFramesMax> datagrams_{};
};

}  // namespace netft::dataplane
