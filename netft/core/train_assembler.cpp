#include "netft/core/train_assembler.hpp"

#include <algorithm>
#include <bitset>
#include <cstring>
#include <vector>

namespace netft::core {

namespace {

struct Slot {
    bool in_use = false;
    PeerId peer;
    std::uint16_t space = 0;
    std::uint64_t train_id = 0;
    std::uint16_t count = 0;
    std::uint16_t received = 0;
    std::bitset<kTrainDatagramsMax> have;
    std::size_t stride = 0;       // length of every body but the last; 0: not known yet
    std::size_t last_length = 0;  // of the last body
    TimePoint began;
    std::vector<std::uint8_t> bytes;  // taken at the slot's first use, kept for good

    bool is(const TrainAssembler::Piece& piece) const {
        return in_use && train_id == piece.train_id && peer == piece.peer && space == piece.space;
    }
};

}  // namespace

struct TrainAssembler::State {
    std::array<Slot, kTrainsMax> slots;
    Slot* finished = nullptr;  // its bytes are lent to the caller until the next call

    Slot& oldest_or_free() {
        Slot* best = &slots[0];
        for (Slot& slot : slots) {
            if (!slot.in_use) return slot;
            if (slot.began < best->began) best = &slot;
        }
        return *best;
    }
};

TrainAssembler::TrainAssembler() : state_(std::make_unique<State>()) {}
TrainAssembler::~TrainAssembler() = default;

namespace {

// The last body waits at the end of the buffer until the stride says where it belongs.
std::size_t parking_place(const Slot& slot) { return slot.bytes.size() - slot.last_length; }

void begin(Slot& slot, TimePoint now, const TrainAssembler::Piece& piece) {
    std::vector<std::uint8_t> bytes = std::move(slot.bytes);
    slot = Slot{};
    slot.bytes = std::move(bytes);
    slot.bytes.resize(2 * kTrainBytesMax);
    slot.in_use = true;
    slot.peer = piece.peer;
    slot.space = piece.space;
    slot.train_id = piece.train_id;
    slot.count = piece.train.count;
    slot.began = now;
}

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

void store(Slot& slot, const TrainAssembler::Piece& piece) {
    bool is_last = piece.train.index + 1 == slot.count;
    std::size_t at = 0;
    if (is_last) {
        slot.last_length = piece.body.size();
        at = parking_place(slot);
    } else {
        slot.stride = piece.body.size();
        at = slot.stride * piece.train.index;
    }
    std::memcpy(slot.bytes.data() + at, piece.body.data(), piece.body.size());
    slot.have.set(piece.train.index);
    ++slot.received;
}

Bytes finish(Slot& slot) {
    std::size_t last_at = slot.stride * (slot.count - 1u);
    std::memmove(slot.bytes.data() + last_at, slot.bytes.data() + parking_place(slot),
                 slot.last_length);
    slot.in_use = false;
    return Bytes(slot.bytes).first(last_at + slot.last_length);
}

}  // namespace

Bytes TrainAssembler::handle_piece(TimePoint now, const Piece& piece, DropCounters& drops) {
    if (piece.body.size() > kTrainBytesMax) {
        drops.count(DropReason::train_too_long);
        return {};
    }
    if (piece.train.count == 1) return piece.body;
    auto found = std::find_if(state_->slots.begin(), state_->slots.end(),
                              [&piece](const Slot& slot) { return slot.is(piece); });
    Slot* slot = found == state_->slots.end() ? nullptr : &*found;
    if (slot == nullptr) {
        slot = &state_->oldest_or_free();
        if (slot->in_use) drops.count(DropReason::train_incomplete);
        begin(*slot, now, piece);
    }
    if (auto reason = contradiction(*slot, piece)) {
        drops.count(*reason);
        return {};
    }
    store(*slot, piece);
    if (slot->received < slot->count) return {};
    return finish(*slot);
}

void TrainAssembler::handle_timers(TimePoint now, DropCounters& drops) {
    for (Slot& slot : state_->slots) {
        if (!slot.in_use || now - slot.began < kTrainAge) continue;
        slot.in_use = false;
        drops.count(DropReason::train_incomplete);
    }
}

std::optional<TimePoint> TrainAssembler::next_deadline() const {
    std::optional<TimePoint> soonest;
    for (const Slot& slot : state_->slots)
        if (slot.in_use && (!soonest || slot.began + kTrainAge < *soonest))
            soonest = slot.began + kTrainAge;
    return soonest;
}

}  // namespace netft::core
