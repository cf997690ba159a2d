#define ALLOW_EXPERIMENTAL_API  // this call: experimental in DPDK 22.11, later stable, unchanged
#include <rte_cryptodev.h>

#include "netft/dataplane/crypto_batch.hpp"

namespace netft::dataplane {
namespace {

class CpuBatch final : public CryptoBatch {
 public:
    explicit CpuBatch(std::uint8_t device) : device_(device) {
        for (std::size_t i = 0; i < kBatchMax; ++i) {
            lists_[i] = {.vec = &pieces_[i], .num = 1};
            nonces_[i].va = nonce_rooms_[i].data();
        }
    }

    void process(void* session, SecurityMode mode, std::span<const MutableBytes> datagrams,
                 std::span<bool> done) override {
        for (std::size_t i = 0; i < datagrams.size(); ++i) prepare(i, mode, datagrams[i]);
        rte_crypto_sym_vec batch{};
        batch.num = static_cast<std::uint32_t>(datagrams.size());
        batch.src_sgl = lists_.data();
        batch.iv = nonces_.data();
        batch.digest = tags_.data();
        batch.aad = headers_.data();  // not looked at in mode sign
        batch.status = status_.data();
        rte_cryptodev_sym_cpu_crypto_process(device_, session, {}, &batch);
        for (std::size_t i = 0; i < datagrams.size(); ++i) done[i] = status_[i] == 0;
    }

 private:
    void prepare(std::size_t i, SecurityMode mode, MutableBytes datagram) {
        MutableBytes text = covered(datagram, mode);
        write_nonce(datagram, nonce_rooms_[i]);
        pieces_[i].base = text.data();
        pieces_[i].len = static_cast<std::uint32_t>(text.size());
        headers_[i].va = datagram.data();
        tags_[i].va = text.data() + text.size();
        status_[i] = EIO;  // a driver that gives up at once leaves it alone
    }

    std::uint8_t device_;
    std::array<NonceRoom, kBatchMax> nonce_rooms_{};
    std::array<rte_crypto_vec, kBatchMax> pieces_{};
    std::array<rte_crypto_sgl, kBatchMax> lists_{};
    std::array<rte_crypto_va_iova_ptr, kBatchMax> nonces_{};
    std::array<rte_crypto_va_iova_ptr, kBatchMax> headers_{};
    std::array<rte_crypto_va_iova_ptr, kBatchMax> tags_{};
    std::array<std::int32_t, kBatchMax> status_{};
};

}  // namespace

std::unique_ptr<CryptoBatch> make_cpu_batch(std::uint8_t device) {
    return std::make_unique<CpuBatch>(device);
}

}  // namespace netft::dataplane
