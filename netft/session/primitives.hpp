// The cryptographic primitives that the handshake needs; libcrypto serves them (netft/control).
//
// PURE interface. All keys are 32 bytes. Threads: control only.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>

#include "netft/base/bytes.hpp"
#include "netft/base/secret.hpp"
#include "netft/wire/opening.hpp"

namespace netft::session {

using Digest = std::array<std::uint8_t, 32>;
using AeadNonce = std::array<std::uint8_t, 12>;
constexpr std::size_t kAeadTagSize = 16;

class Primitives {
 public:
    virtual ~Primitives() = default;

    // X25519 (RFC 7748). nullopt: the result is zero (a point of low order).
    virtual std::optional<Secret32> dh(const Secret32& own, const PublicKey& other) = 0;
    virtual PublicKey public_of(const Secret32& key) = 0;
    // SHA-256 of the parts, one after the other.
    virtual Digest hash(std::initializer_list<Bytes> parts) = 0;
    // HMAC-SHA-256 (RFC 2104) of the parts.
    virtual Digest hmac(Bytes key, std::initializer_list<Bytes> parts) = 0;
    // AES-256-GCM. `out` has room for plain ‖ tag (kAeadTagSize).
    virtual void seal(const Secret32& key, const AeadNonce& nonce, Bytes associated, Bytes plain,
                      MutableBytes out) = 0;
    // False: it does not authenticate; `out` (sealed less the tag) is then of no meaning.
    virtual bool open(const Secret32& key, const AeadNonce& nonce, Bytes associated, Bytes sealed,
                      MutableBytes out) = 0;
    // Fit for keys.
    virtual void random(MutableBytes out) = 0;
};

}  // namespace netft::session
