#include "netft/core/worker_board.hpp"

namespace netft::core {

namespace {

constexpr unsigned kBitsOfId = 16;
constexpr std::size_t kIdsPerWord = 4;
constexpr std::uint64_t kTakesNew = 0x8000;  // beside a weight
constexpr std::uint64_t kIsSingle = 0x4000;  // likewise
constexpr unsigned kCountAt = 32;
constexpr unsigned kCopiedAt = 36;
constexpr std::uint64_t kCountMask = 0xf;
constexpr unsigned kSuspectAt = 40;
constexpr unsigned kSickAt = 41;
constexpr unsigned kDatagramBytesAt = 48;
constexpr unsigned kRelayBytesAt = 16;
constexpr unsigned kRelayAt = 32;
constexpr unsigned kHasRelayAt = 48;
constexpr unsigned kGenerationAt = 56;
static_assert(kWeightMax < kIsSingle && kDestinationsMax == 2 * kIdsPerWord);
static_assert(kDestinationsMax <= kCountMask);

// Words 0 and 1: route ids; 2 and 3: weights; 4: copied_until; 5: session, counts, flags, size;
// 6: broken sources, relay, generation.
using Words = std::array<std::uint64_t, 7>;

Words pack(const PeerSelection& selection) {
    Words words{};
    for (std::size_t i = 0; i < kDestinationsMax; ++i) {
        const Share& share = selection.routes[i];
        unsigned shift = static_cast<unsigned>(i % kIdsPerWord) * kBitsOfId;
        std::uint64_t weight = share.weight | (share.takes_new ? kTakesNew : 0) |
                               ((selection.single >> i & 1) != 0 ? kIsSingle : 0);
        words[i / kIdsPerWord] |= std::uint64_t{share.route.value} << shift;
        words[2 + i / kIdsPerWord] |= weight << shift;
    }
    words[4] = static_cast<std::uint64_t>(selection.copied_until.time_since_epoch().count());
    words[5] = selection.session.value | std::uint64_t{selection.count} << kCountAt |
               std::uint64_t{selection.copied_count} << kCopiedAt |
               std::uint64_t{selection.is_suspect} << kSuspectAt |
               std::uint64_t{selection.is_sick} << kSickAt |
               std::uint64_t{selection.datagram_bytes} << kDatagramBytesAt;
    words[6] = selection.broken_sources | std::uint64_t{selection.relay_bytes} << kRelayBytesAt;
    words[6] |= std::uint64_t{selection.generation} << kGenerationAt;
    if (selection.relay)
        words[6] |= std::uint64_t{selection.relay->value} << kRelayAt | std::uint64_t{1}
                                                                            << kHasRelayAt;
    return words;
}

PeerSelection unpack(const Words& words) {
    PeerSelection selection;
    for (std::size_t i = 0; i < kDestinationsMax; ++i) {
        unsigned shift = static_cast<unsigned>(i % kIdsPerWord) * kBitsOfId;
        auto id = static_cast<std::uint16_t>(words[i / kIdsPerWord] >> shift);
        auto weight = static_cast<std::uint16_t>(words[2 + i / kIdsPerWord] >> shift);
        selection.routes[i] = {RouteId(id),
                               static_cast<std::uint32_t>(weight & ~(kTakesNew | kIsSingle)),
                               (weight & kTakesNew) != 0};
        if ((weight & kIsSingle) != 0) selection.single |= static_cast<std::uint8_t>(1u << i);
    }
    selection.copied_until = TimePoint(Duration(static_cast<Duration::rep>(words[4])));
    selection.session = SessionIndex(static_cast<std::uint32_t>(words[5]));
    selection.count = static_cast<std::uint8_t>(words[5] >> kCountAt & kCountMask);
    selection.copied_count = static_cast<std::uint8_t>(words[5] >> kCopiedAt & kCountMask);
    selection.datagram_bytes = static_cast<std::uint16_t>(words[5] >> kDatagramBytesAt);
    selection.broken_sources = static_cast<std::uint16_t>(words[6]);
    selection.relay_bytes = static_cast<std::uint16_t>(words[6] >> kRelayBytesAt);
    selection.generation = static_cast<std::uint8_t>(words[6] >> kGenerationAt);
    if ((words[6] >> kHasRelayAt & 1) != 0)
        selection.relay = PeerId(static_cast<std::uint16_t>(words[6] >> kRelayAt));
    selection.is_suspect = (words[5] >> kSuspectAt & 1) != 0;
    selection.is_sick = (words[5] >> kSickAt & 1) != 0;
    return selection;
}

}  // namespace

// Release, so that whoever sees a word sees that its writing had begun.
void SelectionLine::publish(const PeerSelection& selection) {
    Words words = pack(selection);
    std::uint32_t at = sequence_.load(std::memory_order_relaxed);
    sequence_.store(at + 1, std::memory_order_relaxed);
    for (std::size_t i = 0; i < kWords; ++i) words_[i].store(words[i], std::memory_order_release);
    sequence_.store(at + 2, std::memory_order_release);
}

// Acquire, so that the sequence is looked at again only after the words.
bool SelectionLine::read(std::uint32_t& seen, PeerSelection& out) const {
    std::uint32_t at = sequence_.load(std::memory_order_acquire);
    if (at == seen || (at & 1) != 0) return false;
    Words words;
    for (std::size_t i = 0; i < kWords; ++i) words[i] = words_[i].load(std::memory_order_acquire);
    if (sequence_.load(std::memory_order_relaxed) != at) return false;
    seen = at;
    out = unpack(words);
    return true;
}

PeerCounts WorkerBoard::counts_of(PeerId peer) const {
    PeerCounts all;
    for (const auto& table : peer_tallies_) {
        const PeerTally* tally = table->find(peer.value);
        if (tally == nullptr) continue;
        all.sent += tally->sent.load(std::memory_order_relaxed);
        all.taken += tally->taken.load(std::memory_order_relaxed);
    }
    return all;
}

RouteCounts WorkerBoard::take_counts(RouteId route) {
    RouteCounts all;
    for (const auto& table : tallies_) {
        const RouteTally* tally = table->find(route.value);
        if (tally == nullptr) continue;
        all.sent += tally->sent.load(std::memory_order_relaxed);
        all.received += tally->received.load(std::memory_order_relaxed);
        all.copies += tally->copies.load(std::memory_order_relaxed);
    }
    if (route.value >= taken_.size()) taken_.resize(route.value + std::size_t{1});
    RouteCounts before = taken_[route.value];
    taken_[route.value] = all;
    return {all.sent - before.sent, all.received - before.received, all.copies - before.copies};
}

}  // namespace netft::core
