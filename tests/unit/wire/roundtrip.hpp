// What the tests of all messages share: encode to bytes, and the property decode∘encode = id.
#pragma once

#include <array>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "netft/base/bytes.hpp"
#include "netft/base/random.hpp"

namespace netft::test {

template <class Value>
std::vector<std::uint8_t> encoded(const Value& value) {
    std::array<std::uint8_t, 4096> buffer{};
    ByteWriter out(buffer);
    encode(value, out);
    BOOST_REQUIRE(out.ok());
    return {out.written().begin(), out.written().end()};
}

inline std::vector<std::uint8_t> unhex(std::string text) {
    std::erase(text, ' ');
    std::vector<std::uint8_t> out(text.size() / 2);
    BOOST_REQUIRE(from_hex(text, out));
    return out;
}

// `make(random)` gives a value, `decode(bytes)` an optional of one.
template <class Make, class Decode>
void check_roundtrips(std::uint64_t seed, Make make, Decode decode) {
    Random random(seed);
    for (int i = 0; i < 2000; ++i) {
        auto value = make(random);
        auto again = decode(Bytes(encoded(value)));
        BOOST_REQUIRE_MESSAGE(again.has_value() && *again == value,
                              "seed " << seed << " run " << i);
    }
}

// Every proper beginning of `whole` must be refused, and without reading past its end.
template <class Decode>
void check_truncations(const std::vector<std::uint8_t>& whole, Decode decode) {
    for (std::size_t n = 0; n < whole.size(); ++n) {
        std::vector<std::uint8_t> cut(whole.begin(),
                                      whole.begin() + static_cast<std::ptrdiff_t>(n));
        BOOST_REQUIRE_MESSAGE(!decode(Bytes(cut)).has_value(), "cut to " << n << " bytes");
    }
}

template <std::size_t N>
std::array<std::uint8_t, N> random_array(Random& random) {
    std::array<std::uint8_t, N> out{};
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(random.below(256));
    return out;
}

}  // namespace netft::test
