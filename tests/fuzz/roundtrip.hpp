// The property that all wire fuzzers check: whatever decodes, encodes to something that decodes to
// the same value, and encoding never needs more room than a datagram has.
#pragma once

#include <array>
#include <cstdint>

#include "netft/base/assert.hpp"
#include "netft/base/bytes.hpp"

namespace netft::fuzz {

// `decode`: Bytes -> optional<Value>.
template <class Decode>
void check_roundtrip(Bytes input, Decode decode) {
    auto value = decode(input);
    if (!value) return;
    static std::array<std::uint8_t, 65'536> buffer;
    ByteWriter out(buffer);
    encode(*value, out);
    NETFT_ASSERT(out.ok());
    auto again = decode(out.written());
    NETFT_ASSERT(again.has_value());
    NETFT_ASSERT(*again == *value);
}

}  // namespace netft::fuzz
