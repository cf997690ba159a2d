// Colour and width of what people read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace netft::client {

enum class Tone : std::uint8_t { plain, good, warn, bad, faint };

// A terminal is there and nobody asked for none (https://no-color.org, TERM=dumb).
bool colour_wanted(int fd);
std::string paint(std::string_view text, Tone tone, bool colour);
// Columns on a terminal: wide characters count two, combining ones none; bad UTF-8 one a byte.
std::size_t display_width(std::string_view text);
// Control characters as '?': nothing that comes from outside moves the cursor.
std::string printable(std::string_view text);

}  // namespace netft::client
