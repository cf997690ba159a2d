#include "netft/control/config_syntax.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "netft/control/config_syntax_values.hpp"
#include "netft/control/config_values.hpp"

namespace netft::control {

namespace {

constexpr std::size_t kSlipsMax = 100;
using Path = std::vector<std::string>;

Slip slip(std::uint32_t line, std::string what) { return ConfigError{line, "", std::move(what)}; }

std::string in_line(std::uint32_t line) { return " in line " + std::to_string(line); }

std::string joined(const Path& path) {
    std::string out;
    for (const std::string& part : path) out += (out.empty() ? "" : ".") + part;
    return out;
}

bool is_array_of_tables(const std::string& path) {
    return path == "node" || path == "network" || path == "traffic.class";
}

// What has been said so far, by full path; an element of [[node]] has its number in it.
class Names {
 public:
    Slip header(const Path& path, bool is_array, std::uint32_t line);
    Slip key(const Path& path, std::uint32_t line);

 private:
    enum class Kind : std::uint8_t { value, table, array, above, dotted };
    struct Said {
        std::uint32_t line = 0;
        Kind kind = Kind::value;
        std::size_t count = 0;  // of an array's tables
    };
    Slip table(const std::string& name, const std::string& full, std::uint32_t line);
    Slip array(const std::string& name, const std::string& full, std::uint32_t line);
    // Where the parts of a path but its last lead; "": not known.
    std::string inside(const std::string& full) const {
        auto said = said_.find(full);
        bool is_array = said != said_.end() && said->second.kind == Kind::array;
        return full + (is_array ? "#" + std::to_string(said->second.count) : "") + ".";
    }

    std::map<std::string, Said> said_;
    std::string current_;  // prefix of the keys that follow
};

Slip Names::header(const Path& path, bool is_array, std::uint32_t line) {
    std::string full;
    for (std::size_t i = 0; i + 1 < path.size(); ++i) {
        full += path[i];
        auto [said, is_new] = said_.try_emplace(full, Said{line, Kind::above});
        if (said->second.kind == Kind::value)
            return slip(line, quoted(path[i]) + " is a key" + in_line(said->second.line) +
                                  " already, and cannot be a table, too");
        full = inside(full);
    }
    full += path.back();
    std::string name = joined(path);
    Slip bad = is_array ? array(name, full, line) : table(name, full, line);
    current_ = inside(full);
    return bad;
}

Slip Names::table(const std::string& name, const std::string& full, std::uint32_t line) {
    auto [place, is_new] = said_.try_emplace(full, Said{line, Kind::table});
    if (is_array_of_tables(name))
        return slip(line, "[" + name + "] has one bracket; write [[" + name + "]], once for each");
    Said& said = place->second;
    if (is_new || std::exchange(said.kind, Kind::table) == Kind::above) return {};
    return slip(line, "[" + name + "] stands" + in_line(said.line) +
                          " already; a table stands once, with all its keys");
}

Slip Names::array(const std::string& name, const std::string& full, std::uint32_t line) {
    auto [place, is_new] = said_.try_emplace(full, Said{line, Kind::array, 1});
    Said& said = place->second;
    if (is_new) return {};
    ++said.count;
    Kind before = std::exchange(said.kind, Kind::array);
    if (before == Kind::array) return {};
    if (before == Kind::above)
        return slip(said.line, "a table of [[" + name + "]] stands above the first [[" + name +
                                   "]]; it belongs below the one that it is of");
    if (is_array_of_tables(name)) return {};  // said of the other one
    return slip(line, "[[" + name + "]] stands" + in_line(said.line) + " as " +
                          (before == Kind::table ? "[" + name + "]" : "a key") +
                          " already; a table stands once, with all its keys");
}

Slip Names::key(const Path& path, std::uint32_t line) {
    std::string full = current_;
    for (std::size_t i = 0; i + 1 < path.size(); ++i) {
        full += path[i];
        Said said = said_.try_emplace(full, Said{line, Kind::dotted}).first->second;
        if (said.kind != Kind::dotted)
            return slip(line, quoted(path[i]) + " stands" + in_line(said.line) +
                                  " already; put its keys into one place");
        full += ".";
    }
    full += path.back();
    auto [said, is_new] = said_.try_emplace(full, Said{line, Kind::value});
    if (is_new) return {};
    return slip(line, quoted(joined(path)) + " stands" + in_line(said->second.line) +
                          " already; each key stands once");
}

// A character that no text has: a control character, or no UTF-8.
std::optional<std::string> bad_character(std::string_view line) {
    for (std::size_t i = 0; i < line.size();) {
        auto c = static_cast<unsigned char>(line[i]);
        bool is_control = (c < 0x20 && c != '\t' && c != '\r') || c == 0x7f;
        if (is_control) return "has a control character; allowed: text";
        std::size_t length = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
        bool is_begin = c < 0x80 || (c >= 0xc2 && c < 0xf5);
        if (!is_begin || i + length > line.size()) return "is not UTF-8; allowed: UTF-8 text";
        for (std::size_t k = 1; k < length; ++k)
            if ((static_cast<unsigned char>(line[i + k]) & 0xc0) != 0x80)
                return "is not UTF-8; allowed: UTF-8 text";
        i += length;
    }
    return {};
}

class Checker {
 public:
    explicit Checker(std::string_view text) : cursor_{text} {
        constexpr std::string_view kMark = "\xef\xbb\xbf";
        if (text.starts_with(kMark)) cursor_.at = kMark.size();
    }

