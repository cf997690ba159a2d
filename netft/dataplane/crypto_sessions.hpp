// The memory of a device's keys: session pools that are added as they are needed.
//
// An idle daemon has a few keys, a large one six a peer; each pool is touched when it is made, so
// the first is small and the later ones grow up to kPoolMax keys.
#pragma once

#include <rte_crypto_sym.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "netft/dataplane/pool.hpp"

namespace netft::dataplane {

class CryptoSessions {
 public:
    static constexpr unsigned kPoolFirst = 64;
    static constexpr unsigned kPoolMax = 512;

    // At most `limit` sessions.
    CryptoSessions(std::uint8_t device, std::size_t limit) : device_(device), limit_(limit) {}

    // To be given back by rte_cryptodev_sym_session_free.
    Result<void*> create(rte_crypto_sym_xform& transform);
    std::size_t in_use() const;

 private:
    Result<rte_mempool*> pool_with_room();
    Result<rte_mempool*> add_pool();

    std::uint8_t device_;
    std::size_t limit_;
    std::vector<MempoolPtr> pools_;
};

}  // namespace netft::dataplane
