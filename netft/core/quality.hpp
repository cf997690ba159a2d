// What a route is worth: round-trip times, jitter, loss. PURE, fixed size, per route.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "netft/base/time.hpp"

namespace netft::core {

// The last kSamples round-trip times; percentiles are worked out when somebody asks. A sample takes
// two bytes: exact up to 8,191 µs, above that to 1/8192; the longest is 134 s.
class RttWindow {
 public:
    static constexpr std::size_t kSamples = 48;

    void add(std::uint32_t rtt_us);
    // The p-th percentile (0..100) in µs; nullopt without samples.
    std::optional<std::uint32_t> percentile(unsigned p) const;
    // The least of the last `count` (at most kSamples) in µs; nullopt: so many there are not.
    std::optional<std::uint32_t> least(unsigned count) const;
    void reset() { *this = RttWindow(); }

 private:
    std::array<std::uint16_t, kSamples> samples_{};  // packed, in their order
    std::uint8_t next_ = 0;
    std::uint8_t count_ = 0;
};

// Interarrival jitter, RFC 3550 §6.4.1: smoothed difference of transit times, 1/16 a sample. The
// two clocks need no relation but rate.
class JitterMeter {
 public:
    void add(std::uint64_t sent_ns, TimePoint received);
    std::uint32_t jitter_us() const { return static_cast<std::uint32_t>(jitter_ns_ / 1000); }
    void reset() { *this = JitterMeter(); }

 private:
    std::uint64_t last_transit_ns_ = 0;
    std::uint32_t jitter_ns_ = 0;  // 4.2 s at most
    bool has_last_ = false;
};

// Share of datagrams lost among the last ~100, from two rising totals.
class LossMeter {
 public:
    // `expected` datagrams were sent so far and `received` of them came. Totals that go backwards
    // (the other side started anew) begin a new measurement.
    void update(std::uint64_t expected, std::uint64_t received);
    // 0..1; nullopt before 10 were expected.
    std::optional<double> loss() const;
    void reset() { *this = LossMeter(); }

 private:
    // The low parts: only differences over a few hundred datagrams are taken.
    struct Totals {
        std::uint16_t expected = 0;
        std::uint16_t received = 0;
    };
    static constexpr std::uint32_t kStep = 25;
    static constexpr std::size_t kMarks = 4;

    std::array<Totals, kMarks> marks_{};  // ring of past totals, one every kStep expected
    std::uint8_t oldest_ = 0;
    std::uint8_t count_ = 0;
    Totals now_;
};

}  // namespace netft::core
