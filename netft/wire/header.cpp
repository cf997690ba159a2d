#include "netft/wire/header.hpp"

#include <array>

namespace netft {

void encode(const Header& header, ByteWriter& out) {
    std::array<std::uint8_t, kHeaderSize> bytes;
    write_header(header, bytes.data());
    out.bytes(bytes);
}

}  // namespace netft
