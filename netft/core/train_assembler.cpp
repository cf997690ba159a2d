#include "netft/core/train_assembler.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstring>
#include <utility>
#include <vector>

namespace netft::core {

namespace {

constexpr std::uint32_t kNone = 0xffffffff;
constexpr std::size_t kCellBytes = 2'048;
constexpr std::uint32_t kCells = 16'384;
constexpr std::size_t kBuckets = TrainAssembler::kTrainsMax;
constexpr unsigned kBucketShift = 64 - 13;
static_assert(kBuckets == std::size_t{1} << (64 - kBucketShift));
// Peers whose ids are alike in so many low bits share; ids are given away from 0 on.
constexpr std::size_t kShares = 256;

// A piece lies in one cell, or in a chain of them where it is longer.
struct Cell {
    std::uint32_t next = kNone;  // of the same train, or of the free list
    std::uint16_t piece = 0;     // index
    std::uint16_t bytes = 0;
    std::uint32_t offset = 0;  // in the piece
};

struct Neighbours {
    std::uint32_t older = kNone;
    std::uint32_t younger = kNone;
};

struct Slot {
    SessionIndex session;
    std::uint16_t space = 0;
    std::uint64_t train_id = 0;
    std::uint16_t count = 0;
    std::uint16_t received = 0;
    std::bitset<kTrainDatagramsMax> have;
    std::size_t stride = 0;       // length of every body but the last; 0: not known yet
    std::size_t last_length = 0;  // of the last body
    TimePoint began;
    std::uint32_t cells = kNone;
    std::uint32_t in_bucket = kNone;  // the next one; or of the free list
    Neighbours by_age;                // of all
    Neighbours in_share;              // likewise of its peer's
    std::uint8_t share = 0;

    bool is(const TrainAssembler::Piece& piece) const {
        return train_id == piece.train_id && session == piece.session && space == piece.space;
    }
};

// Slots by age, linked by one of their two pairs of neighbours.
struct AgeList {
    std::uint32_t oldest = kNone;
    std::uint32_t youngest = kNone;

    void add(std::vector<Slot>& slots, Neighbours Slot::*links, std::uint32_t index) {
        Neighbours& own = slots[index].*links;
        own = {std::exchange(youngest, index), kNone};
        (own.older == kNone ? oldest : (slots[own.older].*links).younger) = index;
    }
    void remove(std::vector<Slot>& slots, Neighbours Slot::*links, std::uint32_t index) {
        const Neighbours& own = slots[index].*links;
        (own.older == kNone ? oldest : (slots[own.older].*links).younger) = own.younger;
        (own.younger == kNone ? youngest : (slots[own.younger].*links).older) = own.older;
    }
};

// Of each peer, how many of something it holds.
class Holdings {
 public:
    void add(std::size_t share) {
        ++of_[share];
        ++all_;
    }
    void remove(std::size_t share) {
        --of_[share];
        --all_;
    }
    // Who holds most; asked only where nothing is left. Whoever asks mostly is the one.
    std::size_t most(std::size_t who_asks) const {
        if (of_[who_asks] >= all_ / 2) return who_asks;
        std::size_t found = 0;
        for (std::size_t i = 1; i < kShares; ++i)
            if (of_[i] > of_[found]) found = i;
        return found;
    }

 private:
    std::array<std::uint32_t, kShares> of_{};
    std::uint32_t all_ = 0;
};

std::size_t share_of(PeerId peer) { return peer.value % kShares; }

// What contradicts the train so far; nullopt: nothing.
std::optional<DropReason> contradiction(const Slot& slot, const TrainAssembler::Piece& piece) {
    bool is_last = piece.train.index + 1 == slot.count;
    std::size_t length = piece.body.size();
    if (piece.train.count != slot.count) return DropReason::train_malformed;
    if (slot.have[piece.train.index]) return DropReason::rx_duplicate;
    if (!is_last && slot.stride != 0 && slot.stride != length) return DropReason::train_malformed;
    if (is_last && slot.stride != 0 && length > slot.stride) return DropReason::train_malformed;
    if (!is_last && slot.last_length > length) return DropReason::train_malformed;
    std::size_t stride = is_last ? slot.stride : length;
    std::size_t last = is_last ? length : slot.last_length;
    if (stride * (slot.count - 1u) + last > kTrainBytesMax) return DropReason::train_too_long;
    return {};
}

}  // namespace

struct TrainAssembler::State {
    explicit State(std::uint64_t secret);

    const TrainHash hash;
    // Not initialised: memory that no train ever needed is never touched.
    std::unique_ptr<std::uint8_t[]> bytes{new std::uint8_t[kCells * kCellBytes]};
    std::vector<Cell> cells = std::vector<Cell>(kCells);
    std::vector<Slot> slots = std::vector<Slot>(kTrainsMax);
    std::vector<std::uint32_t> buckets = std::vector<std::uint32_t>(kBuckets, kNone);
    std::vector<std::uint8_t> finished = std::vector<std::uint8_t>(kTrainBytesMax);
    std::uint32_t free_cells = 0;  // a stack: what was used last is used next
    std::uint32_t cells_left = kCells;
    std::uint32_t free_slots = 0;
    AgeList ages;
    std::array<AgeList, kShares> ages_of;  // by share
    Holdings trains_held;
    Holdings cells_held;

