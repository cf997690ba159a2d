// A port: what netft sends and receives through on one endpoint.
//
// All ports give and take mbufs; the worker does not know which is which. One mbuf may hold many
// datagrams of one sender, back to back and all of `segment` bytes but the last, which may be
// shorter: the `socket` port takes and gives such with UDP_SEGMENT and UDP_GRO, the others cut them
// up (tx) and never make them (rx). Payload only: Ethernet, IP and UDP headers are the port's.
// Threads: opened and destroyed by control (destroyed after the worker let go of it), the rest is
// the worker's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "netft/base/address.hpp"
#include "netft/base/ids.hpp"
#include "netft/base/time.hpp"
#include "netft/wire/drop_reason.hpp"

struct rte_mbuf;

namespace netft::dataplane {

class PortHealth;

struct Received {
    rte_mbuf* mbuf = nullptr;   // owned by whoever holds the Received
    Endpoint remote;            // source address; scope set where link-local
    std::uint16_t segment = 0;  // bytes of each datagram but the last; = data_len where it is one
};

struct Outgoing {
    // Ownership passes to the port, sent or not; other ports may have it, too: not to be written
    // to.
    rte_mbuf* mbuf = nullptr;
    Endpoint remote;
    std::uint16_t segment = 0;  // as above
    bool is_heartbeat = false;  // heartbeats have a socket of their own
    std::uint8_t source = 0;    // from the endpoint's port + source: what separates workers
    bool is_single = false;     // datagrams sent together do not get there: each by itself
};

struct PortCounters {
    std::uint64_t rx_datagrams = 0;
    std::uint64_t rx_bytes = 0;
    std::uint64_t tx_datagrams = 0;
    std::uint64_t tx_bytes = 0;
    std::uint64_t rx_other = 0;  // packets seen that are not for this endpoint: no loss of ours
};

class Port {
 public:
    static constexpr std::size_t kBurstMax = 64;
    static constexpr std::uint32_t kAllReady = 0xffffffff;
    static constexpr std::uint32_t kPolled = 0x80000000;

    virtual ~Port() = default;
    // Up to `room.size()` received buffers; heartbeats first. Counts its own losses in `drops`.
    // Bit i of `ready` says that wake_fds()[i] was seen readable: the others are left alone, but
    // kPolled says to look at what has no descriptor.
    virtual std::size_t receive(std::span<Received> room, std::uint32_t ready,
                                DropCounters& drops) = 0;
    // Sends all, or counts why not. Never blocks. What there is no room for now a port may keep, in
    // order and up to a bound of its own; heartbeats never wait behind data.
    virtual void send(std::span<Outgoing> burst, DropCounters& drops) = 0;
    // It keeps something: retry() now and then, and give it no more data if that can wait
    // elsewhere.
    virtual bool is_blocked() const { return false; }
    virtual void retry(TimePoint /*now*/, DropCounters&) {}
    // Each readable when receive() has something to do for it.
    virtual std::span<const int> wake_fds() const = 0;
    // True: not everything that arrives makes a wake_fd readable.
    virtual bool must_be_polled() const { return wake_fds().empty(); }
    // What was lost below the port and only the device knows. Called when somebody looks.
    virtual void count_losses(DropCounters& /*drops*/) {}
    // Control's: what it learns of its way; nullptr: nothing. And: it may hear ICMP errors again.
    virtual PortHealth* health() { return nullptr; }
    virtual void hear_errors() {}
    virtual const PortCounters& counters() const = 0;
    virtual const char* kind() const = 0;  // "socket", "af_packet", "device"
};

}  // namespace netft::dataplane
