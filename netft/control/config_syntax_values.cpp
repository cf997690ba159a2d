#include "netft/control/config_syntax_values.hpp"

#include <algorithm>
#include <array>

#include "netft/control/config_values.hpp"

namespace netft::control {

namespace {

constexpr int kDepthMax = 8;

Slip slip(std::uint32_t line, std::string what) { return ConfigError{line, "", std::move(what)}; }

bool is_one_of(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_bare(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
}

// Quotation marks as word processors and chats make them.
bool is_typographic(std::string_view text) {
    constexpr std::array<std::string_view, 13> kMarks{"‘", "’", "‚", "‛", "“", "”", "„",
                                                      "‟", "«", "»", "‹", "›", "`"};
    return std::any_of(kMarks.begin(), kMarks.end(),
                       [text](std::string_view mark) { return text.starts_with(mark); });
}

Slip typographic(std::uint32_t line) {
    return slip(line, "has typographic quotation marks; allowed: the plain ones, \"…\" or '…'");
}

// Numbers and dates need no quotation marks; whether they are good ones, the parser knows.
bool is_number(std::string_view token) {
    if (!token.empty() && is_one_of(token[0], "+-")) token.remove_prefix(1);
    if (token == "inf" || token == "nan") return true;
    if (token.starts_with("0x") || token.starts_with("0o") || token.starts_with("0b")) return true;
    if (token.size() > 1 && token[0] == '0' && is_digit(token[1])) return false;
    bool has_digits = !token.empty() && is_digit(token[0]);
    auto ok = [](char c) { return is_digit(c) || is_one_of(c, "_.eE+-"); };
    bool one_dot = std::count(token.begin(), token.end(), '.') < 2;
    return has_digits && one_dot && std::all_of(token.begin(), token.end(), ok);
}

bool is_date(std::string_view token) {
    bool date = token.size() >= 10 && token[4] == '-' && token[7] == '-' && is_digit(token[0]);
    bool time = token.size() >= 8 && token[2] == ':' && token[5] == ':' && is_digit(token[0]);
    return (date || time) && is_digit(token[1]);
}

bool is_word_for_boolean(std::string_view token) {
    std::string lower(token);
    for (char& c : lower)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 32);
    constexpr std::array<std::string_view, 6> kWords{"true", "false", "yes", "no", "on", "off"};
    return std::find(kWords.begin(), kWords.end(), lower) != kWords.end();
}

bool is_all_digits(std::string_view token) {
    return !token.empty() && std::all_of(token.begin(), token.end(), is_digit);
}

std::string_view without_blanks_behind(std::string_view text) {
    while (!text.empty() && is_one_of(text.back(), " \t\r")) text.remove_suffix(1);
    return text;
}

// A word, a number, an address without quotation marks; up to what ends a value.
Slip scan_bare(Cursor& cursor, std::string_view ends) {
    std::string_view line = cursor.rest_of_line();
    std::string_view token = without_blanks_behind(line.substr(0, line.find_first_of(ends)));
    std::string_view word = token.substr(0, token.find_first_of(" \t"));
    if (token.empty()) return slip(cursor.line, "a value is missing");
    bool good = token == "true" || token == "false" || is_number(token) || is_date(token);
    if (good) {
        cursor.at += token.size();
        return {};
    }
    if (is_word_for_boolean(token))
        return slip(cursor.line, quoted(token) +
                                     " is not allowed; allowed: true or false, in "
                                     "small letters, without quotation marks");
    if (is_all_digits(token))
        return slip(cursor.line, quoted(token) + " begins with 0; allowed: a number without it");
    if (is_number(word) || word == "true" || word == "false")
        return slip(cursor.line, "behind the value stands " + quoted(token.substr(word.size())) +
                                     "; allowed: one value, and a comment behind '#'");
    return slip(cursor.line, quoted(token) + " stands without quotation marks; write " +
                                 quoted(token) + " with them");
}

Slip scan_string(Cursor& cursor) {
    std::uint32_t line = cursor.line;
    char mark = cursor.peek();
    for (cursor.step(); !cursor.is_at_line_end(); cursor.step()) {
        if (cursor.peek() == mark) {
            cursor.step();
            return {};
        }
        if (mark != '"' || cursor.peek() != '\\') continue;
        cursor.step();
        if (!is_one_of(cursor.peek(), "btnfr\"\\uU"))
            return slip(line,
                        "'\\' in a string; allowed: twice (\"\\\\\"), or '…' around the "
                        "string");
    }
    return slip(line, "the closing quotation mark is missing");
}

Slip scan_nested(Cursor& cursor, int depth, std::string_view ends);

// Blanks, comments and line ends, as they may stand in an array.
void skip_lines(Cursor& cursor) {
    while (!cursor.is_at_end()) {
        cursor.skip_blanks();
        if (cursor.peek() == '#') cursor.at += cursor.rest_of_line().size();
        if (!cursor.is_at_line_end()) return;
        cursor.skip_line();
    }
}

// The next statement begins although the array has not ended.
bool is_statement(const Cursor& cursor) {
    std::string_view line = cursor.rest_of_line();
    if (line.starts_with('[')) return true;
    auto end = std::find_if_not(line.begin(), line.end(), is_bare);
    std::string_view behind = line.substr(static_cast<std::size_t>(end - line.begin()));
    behind.remove_prefix(std::min(behind.find_first_not_of(" \t"), behind.size()));
    return end != line.begin() && behind.starts_with('=');
}

Slip scan_array(Cursor& cursor, int depth) {
    std::uint32_t begin = cursor.line;
    auto unfinished = [begin] { return slip(begin, "the array does not end: its ']' is missing"); };
    cursor.step();
    for (bool needs_comma = false;;) {
        std::uint32_t before = cursor.line;
        skip_lines(cursor);
        if (cursor.is_at_end()) return unfinished();
        if (cursor.line != before && is_statement(cursor)) return unfinished();
        char c = cursor.peek();
        if (c == ']') break;
        if (c == ',' && !needs_comma) return slip(cursor.line, "a comma too many in the array");
        if (c != ',' && needs_comma)
            return slip(cursor.line, "in the array a comma or its ']' is missing");
        if (c == ',') cursor.step();
        if (c != ',')
            if (auto bad = scan_nested(cursor, depth + 1, ",]#")) return bad;
        needs_comma = c != ',';
    }
    cursor.step();
    return {};
}

Slip scan_inline_table(Cursor& cursor, int depth) {
    cursor.step();
    auto over_lines = [&cursor] {
        return slip(cursor.line,
                    "a table in { } does not go on in the next line; allowed: all of "
                    "it on one line, or a [table] of its own");
    };
    for (bool first = true;; first = false) {
        cursor.skip_blanks();
        if (cursor.is_at_line_end()) return over_lines();
        if (cursor.peek() == '}' && first) break;
        if (cursor.peek() == '}') return slip(cursor.line, "a comma too many before '}'");
        std::vector<std::string> path;
        if (auto bad = scan_key(cursor, path)) return bad;
        if (auto bad = scan_equals(cursor, path)) return bad;
        if (auto bad = scan_nested(cursor, depth + 1, ",}#")) return bad;
        cursor.skip_blanks();
        if (cursor.is_at_line_end()) return over_lines();
        if (cursor.peek() == '}') break;
        if (cursor.peek() != ',') return slip(cursor.line, "a comma or '}' is missing");
        cursor.step();
    }
    cursor.step();
    return {};
}

Slip scan_nested(Cursor& cursor, int depth, std::string_view ends) {
    if (depth > kDepthMax) return slip(cursor.line, "is nested too deeply");
    char c = cursor.peek();
    if (c == '"' || c == '\'') return scan_string(cursor);
    if (c == '[') return scan_array(cursor, depth);
    if (c == '{') return scan_inline_table(cursor, depth);
    if (is_typographic(cursor.rest())) return typographic(cursor.line);
    return scan_bare(cursor, ends);
}

Slip scan_key_part(Cursor& cursor, std::vector<std::string>& path) {
    std::size_t begin = cursor.at;
    if (is_one_of(cursor.peek(), "\"'")) {
        if (auto bad = scan_string(cursor)) return bad;
        path.emplace_back(cursor.text.substr(begin + 1, cursor.at - begin - 2));
        return {};
    }
    if (is_typographic(cursor.rest())) return typographic(cursor.line);
    while (!cursor.is_at_end() && is_bare(cursor.peek())) cursor.step();
    path.emplace_back(cursor.text.substr(begin, cursor.at - begin));
    if (!path.back().empty()) return {};
    return slip(cursor.line, quoted(without_blanks_behind(cursor.rest_of_line())) +
                                 " is not understood; allowed: KEY = VALUE, [table], [[table]] "
                                 "and # comments");
}

}  // namespace

std::string_view Cursor::rest_of_line() const {
    std::string_view line = rest().substr(0, rest().find('\n'));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

void Cursor::step() {
    if (is_at_end()) return;
    if (text[at++] == '\n') ++line;
}

void Cursor::skip_blanks() {
    while (!is_at_end() && (peek() == ' ' || peek() == '\t')) step();
}

void Cursor::skip_line() {
    at = std::min(text.find('\n', at), text.size());
    step();
}

Slip scan_key(Cursor& cursor, std::vector<std::string>& path) {
    while (true) {
        if (auto bad = scan_key_part(cursor, path)) return bad;
        cursor.skip_blanks();
        if (cursor.peek() != '.') return {};
        cursor.step();
        cursor.skip_blanks();
    }
}

Slip scan_equals(Cursor& cursor, const std::vector<std::string>& path) {
    cursor.skip_blanks();
    std::string key = path.back();
    if (cursor.peek() == ':')
        return slip(cursor.line, "between key and value stands ':'; write " + key + " = VALUE");
    if (cursor.peek() != '=')
        return slip(cursor.line,
                    "'=' is missing behind " + quoted(key) + "; write " + key + " = VALUE");
    cursor.step();
    cursor.skip_blanks();
    if (cursor.is_at_line_end() || cursor.peek() == '#')
        return slip(cursor.line, "a value is missing behind '=' of " + quoted(key));
    return {};
}

Slip scan_value(Cursor& cursor) { return scan_nested(cursor, 0, "#"); }

}  // namespace netft::control
