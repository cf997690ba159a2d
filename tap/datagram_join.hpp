// UDP datagrams of one flow that come together, written to the kernel as one frame: it takes the
// way through the kernel once, and the kernel cuts it again in front of the socket, as it does with
// what its own UDP_GRO has joined.
//
// Joined is what goes to one node and came with a checksum still to be computed (so a program of
// the sender's sent it, and nothing behind a bridge or router there), in IPv4 without options or
// IPv6 without extension headers. It differs in nothing but payload, IPv4's identification and
// checksums: same addresses, ports, hop limit, traffic class and ECN bits. All payloads have the
// length of the first, the last one may be shorter.
//
// PURE, fixed size. Frames are borrowed. Threads: the worker's.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "netft/base/bytes.hpp"
#include "netft/wire/data.hpp"

namespace netft::tap {

class DatagramJoin {
 public:
    static constexpr std::size_t kMax = 64;  // UDP_MAX_SEGMENTS of every kernel, and Linux's GRO's

    // `train`: virtio_net_hdr_v1 ‖ frame, in one piece that stays until clear(). False: it is no
    // such datagram, or does not belong behind those that wait.
    bool add(Bytes train);

    std::size_t count() const { return count_; }
    // Of the frames, each with its own headers but virtio's.
    std::size_t bytes() const { return bytes_; }
    // What is to be written; at least one was added.
    std::span<const iovec> frame();
    void clear() { count_ = 0; }

 private:
    // Where things are in a train, and the length of its payload.
    struct Layout {
        std::size_t ip = 0;
        std::size_t udp = 0;
        std::size_t payload = 0;
        std::size_t size = 0;
    };
    static constexpr std::size_t kHeadMax = kVirtioHeaderSize + 14 + 40 + 8;

    static Layout layout_of(Bytes train);
    const std::uint8_t* first() const {
        return static_cast<const std::uint8_t*>(pieces_[1].iov_base) - layout_.payload;
    }
    bool is_same_flow(const std::uint8_t* other) const;
    bool has_first_length(const std::uint8_t* other) const;
    bool has_room(std::size_t payload) const;
    void append(Bytes train, std::size_t payload);
    void write_head();

    Layout layout_;  // of the first
    std::size_t count_ = 0;
    std::size_t bytes_ = 0;
    std::size_t payload_bytes_ = 0;
    bool is_closed_ = false;  // the last was shorter
    std::array<std::uint8_t, kHeadMax> head_{};
    std::array<iovec, 1 + kMax> pieces_{};  // the head, then the payloads
};

}  // namespace netft::tap
