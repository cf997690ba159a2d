// The mbufs of one worker: big ones, each room for a whole burst of datagrams as UDP_SEGMENT takes
// and UDP_GRO gives them, and small ones for heartbeats, control and single datagrams.
//
// An mbuf's lengths have 16 bits, so the longest buffer is 65,535 bytes. Both pools are stacks: the
// mbuf freed last is taken next, so an idle worker stays on a few warm pages and the rest of the
// pool is never touched (measured: 27 MB resident with EAL and both pools, 18 of it shared code).
// Threads: create and destroy by control; get by the one worker and its ports.
#pragma once

#include <rte_mbuf.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "netft/base/bytes.hpp"
#include "netft/base/result.hpp"

namespace netft::dataplane {

struct FreeMempool {
    void operator()(rte_mempool* pool) const { rte_mempool_free(pool); }
};
using MempoolPtr = std::unique_ptr<rte_mempool, FreeMempool>;

struct FreeMbuf {
    void operator()(rte_mbuf* mbuf) const { rte_pktmbuf_free(mbuf); }
};
using MbufPtr = std::unique_ptr<rte_mbuf, FreeMbuf>;

class Pools {
 public:
    static constexpr std::uint16_t kBigRoom = 65'535;   // no headroom
    static constexpr std::uint16_t kSmallRoom = 2'048;  // behind the headroom
    static constexpr unsigned kBigMax = 128;
    static constexpr unsigned kSmallMax = 1'024;

    static Result<Pools> create();
    // Mbufs as the small ones, with the room that XDP wants before a packet, too.
    static Result<MempoolPtr> create_for_device(unsigned mbufs);

    // nullptr when the pool is empty. Big: no headroom, kBigRoom bytes. Small: RTE_PKTMBUF_HEADROOM
    // bytes before, kSmallRoom behind.
    rte_mbuf* big() const;
    rte_mbuf* small() const { return rte_pktmbuf_alloc(small_.get()); }
    // All of `room` or none.
    bool big(std::span<rte_mbuf*> room) const;
    bool small(std::span<rte_mbuf*> room) const {
        return rte_pktmbuf_alloc_bulk(small_.get(), room.data(),
                                      static_cast<unsigned>(room.size())) == 0;
    }

    rte_mempool* small_pool() const { return small_.get(); }
    // Mbufs not in the pools now: for tests that look for leaks.
    unsigned in_use() const;

 private:
    Pools(MempoolPtr big, MempoolPtr small) : big_(std::move(big)), small_(std::move(small)) {}

    MempoolPtr big_;
    MempoolPtr small_;
};

inline Bytes bytes_of(const rte_mbuf* mbuf) {
    return Bytes(rte_pktmbuf_mtod(mbuf, const std::uint8_t*), mbuf->data_len);
}
// The whole room from data_off on, used or not.
inline MutableBytes room_of(rte_mbuf* mbuf) {
    return MutableBytes(rte_pktmbuf_mtod(mbuf, std::uint8_t*),
                        static_cast<std::size_t>(mbuf->buf_len - mbuf->data_off));
}
inline void set_length(rte_mbuf* mbuf, std::size_t bytes) {
    mbuf->data_len = static_cast<std::uint16_t>(bytes);
    mbuf->pkt_len = static_cast<std::uint32_t>(bytes);
}

}  // namespace netft::dataplane
