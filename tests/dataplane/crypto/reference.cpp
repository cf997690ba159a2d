#include "reference.hpp"

#include <openssl/evp.h>

namespace netft::dataplane::test {
namespace {

struct FreeContext {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

}  // namespace

Buffer reference_sealed(const Secret32& key, SecurityMode mode, const Buffer& plain) {
    Buffer out = plain;
    std::size_t end = plain.size() - kTagSize;
    std::size_t associated = mode == SecurityMode::sign ? end : kHeaderSize;
    Buffer nonce{static_cast<std::uint8_t>(plain[0] % 16), 0, plain[2], plain[3]};
    nonce.insert(nonce.end(), plain.begin() + 8, plain.begin() + 16);

    std::unique_ptr<EVP_CIPHER_CTX, FreeContext> context(EVP_CIPHER_CTX_new());
    int length = 0;
    bool ok =
        EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.bytes().data(),
                           nonce.data()) == 1 &&
        EVP_EncryptUpdate(context.get(), nullptr, &length, plain.data(),
                          static_cast<int>(associated)) == 1 &&
        EVP_EncryptUpdate(context.get(), out.data() + associated, &length,
                          plain.data() + associated, static_cast<int>(end - associated)) == 1 &&
        EVP_EncryptFinal_ex(context.get(), out.data() + end, &length) == 1 &&
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagSize, out.data() + end) == 1;
    BOOST_REQUIRE(ok);
    return out;
}

}  // namespace netft::dataplane::test
