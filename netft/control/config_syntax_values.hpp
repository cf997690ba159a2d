// Keys and values of a TOML text, gone over for what is wrong with them.
//
// PURE.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "netft/control/config_reader.hpp"

namespace netft::control {

// A place in a text.
struct Cursor {
    std::string_view text;
    std::size_t at = 0;
    std::uint32_t line = 1;

    bool is_at_end() const { return at >= text.size(); }
    char peek() const { return is_at_end() ? '\0' : text[at]; }
    std::string_view rest() const { return text.substr(at); }
    // What is left of the line, without its end.
    std::string_view rest_of_line() const;
    // A line end, or that of the text.
    bool is_at_line_end() const {
        return is_at_end() || peek() == '\n' || rest().starts_with("\r\n");
    }
    void step();
    void skip_blanks();
    // To the beginning of the next line.
    void skip_line();
};

using Slip = std::optional<ConfigError>;  // nullopt: good

// "a", "a.b", '"a b"'; the parts go to `path`.
Slip scan_key(Cursor& cursor, std::vector<std::string>& path);
// "=" and what must stand around it, between key and value.
Slip scan_equals(Cursor& cursor, const std::vector<std::string>& path);
// One value, on several lines if it is an array.
Slip scan_value(Cursor& cursor);

}  // namespace netft::control
