#include "netft/base/bytes.hpp"

#include <algorithm>
#include <array>

namespace netft {

namespace {

int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

std::string to_hex(Bytes bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (std::uint8_t byte : bytes) {
        out += kDigits[byte >> 4];
        out += kDigits[byte & 15];
    }
    return out;
}

bool from_hex(std::string_view text, MutableBytes out) {
    if (text.size() != out.size() * 2) return false;
    for (std::size_t i = 0; i < out.size(); ++i) {
        int high = digit(text[2 * i]);
        int low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        out[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    return true;
}

std::string to_base64(Bytes bytes) {
    constexpr std::string_view kAlphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (; !bytes.empty(); bytes = bytes.subspan(std::min<std::size_t>(3, bytes.size()))) {
        std::array<std::uint8_t, 3> group{};
        std::size_t n = std::min<std::size_t>(3, bytes.size());
        std::copy_n(bytes.begin(), n, group.begin());
        std::uint32_t value =
            std::uint32_t{group[0]} << 16 | std::uint32_t{group[1]} << 8 | group[2];
        for (std::size_t i = 0; i < 4; ++i)
            out += i <= n ? kAlphabet[value >> (18 - 6 * i) & 63] : '=';
    }
    return out;
}

}  // namespace netft
