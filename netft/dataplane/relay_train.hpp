// A frame on its way to a peer that only a relay reaches: its train copied into datagrams of type
// 5, each inside one of type 7. Which way a frame goes is not known when it is read.
//
// A slot is header ‖ relay prefix (what the relay reads) ‖ header ‖ train prefix ‖ body ‖ tag ‖
// tag; all but the last have `stride` bytes. Threads: the worker's.
#pragma once

#include <array>
#include <span>

#include "netft/dataplane/pool.hpp"
#include "netft/dataplane/train_buffer.hpp"
#include "netft/wire/relay.hpp"

namespace netft::dataplane {

// What is around the datagram inside, the tag apart.
constexpr std::size_t kRelayHead = kHeaderSize + kRelayPrefixSize;

class RelayTrain {
 public:
    RelayTrain() = default;
    ~RelayTrain() { clear(); }
    RelayTrain(const RelayTrain&) = delete;
    RelayTrain& operator=(const RelayTrain&) = delete;

    // For a train of `bytes` in datagrams of at most `datagram_bytes_max` (UDP payload). False: it
    // takes more datagrams than a train may have.
    bool fits(std::uint16_t datagram_bytes_max, std::size_t tag, std::size_t bytes);
    // Copies the train of the size that fits. False: no mbufs.
    bool fill(const TrainBuffer& train, const Pools& pools);
    void clear();

    std::uint16_t stride() const { return stride_; }
    std::uint16_t datagrams() const { return count_; }

    // Writes the inner headers, counters rising from `first`'s: what the two ends seal.
    std::span<const MutableBytes> frame(const Header& first);
    // Then what is around: what is sealed for the relay.
    std::span<const MutableBytes> wrap(const Header& first, const RelayPrefix& prefix);
    // The mbufs, the caller's from now on.
    std::span<rte_mbuf*> release();

 private:
    std::size_t per_buffer() const;
    std::size_t overhead() const { return kRelayHead + kSlotHead + 2 * tag_; }
    std::uint8_t* slot(std::size_t i) const;
    std::size_t body_of(std::size_t i) const;

    std::uint16_t stride_ = 0;
    std::uint16_t count_ = 0;
    std::size_t tag_ = 0;
    std::size_t body_ = 0;
    std::size_t bytes_ = 0;
    TrainMbufs mbufs_{};
    TrainMbufs given_{};
    std::array<MutableBytes, kTrainDatagramsMax> datagrams_{};
};

}  // namespace netft::dataplane
