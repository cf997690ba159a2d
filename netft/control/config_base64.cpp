// from_base64(): strict, since a key that two texts can stand for is two keys to the
// check for duplicates.
#include <algorithm>
#include <array>
#include <optional>

#include "netft/control/config_values.hpp"

namespace netft::control {

namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::optional<std::uint32_t> six_bits(char c) {
    auto at = kAlphabet.find(c);
    if (at == std::string_view::npos) return {};
    return static_cast<std::uint32_t>(at);
}

// The 24 bits of four characters, of which the last `padding` are '='.
std::optional<std::uint32_t> decode_group(std::string_view group, std::size_t padding) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        bool pad = i >= 4 - padding;
        auto bits = pad ? std::optional(0u) : six_bits(group[i]);
        if (!bits || (pad && group[i] != '=')) return {};
        value = value << 6 | *bits;
    }
    return value;
}

}  // namespace

bool from_base64(std::string_view text, MutableBytes out) {
    if (text.size() != (out.size() + 2) / 3 * 4) return false;
    while (!out.empty()) {
        std::size_t n = std::min<std::size_t>(3, out.size());
        auto value = decode_group(text.substr(0, 4), 3 - n);
        if (!value) return false;
        for (std::size_t i = 0; i < n; ++i)
            out[i] = static_cast<std::uint8_t>(*value >> (16 - 8 * i));
        // Bits that no byte takes must be zero.
        if (n < 3 && (*value & (n == 1 ? 0xffffu : 0xffu)) != 0) return false;
        out = out.subspan(n);
        text.remove_prefix(4);
    }
    return true;
}

}  // namespace netft::control
