// One lane's receiving side: recvmmsg into big mbufs.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <span>

#include "netft/dataplane/pool.hpp"
#include "netft/dataplane/port.hpp"
#include "netft/dataplane/sockaddr.hpp"

namespace netft::dataplane {

class LaneReceiver {
 public:
    // One system call's worth; the socket stays readable while there is more. Eight full buffers
    // are half a MiB: enough a turn, for heartbeats and timers wait meanwhile.
    static constexpr std::size_t kMessagesMax = 8;
    static constexpr std::size_t kMessagesMin = 2;

    std::size_t receive(int fd, const Pools& pools, std::span<Received> room,
                        PortCounters& counters, DropCounters& drops);
    // After receive(): nothing came though the socket was readable. It has an error for us.
    bool is_empty() const { return is_empty_; }

 private:
    struct alignas(cmsghdr) Control {
        // UDP_GRO (int) and SO_RXQ_OVFL (u32)
        std::array<std::uint8_t, 2 * CMSG_SPACE(sizeof(int))> bytes;
    };
    void prepare(std::span<rte_mbuf* const> mbufs);
    // False: nothing of use in it.
    bool take(std::size_t i, rte_mbuf* mbuf, Received& out, DropCounters& drops);
    // The segment size GRO gives, or 0; counts what the socket lost meanwhile.
    std::size_t read_control(msghdr& message, DropCounters& drops);

    std::array<mmsghdr, kMessagesMax> messages_{};
    std::array<iovec, kMessagesMax> iovecs_{};
    std::array<SocketAddress, kMessagesMax> senders_{};
    std::array<Control, kMessagesMax> controls_{};
    // Buffers for the next call: as many as came lately, for each costs a few cold cache lines.
    std::size_t wanted_ = kMessagesMin;
    bool is_empty_ = false;
    std::uint32_t overflows_ = 0;  // the kernel's count as last seen
};

}  // namespace netft::dataplane
