// A node's identity: an X25519 key pair (RFC 7748). The public key stands in cluster.toml, the
// private one in a file that only its owner may read.
//
// Parts: identity (the key pair), identity_cluster (the key that all nodes share) and
// identity_file (how both lie on disk).
//
// Text form of both: base64 (RFC 4648 §4, with padding) of the 32 bytes, 44 characters.
#pragma once

#include <sys/types.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "netft/base/bytes.hpp"
#include "netft/base/result.hpp"
#include "netft/base/secret.hpp"
#include "netft/wire/opening.hpp"

namespace netft::control {

// A Secret32 with the text form; move-only.
class PrivateKey {
 public:
    // Fails only when the system has no randomness to give.
    static Result<PrivateKey> generate();
    // Any 32 bytes are a private key: X25519 clamps them.
    static PrivateKey of(const std::array<std::uint8_t, 32>& bytes);
    // Base64 without surrounding space. The error does not repeat the text.
    static Result<PrivateKey> parse(std::string_view text);

    PrivateKey(PrivateKey&&) noexcept = default;
    PrivateKey& operator=(PrivateKey&&) noexcept = default;
    PrivateKey(const PrivateKey&) = delete;
    PrivateKey& operator=(const PrivateKey&) = delete;
    ~PrivateKey() = default;

    const Secret32& secret() const { return secret_; }
    // 32 bytes, borrowed.
    Bytes bytes() const { return secret_.bytes(); }
    // The base64 text: as secret as the key; wipe() it after use.
    std::string to_text() const;

 private:
    PrivateKey() = default;
    Secret32 secret_;
};

Result<PublicKey> public_of(const PrivateKey& key);

std::string to_text(const PublicKey& key);
// nullopt: not the base64 of 32 bytes.
std::optional<PublicKey> parse_public_key(std::string_view text);

// A point of low order on Curve25519 or its twist: every private key gives the same shared secret
// with it, all zeros (RFC 7748 §6.1), so that no handshake with it can be trusted, nor ends.
bool is_low_order(const PublicKey& key);

// Overwrites the text with zeros in a way that the compiler keeps.
void wipe(std::string& secret);

// Reads one line of base64. Refuses what others may read (is_private() in identity_file.hpp).
// `user`: whom netftd will run as, who may own it; none: whoever owns it, for tools.
Result<PrivateKey> load_private_key(const std::string& path, std::optional<uid_t> user = {});

// Writes a new file of mode 0600 and syncs it. Never overwrites: an existing file is an error.
Status save_private_key(const std::string& path, const PrivateKey& key);

}  // namespace netft::control
