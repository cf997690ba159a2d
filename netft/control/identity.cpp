#include "netft/control/identity.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <memory>

#include "netft/control/config_values.hpp"
#include "netft/control/identity_file.hpp"

namespace netft::control {

namespace {

struct KeyDeleter {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using KeyHandle = std::unique_ptr<EVP_PKEY, KeyDeleter>;

std::string_view without_newline(std::string_view text) {
    while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
    return text;
}

}  // namespace

Result<PrivateKey> PrivateKey::generate() {
    PrivateKey key;
    MutableBytes room = key.secret_.room();
    if (RAND_priv_bytes(room.data(), static_cast<int>(room.size())) != 1)
        return fail("private key: the system gives no randomness");
    // X25519 clamps by itself (RFC 7748 §5); clamped on disk too, other tools accept the key.
    room[0] &= 0xf8;
    room[31] = static_cast<std::uint8_t>((room[31] & 0x7f) | 0x40);
    return key;
}

PrivateKey PrivateKey::of(const std::array<std::uint8_t, 32>& bytes) {
    PrivateKey key;
    key.secret_ = Secret32(bytes);
    return key;
}

Result<PrivateKey> PrivateKey::parse(std::string_view text) {
    PrivateKey key;
    if (!from_base64(text, key.secret_.room()))
        return fail("not a private key; allowed: the base64 of 32 bytes (44 characters)");
    return key;
}

std::string PrivateKey::to_text() const { return to_base64(bytes()); }

Result<PublicKey> public_of(const PrivateKey& key) {
    KeyHandle handle(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, key.bytes().data(),
                                                  key.bytes().size()));
    PublicKey out{};
    std::size_t size = out.size();
    if (!handle || EVP_PKEY_get_raw_public_key(handle.get(), out.data(), &size) != 1)
        return fail("public key: libcrypto does not serve X25519 on this system");
    return out;
}

std::string to_text(const PublicKey& key) { return to_base64(key); }

std::optional<PublicKey> parse_public_key(std::string_view text) {
    PublicKey key{};
    if (!from_base64(text, key)) return {};
    return key;
}

bool is_low_order(const PublicKey& key) {
    // 0, 1, the two points of order 8, p − 1, p, p + 1 (p = 2^255 − 19), little-endian; the top bit
    // is not looked at (RFC 7748 §5).
    static constexpr auto with_first = [](std::uint8_t first) {
        PublicKey out;
        out.fill(0xff);
        out[0] = first;
        out[31] = 0x7f;
        return out;
    };
    static const std::array<PublicKey, 7> kPoints{
        PublicKey{},
        PublicKey{1},
        PublicKey{0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
                  0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
                  0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
        PublicKey{0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
                  0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
                  0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57},
        with_first(0xec),
        with_first(0xed),
        with_first(0xee)};
    PublicKey reduced = key;
    reduced[31] &= 0x7f;
    return std::find(kPoints.begin(), kPoints.end(), reduced) != kPoints.end();
}

void wipe(std::string& secret) {
    OPENSSL_cleanse(secret.data(), secret.size());
    secret.clear();
}

Result<PrivateKey> load_private_key(const std::string& path, std::optional<uid_t> user) {
    auto text = read_secret_file(path, "private key", user);
    if (!text) return tl::unexpected(text.error());
    auto key = PrivateKey::parse(without_newline(text->view()));
    if (!key) return with_context(path, key.error());
    return key;
}

Status save_private_key(const std::string& path, const PrivateKey& key) {
    SecretText secret(key.to_text());
    std::string line;
    line.reserve(secret.view().size() + 1);  // growing would leave a copy behind
    (line += secret.view()) += '\n';
    SecretText text(std::move(line));
    return create_secret_file(path, text.view());
}

}  // namespace netft::control
