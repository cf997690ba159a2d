#include "netft/control/config_reader.hpp"

#include <algorithm>
#include <optional>

#include "netft/control/config_places.hpp"
#include "netft/control/config_values.hpp"

namespace netft::control {

namespace {

std::string_view type_name(const toml::node& node) {
    switch (node.type()) {
        case toml::node_type::none: return "nothing";
        case toml::node_type::table: return "a table";
        case toml::node_type::array: return "an array";
        case toml::node_type::string: return "a string";
        case toml::node_type::integer: return "an integer";
        case toml::node_type::floating_point: return "a floating-point number";
        case toml::node_type::boolean: return "a boolean";
        case toml::node_type::date:
        case toml::node_type::time:
        case toml::node_type::date_time: return "a date or time";
    }
    return "something else";
}

tl::unexpected<ConfigError> wrong_type(const toml::node& node, std::string_view wanted) {
    return refuse(line_of(node), std::string(type_name(node)) +
                                     " is not allowed; allowed: " + std::string(wanted));
}

// Puts the parser's word and the place of the value together.
Checked at(std::uint32_t line, const Status& status) {
    if (status) return {};
    return refuse(line, status.error().what);
}

// Nothing in the file needs more than printable ASCII, and a NUL would end a C string early.
Checked check_printable(std::uint32_t line, std::string_view text) {
    auto printable = [](char c) { return c >= 0x20 && c < 0x7f; };
    if (std::all_of(text.begin(), text.end(), printable)) return {};
    return refuse(line, quoted(text) + " has characters that are not printable ASCII");
}

Checked read_text(const toml::node& node, const std::function<Status(std::string_view)>& take) {
    const auto* value = node.as_string();
    if (value == nullptr) return wrong_type(node, "a string");
    if (auto printable = check_printable(line_of(node), value->get()); !printable) return printable;
    return at(line_of(node), take(value->get()));
}

ConfigErrors under(ConfigErrors errors, std::string_view key, std::uint32_t line) {
    for (ConfigError& error : errors.list) {
        error.key = std::string(key) + (error.key.empty() ? "" : "." + error.key);
        if (error.line == 0) error.line = line;
    }
    return errors;
}

Checked unknown_key(const toml::key& key, const Fields& fields) {
    std::vector<std::string_view> allowed;
    std::string list;
    for (const Field& field : fields) {
        allowed.push_back(field.key);
        list += (list.empty() ? "" : ", ") + std::string(field.key);
    }
    std::string_view near = nearest(key.str(), allowed);
    std::string_view home = home_of(key.str());
    std::string end = ";";
    if (!home.empty())
        end = ": it belongs " + std::string(home) + ";";
    else if (!near.empty())
        end = ", did you mean \"" + std::string(near) + "\"?";
    return refuse(key.source().begin.line,
                  "unknown key " + quoted(key.str()) + end + " allowed: " + list);
}

void check_keys(const toml::table& table, const Fields& fields, Findings& findings) {
    for (auto&& [key, node] : table) {
        std::string_view name = key.str();
        auto matches = [name](const Field& field) { return field.key == name; };
        if (std::any_of(fields.begin(), fields.end(), matches)) continue;
        findings.take(unknown_key(key, fields));
    }
}

Checked refuse_missing(std::uint32_t line, std::string_view key) {
    ConfigError error{line, "", "\"" + std::string(key) + "\" is missing"};
    error.is_missing = true;
    return tl::unexpected(ConfigErrors(std::move(error)));
}

// Optimal string alignment: insert, delete, replace, swap neighbours.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
    for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        for (std::size_t j = 1; j <= b.size(); ++j) {
            std::size_t replaced = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, replaced});
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[a.size()][b.size()];
}

}  // namespace

std::uint32_t line_of(const toml::node& node) { return node.source().begin.line; }

std::string_view nearest(std::string_view key, const std::vector<std::string_view>& allowed) {
    constexpr std::size_t kKeyMax = 64;
    if (key.size() > kKeyMax) return {};
    std::string lower(key);
    for (char& c : lower) c = c == '-' ? '_' : static_cast<char>(c >= 'A' && c <= 'Z' ? c | 32 : c);
    std::string_view best;
    std::size_t best_distance = 3;  // two slips are a slip, three are another word
    for (std::string_view candidate : allowed) {
        std::size_t distance = edit_distance(lower, candidate);
        if (distance >= best_distance || distance * 2 > candidate.size()) continue;
        best = candidate;
        best_distance = distance;
    }
    return best;
}

