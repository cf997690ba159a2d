// One lane's sending side: sendmmsg of messages that each carry up to 64 datagrams.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <span>

#include "netft/dataplane/port.hpp"
#include "netft/dataplane/sockaddr.hpp"

namespace netft::dataplane {

class LaneSender {
 public:
    static constexpr std::size_t kSegmentsMax = 64;  // UDP_MAX_SEGMENTS of older kernels
    static constexpr std::size_t kMessageBytesMax = 65'507;
    static constexpr std::size_t kMessagesMax = 64;

    // Queues what `outgoing` holds; sends when there is no room for more.
    void add(int fd, const Outgoing& outgoing, PortCounters& counters, DropCounters& drops);
    // Sends all that is queued, or counts why not. The mbufs are the caller's until then.
    void flush(int fd, PortCounters& counters, DropCounters& drops);

 private:
    struct alignas(cmsghdr) Control {
        std::array<std::uint8_t, CMSG_SPACE(sizeof(std::uint16_t))> bytes;
    };
    void add_message(Bytes bytes, const Outgoing& outgoing);
    // Message i did not go: sends it singly or counts it. False: the socket is full.
    bool handle_failure(std::size_t i, int fd, int error, PortCounters& counters,
                        DropCounters& drops);
    void send_singly(std::size_t i, int fd, PortCounters& counters, DropCounters& drops);
    std::size_t datagrams(std::size_t i) const {
        return (iovecs_[i].iov_len + segments_[i] - 1) / segments_[i];
    }

    std::array<mmsghdr, kMessagesMax> messages_{};
    std::array<iovec, kMessagesMax> iovecs_{};
    std::array<SocketAddress, kMessagesMax> receivers_{};
    std::array<Control, kMessagesMax> controls_{};
    std::array<std::size_t, kMessagesMax> segments_{};
    std::size_t queued_ = 0;
    bool use_segmentation_ = true;  // false once a device has refused it (EIO)
};

}  // namespace netft::dataplane
