#include "netft/control/libcrypto.hpp"

#include <openssl/evp.h>
#include <sys/random.h>

#include <cerrno>

#include "netft/base/assert.hpp"

namespace netft::control {

namespace {

struct KeyDeleter {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct ContextDeleter {
    void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};
using KeyHandle = std::unique_ptr<EVP_PKEY, KeyDeleter>;
using ContextHandle = std::unique_ptr<EVP_PKEY_CTX, ContextDeleter>;

// What fails here fails for want of memory only.
void must(bool served) { NETFT_ASSERT(served); }

KeyHandle private_handle(const Secret32& key) {
    KeyHandle handle(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, key.bytes().data(),
                                                  key.bytes().size()));
    must(handle != nullptr);
    return handle;
}

int int_of(std::size_t size) { return static_cast<int>(size); }

// RFC 2104: the block of SHA-256 has 64 bytes.
constexpr std::size_t kHmacBlock = 64;

}  // namespace

Libcrypto::Libcrypto() : cipher_(EVP_CIPHER_CTX_new()), digest_(EVP_MD_CTX_new()) {
    must(cipher_ != nullptr && digest_ != nullptr);
}

Libcrypto::~Libcrypto() {
    EVP_CIPHER_CTX_free(cipher_);
    EVP_MD_CTX_free(digest_);
}

std::optional<Secret32> Libcrypto::dh(const Secret32& own, const PublicKey& other) {
    KeyHandle ours = private_handle(own);
    KeyHandle theirs(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, other.data(), other.size()));
    must(theirs != nullptr);
    ContextHandle context(EVP_PKEY_CTX_new(ours.get(), nullptr));
    must(context != nullptr && EVP_PKEY_derive_init(context.get()) == 1);
    Secret32 shared;
    std::size_t size = shared.room().size();
    // libcrypto refuses the all-zero result of a point of low order.
    if (EVP_PKEY_derive_set_peer(context.get(), theirs.get()) != 1 ||
        EVP_PKEY_derive(context.get(), shared.room().data(), &size) != 1)
        return {};
    return shared;
}

PublicKey Libcrypto::public_of(const Secret32& key) {
    PublicKey out{};
    std::size_t size = out.size();
    must(EVP_PKEY_get_raw_public_key(private_handle(key).get(), out.data(), &size) == 1);
    return out;
}

session::Digest Libcrypto::hash(std::initializer_list<Bytes> parts) {
    session::Digest out{};
    must(EVP_DigestInit_ex(digest_, EVP_sha256(), nullptr) == 1);
    for (Bytes part : parts) must(EVP_DigestUpdate(digest_, part.data(), part.size()) == 1);
    must(EVP_DigestFinal_ex(digest_, out.data(), nullptr) == 1);
    return out;
}

// Two digests by hand: several times faster than fetching an EVP_MAC for each short message.
session::Digest Libcrypto::hmac(Bytes key, std::initializer_list<Bytes> parts) {
    NETFT_ASSERT(key.size() <= kHmacBlock);
    std::array<std::uint8_t, kHmacBlock> pad{};
    auto fill = [&pad, key](std::uint8_t with) {
        for (std::size_t i = 0; i < kHmacBlock; ++i)
            pad[i] = static_cast<std::uint8_t>((i < key.size() ? key[i] : 0) ^ with);
    };
    session::Digest inner{};
    fill(0x36);
    must(EVP_DigestInit_ex(digest_, EVP_sha256(), nullptr) == 1);
    must(EVP_DigestUpdate(digest_, pad.data(), pad.size()) == 1);
    for (Bytes part : parts) must(EVP_DigestUpdate(digest_, part.data(), part.size()) == 1);
    must(EVP_DigestFinal_ex(digest_, inner.data(), nullptr) == 1);
    fill(0x5c);
    session::Digest out = hash({pad, inner});
    wipe(pad);
    wipe(inner);
    return out;
}

void Libcrypto::seal(const Secret32& key, const session::AeadNonce& nonce, Bytes associated,
                     Bytes plain, MutableBytes out) {
    int size = 0;
    must(EVP_EncryptInit_ex(cipher_, EVP_aes_256_gcm(), nullptr, key.bytes().data(),
                            nonce.data()) == 1);
    must(EVP_EncryptUpdate(cipher_, nullptr, &size, associated.data(), int_of(associated.size())) ==
         1);
    if (!plain.empty())
        must(EVP_EncryptUpdate(cipher_, out.data(), &size, plain.data(), int_of(plain.size())) ==
             1);
    must(EVP_EncryptFinal_ex(cipher_, out.data() + plain.size(), &size) == 1);
    must(EVP_CIPHER_CTX_ctrl(cipher_, EVP_CTRL_AEAD_GET_TAG, session::kAeadTagSize,
                             out.data() + plain.size()) == 1);
    must(EVP_CIPHER_CTX_reset(cipher_) == 1);
}

bool Libcrypto::open(const Secret32& key, const session::AeadNonce& nonce, Bytes associated,
                     Bytes sealed, MutableBytes out) {
    if (sealed.size() < session::kAeadTagSize) return false;
    Bytes body = sealed.first(sealed.size() - session::kAeadTagSize);
    auto tag = ByteReader(sealed.last(session::kAeadTagSize)).array<session::kAeadTagSize>();
    int size = 0;
    must(EVP_DecryptInit_ex(cipher_, EVP_aes_256_gcm(), nullptr, key.bytes().data(),
                            nonce.data()) == 1);
    must(EVP_DecryptUpdate(cipher_, nullptr, &size, associated.data(), int_of(associated.size())) ==
         1);
    if (!body.empty())
        must(EVP_DecryptUpdate(cipher_, out.data(), &size, body.data(), int_of(body.size())) == 1);
    must(EVP_CIPHER_CTX_ctrl(cipher_, EVP_CTRL_AEAD_SET_TAG, session::kAeadTagSize, tag.data()) ==
         1);
    std::array<std::uint8_t, 16> rest{};
    bool good = EVP_DecryptFinal_ex(cipher_, rest.data(), &size) == 1;
    must(EVP_CIPHER_CTX_reset(cipher_) == 1);
    return good;
}

// The kernel's own, not libcrypto's: it takes notice when a virtual machine was copied.
void Libcrypto::random(MutableBytes out) {
    while (!out.empty()) {
        ssize_t got = getrandom(out.data(), out.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        must(got > 0);
        out = out.subspan(static_cast<std::size_t>(got));
    }
}

}  // namespace netft::control
