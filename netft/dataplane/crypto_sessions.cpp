#define ALLOW_EXPERIMENTAL_API  // session pools: experimental in DPDK 22.11, later stable,
                                // unchanged
#include "netft/dataplane/crypto_sessions.hpp"

#include <rte_cryptodev.h>
#include <rte_errno.h>

#include <algorithm>
#include <atomic>
#include <string>

namespace netft::dataplane {
namespace {

// Pool names are process-wide.
std::atomic<unsigned> next_pool{0};

}  // namespace

Result<void*> CryptoSessions::create(rte_crypto_sym_xform& transform) {
    if (in_use() >= limit_) return fail("crypto: too many keys", ENOSPC);
    Result<rte_mempool*> pool = pool_with_room();
    if (!pool) return tl::unexpected(pool.error());
    void* session = rte_cryptodev_sym_session_create(device_, &transform, *pool);
    if (session == nullptr)
        return fail(std::string("crypto: no session: ") + rte_strerror(rte_errno), rte_errno);
    return session;
}

std::size_t CryptoSessions::in_use() const {
    std::size_t sum = 0;
    for (const MempoolPtr& pool : pools_) sum += rte_mempool_in_use_count(pool.get());
    return sum;
}

Result<rte_mempool*> CryptoSessions::pool_with_room() {
    for (const MempoolPtr& pool : pools_)
        if (!rte_mempool_empty(pool.get())) return pool.get();
    return add_pool();
}

Result<rte_mempool*> CryptoSessions::add_pool() {
    unsigned keys = pools_.empty() ? kPoolFirst : std::min(kPoolMax, pools_.back()->size * 2);
    std::string name = "netft_keys" + std::to_string(next_pool++);
    rte_mempool* pool = rte_cryptodev_sym_session_pool_create(
        name.c_str(), keys, rte_cryptodev_sym_get_private_session_size(device_), 0, 0,
        SOCKET_ID_ANY);
    if (pool == nullptr)
        return fail(name + ": cannot create pool: " + rte_strerror(rte_errno), rte_errno);
    pools_.emplace_back(pool);
    return pool;
}

}  // namespace netft::dataplane
