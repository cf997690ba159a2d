#include "netft/control/identity_cluster.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <utility>

#include "netft/control/config_values.hpp"
#include "netft/control/identity_file.hpp"
#include "netft/core/settings.hpp"

namespace netft::control {

namespace {

constexpr const char* kKind = "cluster key";
constexpr const char* kAllowed =
    "; allowed: one or two lines, each the base64 of 32 bytes (44 characters), and comments";

// A line without its comment and the blanks around it; a part of `line`.
std::string_view key_text(std::string_view line) {
    line = line.substr(0, line.find('#'));
    constexpr std::string_view kBlanks = " \t\r";
    std::size_t first = line.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return line.substr(first, line.find_last_not_of(kBlanks) + 1 - first);
}

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        std::size_t end = text.find('\n');
        lines.push_back(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return lines;
}

// Their places in `lines`.
std::vector<std::size_t> key_lines(const std::vector<std::string_view>& lines) {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < lines.size(); ++i)
        if (!key_text(lines[i]).empty()) places.push_back(i);
    return places;
}

tl::unexpected<Error> bad(std::size_t line, const char* what) {
    return fail("line " + std::to_string(line + 1) + ": " + what + kAllowed);
}

std::string joined(const std::vector<std::string_view>& lines) {
    std::size_t size = 0;
    for (std::string_view line : lines) size += line.size() + 1;
    std::string text;
    text.reserve(size);  // growing would leave copies behind
    for (std::string_view line : lines) (text += line) += '\n';
    return text;
}

// The file's lines, checked; they lie in `text`, which stays where it is on the heap.
struct KeyFile {
    SecretText text;
    std::vector<std::string_view> lines;
    std::vector<std::size_t> keys;  // places of the keys in lines
};

Result<KeyFile> read_lines(const std::string& path) {
    auto text = read_secret_file(path, kKind);
    if (!text) return tl::unexpected(text.error());
    if (auto parsed = parse_cluster_keys(text->view()); !parsed)
        return with_context(path, parsed.error());
    KeyFile file{*std::move(text), {}, {}};
    file.lines = lines_of(file.text.view());
    file.keys = key_lines(file.lines);
    return file;
}

Status write_lines(const std::string& path, const std::vector<std::string_view>& lines) {
    SecretText text(joined(lines));
    return replace_secret_file(path, text.view());
}

}  // namespace

Result<std::vector<Secret32>> parse_cluster_keys(std::string_view text) {
    if (text.size() >= kSecretFileBytesMax) return fail(std::string("too long") + kAllowed);
    std::vector<std::string_view> lines = lines_of(text);
    std::vector<Secret32> keys;
    for (std::size_t place : key_lines(lines)) {
        Secret32 key;
        if (!from_base64(key_text(lines[place]), key.room())) return bad(place, "not a key");
        if (key.is_zero()) return bad(place, "a key of zeros is none");
        if (keys.size() == core::kClusterKeysMax) return bad(place, "a third key");
        if (!keys.empty() && keys[0] == key) return bad(place, "the same key twice");
        keys.push_back(key);
    }
    if (keys.empty()) return fail(std::string("no key") + kAllowed);
    return keys;
}

Result<std::vector<Secret32>> load_cluster_keys(const std::string& path,
                                                std::optional<uid_t> user) {
    auto text = read_secret_file(path, kKind, user);
    if (!text) return tl::unexpected(text.error());
    auto keys = parse_cluster_keys(text->view());
    if (!keys) return with_context(path, keys.error());
    return keys;
}

Result<Secret32> make_cluster_key() {
    Secret32 key;
    if (RAND_priv_bytes(key.room().data(), static_cast<int>(key.room().size())) != 1)
        return fail("cluster key: the system gives no randomness");
    return key;
}

Status save_cluster_key(const std::string& path, const Secret32& key) {
    SecretText line(to_base64(key.bytes()));
    SecretText text(joined({line.view()}));
    return create_secret_file(path, text.view());
}

Status add_cluster_key(const std::string& path, const Secret32& key) {
    auto file = read_lines(path);
    if (!file) return tl::unexpected(file.error());
    if (file->keys.size() == core::kClusterKeysMax)
        return fail(path + ": has two keys already; allowed: --promote, --retire");
    SecretText line(to_base64(key.bytes()));
    file->lines.push_back(line.view());
    return write_lines(path, file->lines);
}

Status promote_cluster_key(const std::string& path) {
    auto file = read_lines(path);
    if (!file) return tl::unexpected(file.error());
    if (file->keys.size() != core::kClusterKeysMax)
        return fail(path + ": has one key only; allowed: --add");
    std::swap(file->lines[file->keys[0]], file->lines[file->keys[1]]);
    return write_lines(path, file->lines);
}

Status retire_cluster_key(const std::string& path) {
    auto file = read_lines(path);
    if (!file) return tl::unexpected(file.error());
    if (file->keys.size() != core::kClusterKeysMax)
        return fail(path + ": has one key only, and the last one stays; allowed: --add");
    file->lines.erase(file->lines.begin() + static_cast<std::ptrdiff_t>(file->keys[1]));
    return write_lines(path, file->lines);
}

}  // namespace netft::control
