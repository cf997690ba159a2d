// session::Primitives served by OpenSSL's libcrypto.
//
// Threads: one at a time. Aborts when libcrypto cannot serve what every build of it serves.
#pragma once

#include <memory>

#include "netft/session/primitives.hpp"

struct evp_cipher_ctx_st;
struct evp_md_ctx_st;

namespace netft::control {

class Libcrypto : public session::Primitives {
 public:
    Libcrypto();
    ~Libcrypto() override;
    Libcrypto(const Libcrypto&) = delete;
    Libcrypto& operator=(const Libcrypto&) = delete;

    std::optional<Secret32> dh(const Secret32& own, const PublicKey& other) override;
    PublicKey public_of(const Secret32& key) override;
    session::Digest hash(std::initializer_list<Bytes> parts) override;
    session::Digest hmac(Bytes key, std::initializer_list<Bytes> parts) override;
    void seal(const Secret32& key, const session::AeadNonce& nonce, Bytes associated, Bytes plain,
              MutableBytes out) override;
    bool open(const Secret32& key, const session::AeadNonce& nonce, Bytes associated, Bytes sealed,
              MutableBytes out) override;
    void random(MutableBytes out) override;

 private:
    evp_cipher_ctx_st* cipher_;
    evp_md_ctx_st* digest_;
};

}  // namespace netft::control