void Findings::take(const Checked& checked) {
    if (!checked) take(checked.error());
}

void Findings::take(const ConfigErrors& errors) {
    if (!errors_)
        errors_ = errors;
    else
        errors_->list.insert(errors_->list.end(), errors.list.begin(), errors.list.end());
}

Checked read_table(const toml::table& table, const Fields& fields) {
    Findings findings;
    check_keys(table, fields, findings);
    for (const Field& field : fields) {
        const toml::node* node = table.get(field.key);
        if (node == nullptr && field.required)
            findings.take(refuse_missing(line_of(table), field.key));
        if (node == nullptr) continue;
        if (auto read = field.read(*node); !read)
            findings.take(under(read.error(), field.key, line_of(*node)));
    }
    return findings.result();
}

Read integer_between(std::int64_t min, std::int64_t max, std::function<void(std::int64_t)> take) {
    return [=](const toml::node& node) -> Checked {
        std::string range = std::to_string(min) + " to " + std::to_string(max);
        const auto* value = node.as_integer();
        if (value == nullptr) return wrong_type(node, "an integer, " + range);
        if (value->get() < min || value->get() > max)
            return refuse(line_of(node),
                          std::to_string(value->get()) + " is out of range; allowed: " + range);
        take(value->get());
        return {};
    };
}

Read boolean(bool& out) {
    return [&out](const toml::node& node) -> Checked {
        const auto* value = node.as_boolean();
        if (value == nullptr) return wrong_type(node, "true or false");
        out = value->get();
        return {};
    };
}

Read text_by(std::function<Status(std::string_view)> take) {
    return [take = std::move(take)](const toml::node& node) { return read_text(node, take); };
}

Read duration_between(Duration min, Duration max, Duration& out) {
    return text_by([=, &out](std::string_view value) -> Status {
        auto duration = parse_duration(value);
        if (!duration) return tl::unexpected(duration.error());
        if (*duration < min || *duration > max)
            return fail(quoted(value) + " is out of range; allowed: " + to_text(min) + " to " +
                        to_text(max));
        out = *duration;
        return {};
    });
}

Read table_of(Fields fields) {
    return [fields = std::move(fields)](const toml::node& node) -> Checked {
        const auto* table = node.as_table();
        if (node.is_array_of_tables())
            return refuse(line_of(node), "stands once; allowed: one bracket, as in [adapter]");
        if (table == nullptr) return wrong_type(node, "a table");
        return read_table(*table, fields);
    };
}

Read tables(std::string_view name, std::size_t max,
            std::function<Checked(const toml::table&)> read) {
    return [=](const toml::node& node) -> Checked {
        std::string wanted = "[[" + std::string(name) + "]] with two brackets, once for each";
        const auto* array = node.as_array();
        if (array == nullptr) return wrong_type(node, wanted);
        Findings findings;
        for (std::size_t i = 0; i < array->size(); ++i) {
            const toml::node& element = *array->get(i);
            const auto* table = element.as_table();
            if (i == max) {
                findings.take(
                    refuse(line_of(element), "too many; allowed: " + std::to_string(max)));
                break;
            }
            findings.take(table == nullptr ? wrong_type(element, wanted) : read(*table));
        }
        return findings.result();
    };
}

Read texts(std::function<Status(std::string_view, std::uint32_t line)> take) {
    return [take = std::move(take)](const toml::node& node) -> Checked {
        const auto* array = node.as_array();
        if (array == nullptr) return wrong_type(node, "an array of strings");
        Findings findings;
        for (const toml::node& element : *array) {
            std::uint32_t line = line_of(element);
            findings.take(read_text(element, [&](std::string_view v) { return take(v, line); }));
        }
        return findings.result();
    };
}

Read entries_of(std::string_view what,
                std::function<Checked(std::string_view key, const toml::node& value)> take) {
    return [what, take = std::move(take)](const toml::node& node) -> Checked {
        const auto* table = node.as_table();
        if (table == nullptr) return wrong_type(node, "a table of " + std::string(what));
        Findings findings;
        for (auto&& [key, element] : *table) {
            std::string_view name = key.str();
            auto printable = check_printable(line_of(element), name);
            findings.take(printable ? take(name, element) : printable);
        }
        return findings.result();
    };
}

}  // namespace netft::control
