// Files that hold a secret: who may read them, and how they come into being and change.
//
// A key file is a small plain file that only its owner may read, and its owner is root or whom
// netftd runs as. One more form is good: what systemd hands to a unit (LoadCredential=) is root's,
// and given to the unit's user by an ACL, which the mode shows as access of the group. Texts that
// hold a secret are wiped by whoever holds them.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "netft/base/result.hpp"

namespace netft::control {

// More than two keys and their comments need, so that a longer file shows.
constexpr std::size_t kSecretFileBytesMax = 4096;

struct FileAccess {
    mode_t mode = 0;
    uid_t owner = 0;
    gid_t group = 0;
};
// Nobody but the owner has any access. Not the group netft either: it may watch netftd, which is no
// reason to have its keys.
bool is_private(const FileAccess& access);
// The same of a file in $CREDENTIALS_DIRECTORY, which systemd has made for us: reading by the
// group is the mask of its ACL.
bool is_private_credential(const FileAccess& access);
// Root's, ours, or `user`'s, as whom netftd will run.
bool is_trusted(const FileAccess& access, uid_t self, uid_t user);

// A text that is wiped with its holder; it cannot grow, which would leave a copy behind. Move-only.
class SecretText {
 public:
    explicit SecretText(std::string text) : text_(std::move(text)) {}
    ~SecretText();
    SecretText(SecretText&& other) = default;  // of a text on the heap nothing stays behind
    SecretText& operator=(SecretText&& other) = delete;
    std::string_view view() const { return text_; }

 private:
    std::string text_;
};

// `kind` is for the error: "private key". Refuses what others may read, what is no plain file and,
// where `user` is given, what belongs to somebody who is not trusted.
Result<SecretText> read_secret_file(const std::string& path, const char* kind,
                                    std::optional<uid_t> user = {});
// A new file of mode 0600, synced. An existing file is an error: a key is never overwritten.
Status create_secret_file(const std::string& path, std::string_view text);
// In one step (a new file takes the old one's name), synced; keeps mode, owner and group.
Status replace_secret_file(const std::string& path, std::string_view text);

}  // namespace netft::control
