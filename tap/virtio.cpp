#include "tap/virtio.hpp"

namespace netft::tap {

namespace {

// The byte helpers are big-endian, as the wire is; only this header is not.
constexpr std::uint16_t swapped(std::uint16_t v) {
    return static_cast<std::uint16_t>(v << 8 | v >> 8);
}

}  // namespace

std::optional<VirtioHeader> decode_virtio(Bytes bytes) {
    if (bytes.size() < kVirtioHeaderSize) return {};
    return read_virtio(bytes.data());
}

void encode(const VirtioHeader& header, ByteWriter& out) {
    out.u8(header.flags);
    out.u8(header.gso_type);
    out.u16(swapped(header.header_length));
    out.u16(swapped(header.gso_size));
    out.u16(swapped(header.checksum_start));
    out.u16(swapped(header.checksum_offset));
    out.u16(swapped(header.buffers));
}

}  // namespace netft::tap
