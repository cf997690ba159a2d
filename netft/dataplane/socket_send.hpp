// One lane's sending side: sendmmsg of messages that each carry up to 64 datagrams.
//
// Each message is one way through the kernel's stack, so the fewer the better: a buffer that holds
// a whole train makes one, and single datagrams of one length to one remote, however many buffers
// they lie in, make one as well (UDP_SEGMENT gathers). Only the last may be shorter.
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
    static constexpr std::size_t kPiecesMax = 128;

    // Queues what `outgoing` holds; sends when there is no room for more.
    void add(int fd, const Outgoing& outgoing, PortCounters& counters, DropCounters& drops);
    // Sends all that is queued, or counts why not. The mbufs are the caller's until then.
    void flush(int fd, PortCounters& counters, DropCounters& drops);

 private:
    struct alignas(cmsghdr) Control {
        std::array<std::uint8_t, CMSG_SPACE(sizeof(std::uint16_t))> bytes;
    };
    struct Message {
        Endpoint remote;
        SocketAddress receiver;
        std::size_t segment = 0;  // bytes of each datagram but the last
        std::size_t bytes = 0;
        std::size_t first_piece = 0;
        std::size_t pieces = 0;

        std::size_t datagrams() const { return (bytes + segment - 1) / segment; }
    };

    void add_piece(Bytes bytes, const Outgoing& outgoing);
    bool continues_last(Bytes bytes, const Outgoing& outgoing) const;
    void write_headers();
    // Message i did not go: sends it singly or counts it. False: the socket is full.
    bool handle_failure(std::size_t i, int fd, int error, PortCounters& counters,
                        DropCounters& drops);
    void send_singly(const Message& message, int fd, PortCounters& counters, DropCounters& drops);

    std::array<mmsghdr, kMessagesMax> headers_{};
    std::array<Message, kMessagesMax> messages_{};
    std::array<Control, kMessagesMax> controls_{};
    std::array<iovec, kPiecesMax> pieces_{};
    std::size_t queued_ = 0;        // messages
    std::size_t used_ = 0;          // pieces
    bool use_segmentation_ = true;  // false once a device has refused it (EIO)
};

}  // namespace netft::dataplane
