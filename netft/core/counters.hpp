// What passed through a worker; the counterpart of the drop reasons.
#pragma once

#include <algorithm>
#include <cstdint>

#include "netft/base/time.hpp"

namespace netft::core {

// Loss-free accounting of what passed; all counters since start.
struct WorkerCounters {
    std::uint64_t frames_from_adapter = 0;
    std::uint64_t frames_to_adapter = 0;
    std::uint64_t bytes_from_adapter = 0;
    std::uint64_t bytes_to_adapter = 0;
    std::uint64_t trains_sent = 0;
    std::uint64_t datagrams_received = 0;
    std::uint64_t datagrams_sent = 0;
    std::uint64_t heartbeats_sent = 0;
    std::uint64_t answers_to_adapter = 0;    // ARP, ND, ICMP made here
    std::uint64_t control_to = 0;            // datagrams passed up to control
    std::uint64_t trains_relayed = 0;        // of trains_sent: by way of a relay
    std::uint64_t datagrams_forwarded = 0;   // of datagrams_sent: others', by way of us
    std::uint64_t datagrams_relayed_in = 0;  // ours, that a relay brought
    std::uint64_t adapter_pauses = 0;        // times frames were left waiting: a port had no room
    std::uint64_t cycles = 0;
    std::uint64_t sleeps = 0;
    Duration longest_gap{};    // by which a timer was late
    std::uint64_t stalls = 0;  // how often the worker was away (StallMeter)
    Duration longest_stall{};

    // Sums, and the longer of what is longest.
    void add(const WorkerCounters& other) {
        frames_from_adapter += other.frames_from_adapter;
        frames_to_adapter += other.frames_to_adapter;
        bytes_from_adapter += other.bytes_from_adapter;
        bytes_to_adapter += other.bytes_to_adapter;
        trains_sent += other.trains_sent;
        datagrams_received += other.datagrams_received;
        datagrams_sent += other.datagrams_sent;
        heartbeats_sent += other.heartbeats_sent;
        answers_to_adapter += other.answers_to_adapter;
        control_to += other.control_to;
        trains_relayed += other.trains_relayed;
        datagrams_forwarded += other.datagrams_forwarded;
        datagrams_relayed_in += other.datagrams_relayed_in;
        cycles += other.cycles;
        sleeps += other.sleeps;
        longest_gap = std::max(longest_gap, other.longest_gap);
        adapter_pauses += other.adapter_pauses;
        stalls += other.stalls;
        longest_stall = std::max(longest_stall, other.longest_stall);
    }
};
static_assert(sizeof(WorkerCounters) == 19 * sizeof(std::uint64_t));  // add() has them all

}  // namespace netft::core
