#include "netft/control/config.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>

#include "netft/control/config_addresses.hpp"
#include "netft/control/config_checks.hpp"
#include "netft/control/config_sections.hpp"
#include "netft/control/config_syntax.hpp"
#include "netft/control/config_text.hpp"

namespace netft::control {

namespace {

tl::expected<toml::table, ConfigErrors> parse_toml(std::string_view text) try {
    return toml::parse(text);
} catch (const toml::parse_error& error) {
    return refuse(error.source().begin.line, "is not understood");
} catch (const std::exception&) {
    return refuse(0, "is not understood");
}

// What is wrong with a text that the TOML parser refuses: each slip in our words, and what else is
// wrong with the rest.
ConfigErrors explain(std::string_view text, const ConfigErrors& parser) {
    SyntaxErrors syntax = explain_syntax(text, parser.list.front().line);
    Findings findings;
    findings.take(syntax.errors);
    auto rest = syntax.rest ? parse_toml(*syntax.rest) : tl::unexpected(parser);
    if (!rest) return findings.result().error();
    ConfigEntries entries;
    auto read = read_sections(*rest, entries);
    if (!read)
        for (const ConfigError& error : read.error().list)
            if (!error.is_missing) findings.take(ConfigErrors(error));  // it may be in a bad line
    findings.take(check_entries(entries));
    return findings.result().error();
}

Checked complete(ConfigEntries& entries, const WantedNode& node) {
    if (entries.settings.nodes.empty())
        return refuse(0, "there is no node; each node needs a [[node]] with name and public_key");
    Findings findings;
    auto self = find_self(entries.settings, node);
    if (!self) findings.take(self.error());
    if (self) entries.settings.self = *self;
    entries.settings.cluster_id = cluster_id_of(entries.settings.cluster);
    findings.take(assign_virtual_addresses(entries));
    findings.take(check_virtual_addresses(entries));
    return findings.result();
}

tl::expected<ConfigEntries, ConfigErrors> read_config(std::string_view text,
                                                      const WantedNode& node) {
    if (auto checked = check_text(text); !checked) return tl::unexpected(checked.error());
    auto table = parse_toml(text);
    if (!table) return tl::unexpected(explain(text, table.error()));
    ConfigEntries entries;
    Findings findings;
    findings.take(read_sections(*table, entries));
    bool is_read = findings.empty();
    findings.take(check_entries(entries));
    if (is_read) {
        bool keys_differ = findings.empty();
        if (keys_differ) findings.take(complete(entries, node));
    }
    if (auto result = findings.result(); !result) return tl::unexpected(result.error());
    return entries;
}

std::string in_words(const std::string& file, const ConfigError& error) {
    std::string where = file + (error.line == 0 ? "" : ":" + std::to_string(error.line));
    return where + ": " + (error.key.empty() ? "" : error.key + ": ") + error.what;
}

// A line for each, in the order of the file.
tl::unexpected<Error> at(const std::string& file, ConfigErrors errors) {
    std::stable_sort(errors.list.begin(), errors.list.end(),
                     [](const auto& a, const auto& b) { return a.line < b.line; });
    std::string all;
    for (std::size_t i = 0; i < errors.list.size() && i < kErrorsShownMax; ++i)
        all += (i == 0 ? "" : "\n") + in_words(file, errors.list[i]);
    if (errors.list.size() > kErrorsShownMax)
        all +=
            "\n" + file + ": and " + std::to_string(errors.list.size() - kErrorsShownMax) + " more";
    return fail(all);
}

// A file that cluster.toml names must be there; the default one need not.
Status read_cluster_keys(ConfigEntries& entries, const std::string& config,
                         const std::string& default_file, std::optional<uid_t> user) {
    if (entries.settings.security == SecurityMode::none) return {};
    auto keys = load_cluster_keys(entries.key_file.value_or(default_file), user);
    bool is_missing = !keys && keys.error().errno_value == ENOENT;
    if (is_missing && !entries.key_file) return {};
    if (!keys && !entries.key_file) return tl::unexpected(keys.error());
    if (!keys)
        return at(
            config,
            ConfigError{entries.key_file_line, "security.key_file",
                        keys.error().what +
                            (is_missing ? "; allowed: a file that netft-key cluster made" : "")});
    entries.settings.cluster_keys = *std::move(keys);
    return {};
}

Result<std::string> read_file(int fd, const std::string& path) {
    struct stat info {};
    if (fstat(fd, &info) != 0) return fail_errno(path, errno);
    if (!S_ISREG(info.st_mode)) return fail(path + ": not a plain file");
    std::string text(kConfigBytesMax + 1, '\0');  // one more, so that a larger file shows
    std::size_t used = 0;
    while (used < text.size()) {
        ssize_t n = ::read(fd, text.data() + used, text.size() - used);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_errno(path, errno);
        if (n == 0) break;
        used += static_cast<std::size_t>(n);
    }
    text.resize(used);
    return text;
}

}  // namespace

WantedNode WantedNode::of_host(std::string host_name) {
    WantedNode out(std::move(host_name));
    out.is_host = true;
    return out;
}

Result<core::Settings> parse_config(std::string_view text, const std::string& file,
                                    const WantedNode& node) {
    auto entries = read_config(text, node);
    if (!entries) return at(file, entries.error());
    return std::move(entries->settings);
}

Result<core::Settings> load_config(const std::string& path, const WantedNode& node,
                                   const std::string& default_key_file, std::optional<uid_t> user) {
    int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return fail_errno(path, errno);
    auto text = read_file(fd, path);
    ::close(fd);
    if (!text) return tl::unexpected(text.error());
    auto entries = read_config(*text, node);
    if (!entries) return at(path, entries.error());
    if (auto read = read_cluster_keys(*entries, path, default_key_file, user); !read)
        return tl::unexpected(read.error());
    return std::move(entries->settings);
}

}  // namespace netft::control
