#include "netft/wire/header.hpp"

namespace netft {

std::optional<Header> decode_header(Bytes datagram, DropReason& why) {
    ByteReader in(datagram);
    std::uint8_t version_and_type = in.u8();
    Header header;
    header.flags = in.u8();
    header.space = in.u16();
    header.receiver = SessionIndex(in.u32());
    header.counter = in.u64();
    std::uint8_t type = version_and_type & 0x0f;
    if (!in.ok()) {
        why = DropReason::rx_truncated;
        return {};
    }
    if (version_and_type >> 4 != kWireVersion) {
        why = DropReason::rx_bad_version;
        return {};
    }
    if (type < 1 || type > 6) {
        why = DropReason::rx_bad_type;
        return {};
    }
    header.type = static_cast<MessageType>(type);
    return header;
}

void encode(const Header& header, ByteWriter& out) {
    out.u8(static_cast<std::uint8_t>(kWireVersion << 4 | static_cast<std::uint8_t>(header.type)));
    out.u8(header.flags);
    out.u16(header.space);
    out.u32(header.receiver.value);
    out.u64(header.counter);
}

}  // namespace netft
