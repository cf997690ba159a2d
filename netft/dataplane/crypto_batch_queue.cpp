#include <rte_cryptodev.h>
#include <rte_errno.h>

#include <atomic>
#include <string>

#include "netft/dataplane/crypto_batch.hpp"
#include "netft/dataplane/crypto_vdev.hpp"
#include "netft/dataplane/pool.hpp"

namespace netft::dataplane {
namespace {

// The nonce lies behind the operation, where rte_crypto_op_pool_create leaves room for it.
constexpr std::uint16_t kNonceOffset = sizeof(rte_crypto_op) + sizeof(rte_crypto_sym_op);
static_assert(CryptoVdev::kQueueRoom >= CryptoBatch::kBatchMax);

// Pool names are process-wide.
std::atomic<unsigned> next_pool{0};

// op->sym, an array of no elements, makes g++ warn of every use.
rte_crypto_sym_op& sym_of(rte_crypto_op* op) {
    return *rte_crypto_op_ctod_offset(op, rte_crypto_sym_op*, sizeof(rte_crypto_op));
}

// The driver works while it takes an operation in; the queue only carries the result back.
class QueueBatch final : public CryptoBatch {
 public:
    // `pool` has kBatchMax operations; they are taken once and kept.
    QueueBatch(std::uint8_t device, MempoolPtr pool) : device_(device), pool_(std::move(pool)) {
        rte_crypto_op_bulk_alloc(pool_.get(), RTE_CRYPTO_OP_TYPE_SYMMETRIC, operations_.data(),
                                 kBatchMax);
        for (std::size_t i = 0; i < kBatchMax; ++i) {
            operations_[i]->sess_type = RTE_CRYPTO_OP_WITH_SESSION;
            sym_of(operations_[i]).m_src = &mbufs_[i];
            mbufs_[i].nb_segs = 1;
        }
    }

    void process(void* session, SecurityMode mode, std::span<const MutableBytes> datagrams,
                 std::span<bool> done) override {
        for (std::size_t i = 0; i < datagrams.size(); ++i) prepare(i, session, mode, datagrams[i]);
        enqueue(datagrams.size());
        drain();
        for (std::size_t i = 0; i < datagrams.size(); ++i)
            done[i] = operations_[i]->status == RTE_CRYPTO_OP_STATUS_SUCCESS;
    }

 private:
    void prepare(std::size_t i, void* session, SecurityMode mode, MutableBytes datagram) {
        view(mbufs_[i], datagram);
        operations_[i]->status = RTE_CRYPTO_OP_STATUS_NOT_PROCESSED;
        write_nonce(datagram, *rte_crypto_op_ctod_offset(operations_[i], NonceRoom*, kNonceOffset));
        rte_crypto_sym_op& sym = sym_of(operations_[i]);
        sym.session = session;
        auto offset = static_cast<std::uint32_t>(first_covered(mode));
        auto length = static_cast<std::uint32_t>(covered(datagram, mode).size());
        std::uint8_t* tag = datagram.data() + datagram.size() - kTagSize;
        if (mode == SecurityMode::sign) {
            sym.auth.data = {.offset = offset, .length = length};
            sym.auth.digest = {.data = tag, .phys_addr = 0};
        } else {
            sym.aead.data = {.offset = offset, .length = length};
            sym.aead.digest = {.data = tag, .phys_addr = 0};
            sym.aead.aad = {.data = datagram.data(), .phys_addr = 0};
        }
    }
    // The mbuf belongs to no pool and is never freed.
    static void view(rte_mbuf& mbuf, MutableBytes datagram) {
        mbuf.buf_addr = datagram.data();
        mbuf.buf_len = static_cast<std::uint16_t>(datagram.size());
        set_length(&mbuf, datagram.size());
    }

    // The driver stops at an operation that it cannot do: that one has failed, the rest go on.
    void enqueue(std::size_t count) {
        std::size_t sent = 0;
        while (sent < count) {
            sent += rte_cryptodev_enqueue_burst(device_, 0, &operations_[sent],
                                                static_cast<std::uint16_t>(count - sent));
            if (sent < count) operations_[sent++]->status = RTE_CRYPTO_OP_STATUS_ERROR;
        }
    }
    void drain() {
        std::array<rte_crypto_op*, kBatchMax> back;
        while (rte_cryptodev_dequeue_burst(device_, 0, back.data(), kBatchMax) > 0) {
        }
    }

    std::uint8_t device_;
    MempoolPtr pool_;
    std::array<rte_crypto_op*, kBatchMax> operations_{};
    std::array<rte_mbuf, kBatchMax> mbufs_{};
};

}  // namespace

Result<std::unique_ptr<CryptoBatch>> make_queue_batch(std::uint8_t device) {
    std::string name = "netft_ops" + std::to_string(next_pool++);
    MempoolPtr pool(rte_crypto_op_pool_create(name.c_str(), RTE_CRYPTO_OP_TYPE_SYMMETRIC,
                                              CryptoBatch::kBatchMax, 0, sizeof(NonceRoom),
                                              SOCKET_ID_ANY));
    if (!pool) return fail(name + ": cannot create pool: " + rte_strerror(rte_errno), rte_errno);
    return std::make_unique<QueueBatch>(device, std::move(pool));
}

std::uint16_t queue_nonce_offset() { return kNonceOffset; }

}  // namespace netft::dataplane
