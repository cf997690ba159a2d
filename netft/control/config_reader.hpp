// Reads a TOML table by a list of fields: key, how to read its value, where the value goes.
//
// A key that is in no list, a value of another type and a value that its parser refuses are errors
// with the line they stand on. Reading goes on behind an error, so that one run tells them all.
// Nothing throws.
#pragma once

#include <toml++/toml.h>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "netft/base/result.hpp"
#include "netft/base/time.hpp"

namespace netft::control {

struct ConfigError {
    std::uint32_t line = 0;   // 0: of the file as a whole
    std::string key;          // "heartbeat.same_subnet.delay"; empty: of no key
    std::string what;         // "what, and what is allowed"
    bool is_missing = false;  // of a key that is not there
};

// Never empty; in the order of reading.
struct ConfigErrors {
    std::vector<ConfigError> list;

    ConfigErrors(ConfigError error) { list.push_back(std::move(error)); }  // NOLINT: one is a list
};
using Checked = tl::expected<void, ConfigErrors>;

// Gathers what several checks find.
class Findings {
 public:
    void take(const Checked& checked);
    void take(const ConfigErrors& errors);
    bool empty() const { return !errors_; }
    Checked result() const { return errors_ ? tl::unexpected(*errors_) : Checked(); }

 private:
    std::optional<ConfigErrors> errors_;
};

inline tl::unexpected<ConfigError> refuse(std::uint32_t line, std::string what) {
    return tl::unexpected(ConfigError{line, "", std::move(what)});
}

std::uint32_t line_of(const toml::node& node);

// Reads one value into where it was told to.
using Read = std::function<Checked(const toml::node&)>;

struct Field {
    std::string_view key;
    Read read;
    bool required = false;
};
using Fields = std::vector<Field>;

// Reads the fields in their own order, whatever order the file has them in; those that are good
// take effect beside those that are not.
Checked read_table(const toml::table& table, const Fields& fields);

// Readers of each kind; `out` is borrowed until the last read.
Read integer_between(std::int64_t min, std::int64_t max, std::function<void(std::int64_t)> take);
Read boolean(bool& out);
Read text_by(std::function<Status(std::string_view)> take);
Read duration_between(Duration min, Duration max, Duration& out);
Read table_of(Fields fields);
// [[name]]: calls `read` for each table.
Read tables(std::string_view name, std::size_t max,
            std::function<Checked(const toml::table&)> read);
// An array of strings: calls `take` for each with the line it is on.
Read texts(std::function<Status(std::string_view, std::uint32_t line)> take);
// A table whose keys are free: calls `take` for each. `what` they are: "interfaces".
Read entries_of(std::string_view what,
                std::function<Checked(std::string_view key, const toml::node& value)> take);

template <class T, class Out>
Read text(Result<T> (*parse)(std::string_view), Out& out) {
    return text_by([parse, &out](std::string_view value) -> Status {
        Result<T> parsed = parse(value);
        if (!parsed) return tl::unexpected(parsed.error());
        out = *std::move(parsed);
        return {};
    });
}

// The key that somebody who wrote `key` most likely meant; empty: none is near.
std::string_view nearest(std::string_view key, const std::vector<std::string_view>& allowed);

}  // namespace netft::control