    std::uint32_t& bucket_of(SessionIndex session, std::uint16_t space, std::uint64_t train_id) {
        return buckets[hash.of(session, space, train_id) >> kBucketShift];
    }
    std::uint32_t find(const Piece& piece);
    std::uint32_t begin(TimePoint now, const Piece& piece);
    void store(Slot& slot, const Piece& piece);
    Bytes finish(std::uint32_t index);
    void release(std::uint32_t index);
};

TrainAssembler::State::State(std::uint64_t secret) : hash(secret) {
    for (std::uint32_t i = 0; i < kCells; ++i) cells[i].next = i + 1 < kCells ? i + 1 : kNone;
    for (std::uint32_t i = 0; i < kTrainsMax; ++i)
        slots[i].in_bucket = i + 1 < kTrainsMax ? i + 1 : kNone;
}

std::uint32_t TrainAssembler::State::find(const Piece& piece) {
    std::uint32_t i = bucket_of(piece.session, piece.space, piece.train_id);
    while (i != kNone && !slots[i].is(piece)) i = slots[i].in_bucket;
    return i;
}

std::uint32_t TrainAssembler::State::begin(TimePoint now, const Piece& piece) {
    std::uint32_t index = free_slots;
    Slot& slot = slots[index];
    free_slots = slot.in_bucket;
    slot = Slot{};
    slot.session = piece.session;
    slot.space = piece.space;
    slot.train_id = piece.train_id;
    slot.count = piece.train.count;
    slot.began = now;
    slot.share = static_cast<std::uint8_t>(share_of(piece.peer));
    slot.in_bucket = std::exchange(bucket_of(slot.session, slot.space, slot.train_id), index);
    ages.add(slots, &Slot::by_age, index);
    ages_of[slot.share].add(slots, &Slot::in_share, index);
    trains_held.add(slot.share);
    return index;
}

void TrainAssembler::State::store(Slot& slot, const Piece& piece) {
    bool is_last = piece.train.index + 1 == slot.count;
    (is_last ? slot.last_length : slot.stride) = piece.body.size();
    for (std::size_t offset = 0; offset < piece.body.size(); offset += kCellBytes) {
        std::uint32_t index = free_cells;
        Cell& cell = cells[index];
        free_cells = cell.next;
        --cells_left;
        cells_held.add(slot.share);
        Bytes part = piece.body.subspan(offset);
        part = part.first(std::min(part.size(), kCellBytes));
        cell = {slot.cells, piece.train.index, static_cast<std::uint16_t>(part.size()),
                static_cast<std::uint32_t>(offset)};
        slot.cells = index;
        std::memcpy(&bytes[index * kCellBytes], part.data(), part.size());
    }
    slot.have.set(piece.train.index);
    ++slot.received;
}

Bytes TrainAssembler::State::finish(std::uint32_t index) {
    Slot& slot = slots[index];
    for (std::uint32_t i = slot.cells; i != kNone; i = cells[i].next)
        std::memcpy(finished.data() + cells[i].piece * slot.stride + cells[i].offset,
                    &bytes[i * kCellBytes], cells[i].bytes);
    std::size_t length = slot.stride * (slot.count - 1u) + slot.last_length;
    release(index);
    return Bytes(finished).first(length);
}

// Takes a train out of all lists.
void TrainAssembler::State::release(std::uint32_t index) {
    Slot& slot = slots[index];
    while (slot.cells != kNone) {
        std::uint32_t cell = std::exchange(slot.cells, cells[slot.cells].next);
        cells[cell].next = std::exchange(free_cells, cell);
        ++cells_left;
        cells_held.remove(slot.share);
    }
    std::uint32_t* link = &bucket_of(slot.session, slot.space, slot.train_id);
    while (*link != index) link = &slots[*link].in_bucket;
    *link = slot.in_bucket;
    ages.remove(slots, &Slot::by_age, index);
    ages_of[slot.share].remove(slots, &Slot::in_share, index);
    trains_held.remove(slot.share);
    slot.in_bucket = std::exchange(free_slots, index);
}

TrainAssembler::TrainAssembler(std::uint64_t secret) : state_(std::make_unique<State>(secret)) {}
TrainAssembler::~TrainAssembler() = default;

Bytes TrainAssembler::handle_piece(TimePoint now, const Piece& piece, DropCounters& drops) {
    State& s = *state_;
    if (piece.body.size() > kTrainBytesMax) {
        drops.count(DropReason::train_too_long);
        return {};
    }
    if (piece.train.count == 1) return piece.body;
    auto give_up_oldest = [&s, &drops, &piece](const Holdings& held) {
        std::uint32_t oldest = s.ages_of[held.most(share_of(piece.peer))].oldest;
        s.release(oldest);
        drops.count(DropReason::train_incomplete);
        return oldest;
    };
    std::uint32_t index = s.find(piece);
    if (index == kNone) {
        if (s.free_slots == kNone) give_up_oldest(s.trains_held);
        index = s.begin(now, piece);
    }
    if (auto reason = contradiction(s.slots[index], piece)) {
        drops.count(*reason);
        return {};
    }
    std::size_t wanted = (piece.body.size() + kCellBytes - 1) / kCellBytes;
    while (s.cells_left < wanted) {
        if (give_up_oldest(s.cells_held) == index) return {};
    }
    s.store(s.slots[index], piece);
    if (s.slots[index].received < s.slots[index].count) return {};
    return s.finish(index);
}

void TrainAssembler::handle_timers(TimePoint now, DropCounters& drops) {
    State& s = *state_;
    while (s.ages.oldest != kNone && now - s.slots[s.ages.oldest].began >= kTrainAge) {
        s.release(s.ages.oldest);
        drops.count(DropReason::train_incomplete);
    }
}

std::optional<TimePoint> TrainAssembler::next_deadline() const {
    const State& s = *state_;
    if (s.ages.oldest == kNone) return {};
    return s.slots[s.ages.oldest].began + kTrainAge;
}

}  // namespace netft::core