    void run() {
        while (!cursor_.is_at_end() && slips_.size() < kSlipsMax) check_statement();
    }
    const std::vector<ConfigError>& slips() const { return slips_; }
    std::optional<std::string> rest() const;

 private:
    void check_statement();
    Slip statement();
    Slip header();
    Slip key_and_value();
    Slip end_of_statement();
    // To the next line that looks like the beginning of something.
    void recover(std::uint32_t begin);

    Cursor cursor_;
    Names names_;
    std::vector<ConfigError> slips_;
    std::vector<std::uint32_t> bad_lines_;
    bool header_is_bad_ = false;
};

void Checker::check_statement() {
    cursor_.skip_blanks();
    std::uint32_t begin = cursor_.line;
    bool is_header = cursor_.peek() == '[';
    auto character = bad_character(cursor_.rest_of_line());
    Slip bad = character ? slip(begin, *character) : statement();
    if (!bad) return;
    header_is_bad_ = header_is_bad_ || is_header;
    slips_.push_back(*bad);
    recover(begin);
}

Slip Checker::statement() {
    if (!cursor_.is_at_line_end() && cursor_.peek() != '#')
        if (Slip bad = cursor_.peek() == '[' ? header() : key_and_value()) return bad;
    return end_of_statement();
}

Slip Checker::header() {
    std::uint32_t line = cursor_.line;
    bool is_array = cursor_.rest().starts_with("[[");
    std::string end = is_array ? "]]" : "]";
    cursor_.at += end.size();
    cursor_.skip_blanks();
    Path path;
    if (cursor_.is_at_line_end() || cursor_.peek() == ']')
        return slip(line, "a table without a name; allowed: one, as in [adapter]");
    if (Slip bad = scan_key(cursor_, path)) return bad;
    if (!cursor_.rest().starts_with(end))
        return slip(line, "the header of table " + quoted(joined(path)) + " does not end; write " +
                              (is_array ? "[[" : "[") + joined(path) + end);
    cursor_.at += end.size();
    return names_.header(path, is_array, line);
}

Slip Checker::key_and_value() {
    std::uint32_t line = cursor_.line;
    Path path;
    if (Slip bad = scan_key(cursor_, path)) return bad;
    if (Slip bad = scan_equals(cursor_, path)) return bad;
    if (Slip bad = scan_value(cursor_)) return bad;
    return names_.key(path, line);
}

Slip Checker::end_of_statement() {
    cursor_.skip_blanks();
    bool is_good = cursor_.is_at_line_end() || cursor_.peek() == '#';
    if (!is_good)
        return slip(cursor_.line, quoted(cursor_.rest_of_line()) +
                                      " stands behind; allowed: nothing, or a comment behind '#'");
    cursor_.skip_line();
    return {};
}

void Checker::recover(std::uint32_t begin) {
    // Over the lines of an array that went wrong, but not over what stands behind it.
    auto continues = [this] {
        std::string_view line = cursor_.rest_of_line();
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
        return !line.empty() && (std::string_view("\"',]}").find(line[0]) != line.npos);
    };
    Cursor back = cursor_;
    back.at = 0;
    back.line = 1;
    while (back.line < begin) back.skip_line();
    cursor_ = back;
    do {
        bad_lines_.push_back(cursor_.line);
        cursor_.skip_line();
    } while (!cursor_.is_at_end() && continues());
}

std::optional<std::string> Checker::rest() const {
    if (header_is_bad_ || slips_.size() >= kSlipsMax) return {};
    std::string out;
    Cursor cursor{cursor_.text};
    while (!cursor.is_at_end()) {
        std::size_t begin = cursor.at;
        std::uint32_t line = cursor.line;
        cursor.skip_line();
        bool is_bad = std::find(bad_lines_.begin(), bad_lines_.end(), line) != bad_lines_.end();
        out += is_bad ? "\n" : std::string(cursor.text.substr(begin, cursor.at - begin));
    }
    return out;
}

std::string text_of_line(std::string_view text, std::uint32_t line) {
    Cursor cursor{text};
    while (!cursor.is_at_end() && cursor.line < line) cursor.skip_line();
    return std::string(cursor.rest_of_line());
}

}  // namespace

SyntaxErrors explain_syntax(std::string_view text, std::uint32_t parser_line) {
    if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff"))
        return {ConfigError{1, "", "is UTF-16; allowed: UTF-8 text"}, {}};
    Checker checker(text);
    checker.run();
    if (checker.slips().empty())
        return {ConfigError{parser_line, "",
                            quoted(text_of_line(text, parser_line)) +
                                " is not understood; allowed: KEY = VALUE, [table], [[table]] "
                                "and # comments"},
                {}};
    ConfigErrors errors(checker.slips().front());
    errors.list = checker.slips();
    return {errors, checker.rest()};
}

}  // namespace netft::control
