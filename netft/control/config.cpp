#include "netft/control/config.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <exception>

#include "netft/control/config_checks.hpp"
#include "netft/control/config_sections.hpp"
#include "netft/control/config_text.hpp"

namespace netft::control {

namespace {

tl::expected<toml::table, ConfigError> parse_toml(std::string_view text) try {
    return toml::parse(text);
} catch (const toml::parse_error& error) {
    return refuse(error.source().begin.line, "not TOML: " + std::string(error.description()));
} catch (const std::exception& error) {
    return refuse(0, "not TOML: " + std::string(error.what()));
}

Checked assign_virtual_addresses(ConfigEntries& entries) {
    std::vector<PublicKey> keys;
    for (const core::NodeSettings& node : entries.settings.nodes) keys.push_back(node.public_key);
    auto addresses = assign_addresses(keys, entries.prefixes);
    if (!addresses) return refuse(entries.prefix_line, addresses.error().what);
    for (std::size_t i = 0; i < keys.size(); ++i) {
        core::NodeSettings& node = entries.settings.nodes[i];
        const VirtualAddresses& assigned = (*addresses)[i];
        node.ipv4 = assigned.ipv4;
        node.ipv6 = assigned.ipv6;
        node.ipv4_moved = assigned.ipv4_moved;
        node.extra_ipv4 = assigned.extra_ipv4;
        node.extra_ipv6 = assigned.extra_ipv6;
    }
    return {};
}

tl::expected<ConfigEntries, ConfigError> read_config(std::string_view text,
                                                     const std::string& node_name) {
    if (auto checked = check_text(text); !checked) return tl::unexpected(checked.error());
    auto table = parse_toml(text);
    if (!table) return tl::unexpected(table.error());
    ConfigEntries entries;
    if (auto read = read_sections(*table, entries); !read) return tl::unexpected(read.error());
    if (auto checked = check_entries(entries); !checked) return tl::unexpected(checked.error());
    auto self = find_self(entries.settings, node_name);
    if (!self) return tl::unexpected(self.error());
    if (auto done = assign_virtual_addresses(entries); !done) return tl::unexpected(done.error());
    entries.settings.self = *self;
    entries.settings.cluster_id = cluster_id_of(entries.settings.cluster);
    return entries;
}

tl::unexpected<Error> at(const std::string& file, const ConfigError& error) {
    std::string where = file + (error.line == 0 ? "" : ":" + std::to_string(error.line));
    return fail(where + ": " + (error.key.empty() ? "" : error.key + ": ") + error.what);
}

// A file that cluster.toml names must be there; the default one need not.
Status read_cluster_keys(ConfigEntries& entries, const std::string& config,
                         const std::string& default_file) {
    if (entries.settings.security == SecurityMode::none) return {};
    auto keys = load_cluster_keys(entries.key_file.value_or(default_file));
    bool is_missing = !keys && keys.error().errno_value == ENOENT;
    if (is_missing && !entries.key_file) return {};
    if (!keys && !entries.key_file) return tl::unexpected(keys.error());
    if (!keys)
        return at(config,
                  {entries.key_file_line, "security.key_file",
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

Result<core::Settings> parse_config(std::string_view text, const std::string& file,
                                    const std::string& node_name) {
    auto entries = read_config(text, node_name);
    if (!entries) return at(file, entries.error());
    return std::move(entries->settings);
}

Result<core::Settings> load_config(const std::string& path, const std::string& node_name,
                                   const std::string& default_key_file) {
    int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return fail_errno(path, errno);
    auto text = read_file(fd, path);
    ::close(fd);
    if (!text) return tl::unexpected(text.error());
    auto entries = read_config(*text, node_name);
    if (!entries) return at(path, entries.error());
    if (auto read = read_cluster_keys(*entries, path, default_key_file); !read)
        return tl::unexpected(read.error());
    return std::move(entries->settings);
}

}  // namespace netft::control
