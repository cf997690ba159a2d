// Whether a route that is up is sick, and of what: loss, delay, duplicates, disorder, a path that
// takes heartbeats and loses data.
//
// PURE, fixed size, per route. It is fed with what heartbeats say and judges at each of them. Two
// kinds of evidence:
//  - of heartbeats: it goes on when traffic has left. A verdict ends when its evidence is gone; the
//    bounds to begin and to end lie far apart.
//  - of data (data lost, reordered, rate limited): it ends with the traffic that it drives away. So
//    such a verdict holds for kHold, and longer when it comes again.
// Bounds are far from what healthy paths, clocks that run apart by some percent (in RTT: that part
// of an interval) and busy machines do.
// Threads: the worker's only.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <optional>

#include "netft/base/time.hpp"
#include "netft/core/quality.hpp"
#include "netft/wire/heartbeat.hpp"

namespace netft::core {

// The last 32 datagrams of one kind and direction: which of them were bad.
class FaultBits {
 public:
    static constexpr unsigned kSpan = 32;

    // `bad` before `good`; a run of bad ones is one event and counts as two at most.
    void add(unsigned good, unsigned bad);
    // The newest was bad, too.
    void mark() { bits_ |= bits_ + 1; }
    // So many bad ones turned out good: they were late.
    void take_back(unsigned count);
    unsigned bad() const { return static_cast<unsigned>(std::popcount(bits_)); }

 private:
    std::uint32_t bits_ = 0;
};

// Data that a later datagram of the same sender overtook by kOvertaken or more on one route. Jitter
// within a burst is nobody's harm.
class OrderMeter {
 public:
    static constexpr std::uint32_t kOvertaken = 4;  // units of 2^20 ns
    static constexpr unsigned kLeast = 64;
    static constexpr Duration kWindow = 500ms;
    static constexpr Duration kWindowMax = 3s;

    void handle_data(TimePoint now, std::uint64_t counter);
    // Share since it was last taken, in percent; nullopt, and nothing forgotten, before kLeast came
    // and kWindow has passed. 0 where kWindowMax brought less than kLeast: what came before says
    // nothing of the path any more.
    std::optional<unsigned> take_late_percent(TimePoint now);

 private:
    std::uint32_t highest_ = 0;
    std::uint32_t before_ = 0;  // the highest of at least kOvertaken ago
    std::uint32_t next_before_ = 0;
    std::uint32_t marked_ = 0;  // when, 2^20 ns
    std::uint32_t taken_ = 0;   // likewise
    std::uint16_t seen_ = 0;
    std::uint16_t late_ = 0;
    bool is_open_ = false;
};

// What of our data the peer has got, from totals that belong to one moment: ours when a heartbeat
// went out, the peer's when that heartbeat came in.
class DataBalance {
 public:
    static constexpr std::uint32_t kLeast = 50;  // datagrams a window
    static constexpr Duration kWindow = 500ms;

    // A heartbeat that says `transmit_time_ns` goes out, `sent` datagrams of data after the start.
    void handle_sent(std::uint64_t transmit_time_ns, std::uint64_t sent);
    // The heartbeat that said `echo_time_ns` found `received`. True: a window ended.
    bool handle_echo(TimePoint now, std::uint64_t echo_time_ns, std::uint64_t received);
    // Windows in a row that lost kLossPercent or more, up to now.
    unsigned bad_windows() const { return bad_; }
    // The total that was sent with that heartbeat; nullopt: not known any more.
    std::optional<std::uint32_t> sent_with(std::uint64_t transmit_time_ns) const;
    // What is lost may have a remedy: the windows before it say nothing.
    void forgive() { bad_ = 0; }
    // Datagrams sent in the last three intervals.
    std::uint32_t lately() const { return lately_; }
    void reset() { *this = DataBalance(); }

 private:
    static constexpr std::uint32_t kLossPercent = 15;
    struct Sent {
        std::uint32_t when = 0;  // low half of transmit time
        std::uint32_t data = 0;
    };
    std::array<Sent, 3> sent_{};  // when 0: not yet
    std::uint32_t begin_sent_ = 0;
    std::uint32_t begin_received_ = 0;
    std::uint32_t lately_ = 0;
    std::uint32_t began_ = 0;  // 2^20 ns
    std::uint8_t next_ = 0;
    std::uint8_t bad_ = 0;
    bool has_begun_ = false;
};

class Sickness {
 public:
    static constexpr Duration kHold = 5s;  // of a verdict by data, the first time
    static constexpr unsigned kHoldDoublings = 1;

    // A heartbeat came; `lost` before it did not, and `report` of the peer says how many of ours
    // it has missed altogether (modulo 2^32).
    void handle_heartbeat(unsigned lost_in, std::uint32_t lost_out_total);
    void handle_late() { in_.take_back(1); }
    void handle_duplicate() { copies_.mark(); }
    void handle_rtt(std::uint32_t rtt_us);
    // What the next heartbeat says of loss is not the path's doing.
    void excuse() { is_excused_ = true; }

    OrderMeter& order() { return order_; }
    DataBalance& balance() { return balance_; }
    const DataBalance& balance() const { return balance_; }

    struct Measured {
        const RttWindow& rtt;
        std::uint32_t jitter_us = 0;
        Duration interval{};         // between heartbeats received
        bool was_silent = false;     // heartbeats were missed just before this one
        bool is_judge_weak = false;  // we are slow ourselves: delays are ours
    };
    // none: healthy.
    Diagnostic judge(TimePoint now, const Measured& measured);
    Diagnostic verdict() const { return verdict_; }
    // Others have found that all data is lost that went by this route.
    void blame_data(TimePoint now) {
        verdict_ = Diagnostic::data_lost;
        hold(now);
    }
    // The peer is another, or the route was down: nothing before counts.
    void reset();

 private:
    bool still_holds(TimePoint now, const Measured& m) const;
    Diagnostic find(const Measured& m) const;
    Diagnostic find_delay(const Measured& m) const;
    void hold(TimePoint now);
    void forget_data();

    FaultBits in_;
    FaultBits out_;
    FaultBits copies_;
    std::uint32_t lost_out_ = 0;
    std::uint32_t base_rtt_us_ = 0;  // the least lately; 0: not known
    OrderMeter order_;
    DataBalance balance_;
    std::uint32_t held_until_ = 0;  // ms
    Diagnostic verdict_ = Diagnostic::none;
    std::uint8_t doublings_ = 0;
    std::uint8_t disordered_ = 0;  // windows in a row
    std::uint8_t varied_ = 0;      // heartbeats in a row
    bool is_excused_ = true;       // the first report says nothing
};

}  // namespace netft::core
