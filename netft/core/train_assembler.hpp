// Puts trains back together: datagrams in any order in, whole frames out.
//
// PURE: it copies bytes between buffers it owns, all allocated at construction. The worker's fast
// path does not come here: a train that lies complete in one received buffer is written from there.
// Bounded: kTrainsMax trains and 32 MiB (16,384 datagrams of up to 2 KiB) at a time over all peers;
// beyond that the peer that holds most gives up its oldest, so that nobody's trains push out those
// of others; what is older than kTrainAge is given up, too. Both are counted (train_incomplete).
// So much, because with policy duplicate the missing piece of a train comes over another network,
// which may be 10,000 datagrams behind; what was never needed is never touched. Every step takes
// the same time, however many trains there are, and whatever numbers peers choose for them: they
// are found by a hash with a secret (TrainHash).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "netft/base/bytes.hpp"
#include "netft/base/ids.hpp"
#include "netft/base/random.hpp"
#include "netft/base/time.hpp"
#include "netft/wire/data.hpp"
#include "netft/wire/drop_reason.hpp"

namespace netft::core {

// Where a train is looked for. Peers choose the numbers of their trains: without the secret they
// could choose such as fall into one place.
class TrainHash {
 public:
    explicit TrainHash(std::uint64_t secret)
        : first_(Random(secret).next()), second_(Random(~secret).next() | 1) {}
    // The upper bits are the best.
    std::uint64_t of(SessionIndex session, std::uint16_t space, std::uint64_t train_id) const {
        std::uint64_t who = std::uint64_t{session.value} << 16 | space;
        std::uint64_t h = (train_id ^ first_) + who * second_;
        h = (h ^ h >> 32) * 0xd6e8feb86659fd93u;
        return (h ^ h >> 32) * second_;
    }

 private:
    std::uint64_t first_;
    std::uint64_t second_;
};

class TrainAssembler {
 public:
    static constexpr std::size_t kTrainsMax = 8'192;
    static constexpr Duration kTrainAge = 1s;

    // `secret`: random, one's own.
    explicit TrainAssembler(std::uint64_t secret);
    ~TrainAssembler();
    TrainAssembler(const TrainAssembler&) = delete;
    TrainAssembler& operator=(const TrainAssembler&) = delete;

    struct Piece {
        PeerId peer;
        // A train is sealed in one session. A peer that restarted counts its trains anew, while
        // pieces of its former life may still wait here: they never belong together.
        SessionIndex session;
        std::uint16_t space = 0;
        std::uint64_t train_id = 0;
        TrainPrefix train;
        Bytes body;
    };
    // The whole train (virtio header ‖ frame) when this piece completes it, borrowed until the next
    // call; else empty. Contradictions are counted in `drops` (train_malformed, train_too_long).
    Bytes handle_piece(TimePoint now, const Piece& piece, DropCounters& drops);
    // Gives up trains older than kTrainAge.
    void handle_timers(TimePoint now, DropCounters& drops);
    // nullopt: no train is incomplete.
    std::optional<TimePoint> next_deadline() const;

 private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace netft::core
