// Sending and receiving through ports in tests.
#pragma once

#include <poll.h>

#include <vector>

#include "environment.hpp"
#include "namespace.hpp"
#include "netft/dataplane/port.hpp"

namespace netft::dataplane::test {

// `count` datagrams of `size` bytes (the last of `last`), each beginning with `type` as a header
// does and all filled with their place.
inline std::vector<std::uint8_t> train(std::uint8_t type, std::size_t count, std::size_t size,
                                       std::size_t last) {
    std::vector<std::uint8_t> bytes((count - 1) * size + last);
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = i % size == 0 ? static_cast<std::uint8_t>(0x10 | type)
                                 : static_cast<std::uint8_t>(i / size);
    return bytes;
}

inline Outgoing outgoing(const Pools& pools, const Endpoint& remote, Bytes bytes,
                         std::size_t segment, bool is_heartbeat = false) {
    return {.mbuf = mbuf_of(pools, bytes),
            .remote = remote,
            .segment = static_cast<std::uint16_t>(segment),
            .is_heartbeat = is_heartbeat};
}

inline void send(Port& port, const Pools& pools, const Endpoint& remote, Bytes bytes,
                 std::size_t segment, DropCounters& drops, bool is_heartbeat = false) {
    Outgoing one = outgoing(pools, remote, bytes, segment, is_heartbeat);
    port.send({&one, 1}, drops);
}

struct Arrived {
    std::vector<std::uint8_t> bytes;
    Endpoint remote;
    std::size_t segment = 0;
};

// What is there now, heartbeats first.
inline std::vector<Arrived> receive(Port& port, DropCounters& drops,
                                    std::uint32_t ready = Port::kAllReady) {
    std::array<Received, Port::kBurstMax> room;
    std::vector<Arrived> arrived;
    std::size_t n = port.receive(room, ready, drops);
    for (std::size_t i = 0; i < n; ++i) {
        Bytes bytes = bytes_of(room[i].mbuf);
        arrived.push_back({{bytes.begin(), bytes.end()}, room[i].remote, room[i].segment});
        rte_pktmbuf_free(room[i].mbuf);
    }
    return arrived;
}

// Waits until `bytes` bytes have come.
inline std::vector<Arrived> receive_bytes(Port& port, std::size_t bytes, DropCounters& drops) {
    std::vector<Arrived> all;
    std::size_t so_far = 0;
    wait_until("all bytes received", [&] {
        for (Arrived& next : receive(port, drops)) {
            so_far += next.bytes.size();
            all.push_back(std::move(next));
        }
        return so_far >= bytes;
    });
    return all;
}

// A port whose device takes nothing for now, and one that gets all of it later.
struct Jam {
    Port& from;
    Port& to;
    const Pools& pools;
    Endpoint remote;
    DropCounters& drops;
    TimePoint now{};
    std::size_t datagrams = 0;

    static constexpr std::size_t kTrain = 10;  // datagrams

    void send_train() {
        send(from, pools, remote, train(5, kTrain, 1400, 1400), 1400, drops);
        datagrams += kTrain;
    }
    // Until the device takes no more: so many it has taken.
    std::size_t fill() {
        for (int i = 0; i < 1'000 && !from.is_blocked(); ++i) send_train();
        BOOST_TEST(from.is_blocked());
        BOOST_TEST(drops.total() == 0u);
        return from.counters().tx_datagrams;
    }
    std::vector<Arrived> drain() {
        std::vector<Arrived> all;
        wait_until("all that was kept", [&] {
            from.retry(now, drops);
            for (Arrived& next : receive(to, drops)) all.push_back(std::move(next));
            return all.size() >= datagrams;
        });
        BOOST_TEST(!from.is_blocked());
        BOOST_TEST(drops.total() == 0u);
        return all;
    }
};

inline bool is_readable(int fd, int patience_ms = 10'000) {
    pollfd p{.fd = fd, .events = POLLIN};
    return poll(&p, 1, patience_ms) == 1 && (p.revents & POLLIN) != 0;
}

inline Endpoint endpoint(const char* address) { return {*IpAddress::parse(address)}; }

}  // namespace netft::dataplane::test
