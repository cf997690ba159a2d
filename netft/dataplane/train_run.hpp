// The fast way in: a train whose datagrams lie in order in the buffers of one burst is written to
// the adapter from where it lies, gathered, never copied.
//
// Anything else (a gap, another train in between, the end of the burst, odd lengths) is spilled:
// its pieces go to core::TrainAssembler, which copies.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <span>

#include "netft/core/engine.hpp"
#include "netft/core/train_assembler.hpp"

namespace netft::dataplane {

class TrainRun {
 public:
    bool is_empty() const { return next_ == 0; }
    bool is_complete() const { return next_ != 0 && next_ == count_; }

    // Begins a run with the first datagram of a train, or goes on with the next. False: it does
    // not belong here. Bodies are borrowed until clear().
    bool add(const core::Verdict& data) {
        if (!(is_empty() ? data.train.index == 0 : continues(data))) return false;
        if (is_empty()) {
            peer_ = data.peer;
            session_ = data.session;
            space_ = data.space;
            train_id_ = data.train_id;
            count_ = data.train.count;
        }
        pieces_[next_++] = {const_cast<std::uint8_t*>(data.body.data()), data.body.size()};
        bytes_ += data.body.size();
        return true;
    }
    void clear() {
        next_ = 0;
        bytes_ = 0;
    }

    PeerId peer() const { return peer_; }
    std::size_t bytes() const { return bytes_; }
    std::span<const iovec> pieces() const { return std::span(pieces_).first(next_); }
    // The i-th piece as the assembler wants it.
    core::TrainAssembler::Piece piece(std::uint16_t i) const {
        return {.peer = peer_,
                .session = session_,
                .space = space_,
                .train_id = train_id_,
                .train = {.index = i, .count = count_},
                .body = Bytes(static_cast<const std::uint8_t*>(pieces_[i].iov_base),
                              pieces_[i].iov_len)};
    }

 private:
    bool continues(const core::Verdict& data) const {
        bool is_last = data.train.index + 1 == count_;
        std::size_t usual = pieces_[0].iov_len;
        return data.session == session_ && data.space == space_ && data.train_id == train_id_ &&
               data.train.count == count_ && data.train.index == next_ &&
               (is_last ? data.body.size() <= usual : data.body.size() == usual);
    }

    std::array<iovec, kTrainDatagramsMax> pieces_{};
    PeerId peer_;
    SessionIndex session_;
    std::uint16_t space_ = 0;
    std::uint64_t train_id_ = 0;
    std::uint16_t count_ = 0;
    std::uint16_t next_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace netft::dataplane
