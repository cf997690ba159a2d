#include "netft/dataplane/exception_path.hpp"

#include <rte_ethdev.h>

#include <array>

namespace netft::dataplane {
namespace {

constexpr std::size_t kPiecesMax = 8;  // mbufs of one frame

}  // namespace

void ExceptionPath::to_kernel(rte_mbuf* mbuf, DropCounters& drops) const {
    MbufPtr owner(mbuf);
    std::array<iovec, kPiecesMax> pieces{};
    std::size_t count = 0;
    for (const rte_mbuf* at = mbuf; at != nullptr && count < pieces.size(); at = at->next)
        pieces[count++] = {rte_pktmbuf_mtod(at, void*), at->data_len};
    std::ptrdiff_t written = tap_->write(std::span(pieces).first(count));
    if (written != static_cast<std::ptrdiff_t>(mbuf->pkt_len))
        drops.count(DropReason::exception_to_kernel);
}

rte_mbuf* ExceptionPath::read_one(DropCounters& drops) const {
    MbufPtr mbuf(rte_pktmbuf_alloc(device_->pool()));
    if (mbuf == nullptr) {
        drops.count(DropReason::tap_no_buffer);  // it waits in the TAP
        return nullptr;
    }
    std::ptrdiff_t size = tap_->read(room_of(mbuf.get()));
    if (size <= 0) return nullptr;
    set_length(mbuf.get(), static_cast<std::size_t>(size));
    return mbuf.release();
}

void ExceptionPath::from_kernel(DropCounters& drops) const {
    std::array<rte_mbuf*, kFramesMax> frames{};
    std::uint16_t count = 0;
    while (count < frames.size()) {
        rte_mbuf* frame = read_one(drops);
        if (frame == nullptr) break;
        frames[count++] = frame;
    }
    if (count == 0) return;
    std::uint16_t sent = rte_eth_tx_burst(device_->id(), 0, frames.data(), count);
    rte_pktmbuf_free_bulk(frames.data() + sent, static_cast<unsigned>(count - sent));
    drops.count(DropReason::exception_to_nic, static_cast<std::uint64_t>(count - sent));
}

}  // namespace netft::dataplane
