#include "netft/control/config_text.hpp"

#include <algorithm>
#include "netft/control/config.hpp"

namespace netft::control {

namespace {

// The string that begins at text[0], a quote, up to its closing quote or the end of the text.
std::size_t string_length(std::string_view text) {
    char quote = text[0];
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '\\' && quote == '"')
            ++i;
        else if (text[i] == quote)
            return i + 1;
    }
    return text.size();
}

Checked check_line(std::string_view line, std::uint32_t number) {
    if (line.size() > kLineBytesMax) return refuse(number, "line too long; allowed: 64 KiB");
    std::size_t dots = 0;
    for (std::size_t i = 0; i < line.size() && line[i] != '#';) {
        std::string_view rest = line.substr(i);
        if (rest.starts_with("\"\"\"") || rest.starts_with("'''"))
            return refuse(number,
                          "strings over several lines are not used here; "
                          "allowed: strings in single quotation marks");
        bool string = rest[0] == '"' || rest[0] == '\'';
        if (rest[0] == '.' && ++dots > kDotsPerLineMax)
            return refuse(number, "too many dots in a key; allowed: 16 on a line");
        i += string ? string_length(rest) : 1;
    }
    return {};
}

}  // namespace

Checked check_text(std::string_view text) {
    if (text.size() > kConfigBytesMax) return refuse(0, "the file is too large; allowed: 1 MiB");
    for (std::uint32_t number = 1; !text.empty(); ++number) {
        std::string_view line = text.substr(0, text.find('\n'));
        if (auto checked = check_line(line, number); !checked) return checked;
        text.remove_prefix(std::min(line.size() + 1, text.size()));
    }
    return {};
}

}  // namespace netft::control
