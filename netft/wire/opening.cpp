#include "netft/wire/opening.hpp"

namespace netft {

std::optional<Opening> decode_opening(Bytes payload) {
    ByteReader in(payload);
    Opening o;
    o.cluster = in.array<16>();
    o.sender = in.array<32>();
    o.receiver = in.array<32>();
    o.sender_index = SessionIndex(in.u32());
    o.incarnation = in.u64();
    std::uint8_t mode = in.u8();
    in.take(3);
    if (!in.ok() || mode > 2 || o.sender_index.value == 0) return {};
    o.mode = static_cast<SecurityMode>(mode);
    return o;
}

void encode(const Opening& o, ByteWriter& out) {
    out.bytes(o.cluster);
    out.bytes(o.sender);
    out.bytes(o.receiver);
    out.u32(o.sender_index.value);
    out.u64(o.incarnation);
    out.u8(static_cast<std::uint8_t>(o.mode));
    out.zeros(3);
}

}  // namespace netft
