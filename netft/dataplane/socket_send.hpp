// One lane's sending side: sendmmsg of messages that each carry up to 64 datagrams.
//
// Each message is one way through the kernel's stack, so the fewer the better: a buffer that holds
// a whole train makes one, and single datagrams of one length to one remote, however many buffers
// they lie in, make one as well (UDP_SEGMENT gathers). Only the last may be shorter.
//
// Where the socket has no room for all, send() says which buffers did not go.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <optional>
#include <span>

#include "netft/dataplane/port.hpp"
#include "netft/dataplane/port_health.hpp"
#include "netft/dataplane/sockaddr.hpp"

namespace netft::dataplane {

class LaneSender {
 public:
    static constexpr std::size_t kSegmentsMax = 64;  // UDP_MAX_SEGMENTS of older kernels
    static constexpr std::size_t kMessageBytesMax = 65'507;
    static constexpr std::size_t kMessagesMax = 64;
    static constexpr std::size_t kPiecesMax = 128;

    // `health`: borrowed; says whether segmentation is to be used, and hears of what fails.
    explicit LaneSender(PortHealth& health) : health_(&health) {}

    // Sends `burst`, or counts why not, but for what the socket has no room for: returns how many
    // buffers, from the first, are done with. The mbufs stay the caller's.
    std::size_t send(int fd, std::span<const Outgoing> burst, PortCounters& counters,
                     DropCounters& drops);

 private:
    // Queues what the buffer holds; sends when there is no room for more.
    void add(int fd, const Outgoing& outgoing, PortCounters& counters, DropCounters& drops);
    void flush(int fd, PortCounters& counters, DropCounters& drops);
    void handle_full(std::size_t i, DropCounters& drops);
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
        std::size_t buffer = 0;  // of the burst: where its first piece lies
        bool is_rest = false;    // that piece is not the buffer's beginning
        bool is_single = false;  // Outgoing's

        std::size_t datagrams() const { return (bytes + segment - 1) / segment; }
    };

    void add_piece(Bytes bytes, const Outgoing& outgoing);
    bool continues_last(Bytes bytes, const Outgoing& outgoing) const;
    void write_headers();
    // Message i did not go, not for want of room: sends it singly or counts it.
    void handle_failure(std::size_t i, int fd, int error, PortCounters& counters,
                        DropCounters& drops);
    // False: the first did not pass, and the others would not.
    bool send_singly(std::size_t i, int fd, PortCounters& counters, DropCounters& drops);
    void count_failure(std::size_t i, int error, DropCounters& drops);

    PortHealth* health_;
    bool use_segmentation_ = true;  // in this burst
    std::array<mmsghdr, kMessagesMax> headers_{};
    std::array<Message, kMessagesMax> messages_{};
    std::array<Control, kMessagesMax> controls_{};
    std::array<iovec, kPiecesMax> pieces_{};
    std::size_t queued_ = 0;              // messages
    std::size_t used_ = 0;                // pieces
    std::size_t buffer_ = 0;              // of the burst: the one that is being added
    bool is_begun_ = false;               // some of that buffer is queued, or has gone
    std::optional<std::size_t> full_at_;  // of the burst: the first buffer there was no room for
};

}  // namespace netft::dataplane
