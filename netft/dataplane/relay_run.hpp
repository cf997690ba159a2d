// Datagrams on their way through us, to another node: those that come one behind the other for the
// same node are sealed in one call and leave in one buffer, as a train of our own would.
//
// They are copied, once: the buffer they came in may belong to a driver and hold others', too.
// A slot is header ‖ relay prefix ‖ the datagram inside ‖ tag; all but the last have one length.
#pragma once

#include <array>
#include <span>

#include "netft/base/bytes.hpp"
#include "netft/core/engine.hpp"
#include "netft/dataplane/pool.hpp"
#include "netft/dataplane/relay_train.hpp"

namespace netft::dataplane {

class RelayRun {
 public:
    static constexpr std::size_t kDatagramsMax = 64;  // of one UDP_SEGMENT call
    static constexpr std::size_t kBytesMax = 32'768;  // more gains nothing: Transmitter

    bool is_empty() const { return count_ == 0; }
    PeerId target() const { return target_; }
    PeerId asked_by() const { return asked_by_; }
    std::uint16_t count() const { return count_; }
    std::uint16_t segment() const { return segment_; }

    // Whether the next one may join it. Not when it is empty.
    bool takes(const core::Verdict& next, std::size_t tag) const {
        std::size_t size = kRelayHead + next.body.size() + tag;
        return next.peer == target_ && next.relay == asked_by_ && !is_closed_ &&
               count_ < kDatagramsMax && size <= segment_ && used_ + size <= kBytesMax;
    }
    // False: no buffer is free.
    bool begin(const core::Verdict& first, std::size_t tag, const Pools& pools) {
        mbuf_.reset(pools.big());
        if (mbuf_ == nullptr) return false;
        target_ = first.peer;
        asked_by_ = first.relay;
        origin_ = first.origin;
        segment_ = static_cast<std::uint16_t>(kRelayHead + first.body.size() + tag);
        count_ = 0;
        used_ = 0;
        is_closed_ = false;
        return true;
    }
    void add(const core::Verdict& next, std::size_t tag) {
        std::size_t size = kRelayHead + next.body.size() + tag;
        MutableBytes slot = room_of(mbuf_.get()).subspan(used_, size);
        std::copy(next.body.begin(), next.body.end(), slot.begin() + kRelayHead);
        slots_[count_++] = slot;
        used_ += size;
        is_closed_ = size < segment_;
    }
    // Writes the headers, counters rising from `first`'s.
    std::span<const MutableBytes> frame(const Header& first) {
        Header header = first;
        for (MutableBytes slot : std::span(slots_).first(count_)) {
            ByteWriter out(slot.first(kRelayHead));
            encode(header, out);
            encode(RelayPrefix{RelayKind::forwarded, origin_}, out);
            ++header.counter;
        }
        return std::span(slots_).first(count_);
    }
    MbufPtr release() {
        set_length(mbuf_.get(), used_);
        count_ = 0;
        return std::move(mbuf_);
    }
    void clear() {
        mbuf_.reset();
        count_ = 0;
    }

 private:
    MbufPtr mbuf_;
    PeerId target_;
    PeerId asked_by_;
    NodeId origin_;
    std::uint16_t segment_ = 0;
    std::uint16_t count_ = 0;
    std::size_t used_ = 0;
    bool is_closed_ = false;  // the last one was shorter
    std::array<MutableBytes, kDatagramsMax> slots_{};
};

}  // namespace netft::dataplane
