#include "netft/client/terminal.hpp"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <utility>

namespace netft::client {

namespace {

const char* code_of(Tone tone) {
    switch (tone) {
        case Tone::plain: return "";
        case Tone::good: return "\033[32m";
        case Tone::warn: return "\033[33m";
        case Tone::bad: return "\033[1;31m";
        case Tone::faint: return "\033[2m";
    }
    return "";
}

// Length in bytes of the UTF-8 character that `first` begins; 1 for what begins none.
std::size_t length_of(unsigned char first) {
    if (first >= 0xf0 && first < 0xf8) return 4;
    if (first >= 0xe0) return first < 0xf0 ? 3 : 1;
    return first >= 0xc0 ? 2 : 1;
}

char32_t code_point(std::string_view character) {
    auto first = static_cast<unsigned char>(character[0]);
    if (character.size() == 1) return first;
    char32_t value = first & (0xffu >> (character.size() + 1));
    for (char c : character.substr(1)) value = value << 6 | (static_cast<unsigned char>(c) & 0x3f);
    return value;
}

std::size_t width_of(char32_t c) {
    using Range = std::pair<char32_t, char32_t>;
    constexpr std::array<Range, 3> kNone{{{0x300, 0x36f}, {0x200b, 0x200f}, {0xfe00, 0xfe0f}}};
    constexpr std::array<Range, 7> kWide{{{0x1100, 0x115f},
                                          {0x2e80, 0xa4cf},
                                          {0xac00, 0xd7a3},
                                          {0xf900, 0xfaff},
                                          {0xff00, 0xff60},
                                          {0x1f300, 0x1faff},
                                          {0x20000, 0x3fffd}}};
    for (const Range& range : kNone)
        if (c >= range.first && c <= range.second) return 0;
    for (const Range& range : kWide)
        if (c >= range.first && c <= range.second) return 2;
    return 1;
}

}  // namespace

bool colour_wanted(int fd) {
    const char* no_color = std::getenv("NO_COLOR");
    const char* term = std::getenv("TERM");
    if (no_color != nullptr && *no_color != '\0') return false;
    if (term != nullptr && std::string_view(term) == "dumb") return false;
    return ::isatty(fd) == 1;
}

std::string paint(std::string_view text, Tone tone, bool colour) {
    if (!colour || tone == Tone::plain || text.empty()) return std::string(text);
    return code_of(tone) + std::string(text) + "\033[0m";
}

std::size_t display_width(std::string_view text) {
    std::size_t width = 0;
    while (!text.empty()) {
        std::size_t length = length_of(static_cast<unsigned char>(text[0]));
        if (length > text.size()) length = 1;
        width += width_of(code_point(text.substr(0, length)));
        text.remove_prefix(length);
    }
    return width;
}

std::string printable(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    return out;
}

}  // namespace netft::client
