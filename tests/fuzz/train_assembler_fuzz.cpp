// Any sequence of pieces and of passing time. What comes out is a train in order: body i is filled
// with the byte i, so the output must be runs of 0, 1, 2, … of one length, the last not longer.
//
// Input: records of 8 bytes: peer and space (4 bits each) · train id · index · count · length (u16)
// · milliseconds passed before (u16).
#include <vector>

#include "netft/base/assert.hpp"
#include "netft/core/train_assembler.hpp"

using namespace netft;

namespace {

constexpr std::size_t kRecordSize = 8;
constexpr std::size_t kRecordsMax = 512;

void check_train(Bytes train) {
    NETFT_ASSERT(train.size() <= kTrainBytesMax);
    std::size_t stride = 0;
    std::size_t at = 0;
    for (std::uint8_t index = 0; at < train.size(); ++index) {
        std::size_t length = 0;
        while (at < train.size() && train[at] == index) ++at, ++length;
        if (index == 0) stride = length;
        bool is_last = at == train.size();
        NETFT_ASSERT(length > 0 && (is_last ? length <= stride : length == stride));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static std::vector<std::uint8_t> body(65'536);
    ByteReader in(Bytes(data, size));
    // Its buffers are large: made once, emptied each time.
    static core::TrainAssembler assembler(1);
    DropCounters drops;
    TimePoint now;
    assembler.handle_timers(TimePoint::max(), drops);
    for (std::size_t i = 0; i < kRecordsMax && in.remaining() >= kRecordSize; ++i) {
        core::TrainAssembler::Piece piece;
        std::uint8_t who = in.u8();
        piece.peer = PeerId(who >> 4);
        piece.session = SessionIndex(who >> 4);
        piece.space = who & 15;
        piece.train_id = in.u8();
        piece.train.index = in.u8() % kTrainDatagramsMax;
        piece.train.count = static_cast<std::uint16_t>(
            piece.train.index + 1u + in.u8() % (kTrainDatagramsMax - piece.train.index));
        std::size_t length = in.u16();
        now += std::chrono::milliseconds(in.u16());
        if (length == 0) continue;  // no such datagram decodes
        std::fill_n(body.begin(), length, static_cast<std::uint8_t>(piece.train.index));
        piece.body = Bytes(body).first(length);
        if (auto deadline = assembler.next_deadline(); deadline && *deadline <= now)
            assembler.handle_timers(now, drops);
        NETFT_ASSERT(!assembler.next_deadline() || *assembler.next_deadline() > now);
        Bytes train = assembler.handle_piece(now, piece, drops);
        if (!train.empty() && piece.train.count > 1) check_train(train);
    }
    return 0;
}
