#include "netft/dataplane/pool.hpp"

#include <rte_errno.h>

#include <atomic>
#include <string>

namespace netft::dataplane {
namespace {

// Pool names are process-wide, and a test has more than one worker.
std::atomic<unsigned> next_pool{0};

Result<MempoolPtr> make_pool(const char* what, unsigned mbufs, std::uint16_t data_room) {
    std::string name = std::string("netft_") + what + std::to_string(next_pool++);
    rte_mempool* pool = rte_pktmbuf_pool_create_by_ops(name.c_str(), mbufs, 0, 0, data_room,
                                                       SOCKET_ID_ANY, "stack");
    if (pool == nullptr)
        return fail(name + ": cannot create pool: " + rte_strerror(rte_errno), rte_errno);
    return MempoolPtr(pool);
}

}  // namespace

Result<Pools> Pools::create() {
    Result<MempoolPtr> big = make_pool("big", kBigMax, kBigRoom);
    if (!big) return tl::unexpected(big.error());
    Result<MempoolPtr> small = make_pool("small", kSmallMax, kSmallRoom + RTE_PKTMBUF_HEADROOM);
    if (!small) return tl::unexpected(small.error());
    return Pools(std::move(*big), std::move(*small));
}

Result<MempoolPtr> Pools::create_for_device(unsigned mbufs) {
    constexpr std::uint16_t kXdpHeadroom = 256;  // the kernel's XDP_PACKET_HEADROOM
    return make_pool("device", mbufs, kSmallRoom + RTE_PKTMBUF_HEADROOM + kXdpHeadroom);
}

rte_mbuf* Pools::big() const {
    rte_mbuf* mbuf = rte_pktmbuf_alloc(big_.get());
    if (mbuf != nullptr) mbuf->data_off = 0;
    return mbuf;
}

bool Pools::big(std::span<rte_mbuf*> room) const {
    if (rte_pktmbuf_alloc_bulk(big_.get(), room.data(), static_cast<unsigned>(room.size())) != 0)
        return false;
    for (rte_mbuf* mbuf : room) mbuf->data_off = 0;
    return true;
}

unsigned Pools::in_use() const {
    return rte_mempool_in_use_count(big_.get()) + rte_mempool_in_use_count(small_.get());
}

}  // namespace netft::dataplane
