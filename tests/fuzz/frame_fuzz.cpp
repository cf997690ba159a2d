// Frames from a peer and from the kernel: nothing is read outside the bytes, and what we answer is
// itself a frame that passes our own check.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "netft/base/assert.hpp"
#include "tap/datagram_join.hpp"
#include "tap/frame.hpp"

namespace {

using namespace netft;

void check_answer(Bytes answer) {
    if (answer.empty()) return;
    NETFT_ASSERT(!tap::check_virtio(answer, answer.size()));
    // Nothing that we answer may be answered again.
    tap::AnswerBuffer room;
    const Bytes frame = answer.subspan(kVirtioHeaderSize);
    NETFT_ASSERT(tap::answer_solicitation(frame, MacAddress{}, room).empty());
}

// Twice the same is one frame to be cut, which passes our own check as the one alone does.
void check_joined(Bytes train) {
    tap::DatagramJoin join;
    if (!join.add(train)) return;
    const bool is_good = !tap::check_virtio(train, train.size());
    if (!join.add(train)) return;
    std::vector<std::uint8_t> whole;
    for (const iovec& piece : join.frame()) {
        const auto* at = static_cast<const std::uint8_t*>(piece.iov_base);
        whole.insert(whole.end(), at, at + piece.iov_len);
    }
    NETFT_ASSERT(!is_good || !tap::check_virtio(whole, whole.size()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes bytes(data, size);
    const MacAddress mac{{2, 0, 0, 0, 0, 9}};
    // The verdict must not hang on what is behind the first 256 bytes.
    const auto verdict = tap::check_virtio(bytes, size);
    NETFT_ASSERT(
        tap::check_virtio(bytes.first(std::min<std::size_t>(size, 256)), size).has_value() ||
        !verdict);

    const auto macs = tap::mac_pair(bytes);
    NETFT_ASSERT(macs.has_value() == (size >= tap::kEthernetHeaderSize));
    tap::AnswerBuffer room;
    const Bytes answer = tap::answer_solicitation(bytes, mac, room);
    NETFT_ASSERT(answer.empty() != tap::solicited_address(bytes).has_value());
    NETFT_ASSERT(answer.empty() || tap::is_neighbour_discovery(bytes));
    check_answer(answer);
    // What reaches a peer's kernel: IP, from somewhere or multicast management.
    if (!tap::refuse_packet(bytes)) (void)tap::source_of(bytes);
    // What one node sends as a packet is none of what the other refuses as neighbour discovery.
    const bool is_nd = tap::refuse_packet(bytes) == DropReason::frame_bad_neighbour_discovery;
    const bool is_v6 = size > 13 && bytes[12] == 0x86 && bytes[13] == 0xdd;
    NETFT_ASSERT(!is_nd || !is_v6 || tap::kind_of(bytes) == tap::FrameKind::neighbour_discovery);
    check_answer(tap::answer_unreachable(bytes, mac, room));
    check_joined(bytes);
    return 0;
}
