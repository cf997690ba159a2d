#include "netft/core/sickness.hpp"

#include <algorithm>

namespace netft::core {

namespace {

constexpr unsigned kBadBegins = 4;  // of 32: loss of an eighth
constexpr unsigned kCopiesBegin = 6;
constexpr unsigned kLatePercent = 5;
constexpr unsigned kDisorderedBegins = 2;
constexpr unsigned kVariedBegins = 8;
constexpr unsigned kDataBegins = 3;         // windows in a row
constexpr std::uint32_t kLoadedLeast = 40;  // datagrams in three intervals
// Samples whose least is held against the base.
constexpr unsigned kRttSpan = 8;
constexpr unsigned kRttSpanLoaded = 3;
// The base follows a path that has become longer for good: 1/2^12 of the difference a sample.
constexpr unsigned kBaseShift = 12;

std::uint32_t units(TimePoint t) { return static_cast<std::uint32_t>(to_ns(t) >> 20); }
std::uint32_t millis(TimePoint t) { return static_cast<std::uint32_t>(to_ns(t) / 1'000'000); }
std::uint32_t low(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
bool is_before(std::uint32_t a, std::uint32_t b) { return static_cast<std::int32_t>(a - b) < 0; }

std::uint8_t one_more(std::uint8_t n) { return static_cast<std::uint8_t>(std::min(n + 1, 255)); }

bool is_of_data(Diagnostic verdict) {
    return verdict == Diagnostic::data_lost || verdict == Diagnostic::packets_reordered ||
           verdict == Diagnostic::rate_limited;
}

// How much longer than the base an RTT may be, in µs: a clock that runs 5 % fast makes a twentieth
// of an interval of it.
std::uint32_t slack_us(Duration interval) {
    return static_cast<std::uint32_t>(to_us(interval) / 8);
}

}  // namespace

void FaultBits::add(unsigned good, unsigned bad) {
    for (unsigned i = 0; i < std::min(bad, 2u); ++i) bits_ = bits_ << 1 | 1;
    bits_ = good < kSpan ? bits_ << good : 0;
}

void FaultBits::take_back(unsigned count) {
    for (; count > 0; --count) bits_ &= bits_ - 1;
}

void OrderMeter::handle_data(TimePoint now, std::uint64_t counter) {
    std::uint32_t n = low(counter);
    if (!is_open_) {
        *this = OrderMeter();
        is_open_ = true;
        highest_ = before_ = next_before_ = n;
        marked_ = units(now);
    }
    if (is_before(n, before_) && late_ < 0xffff) ++late_;
    if (seen_ < 0xffff) ++seen_;
    if (is_before(highest_, n)) highest_ = n;
    if (units(now) - marked_ < kOvertaken) return;
    before_ = next_before_;
    next_before_ = highest_;
    marked_ = units(now);
}

std::optional<unsigned> OrderMeter::take_late_percent(TimePoint now) {
    std::uint32_t age = units(now) - taken_;
    bool is_ripe = seen_ >= kLeast && age >= units(TimePoint(kWindow));
    if (!is_ripe && age < units(TimePoint(kWindowMax))) return {};
    taken_ = units(now);
    unsigned percent = is_ripe ? late_ * 100u / seen_ : 0;
    seen_ = late_ = 0;
    return percent;
}

void DataBalance::handle_sent(std::uint64_t transmit_time_ns, std::uint64_t sent) {
    Sent& oldest = sent_[next_];
    lately_ = oldest.when == 0 ? 0 : low(sent) - oldest.data;
    oldest = {low(transmit_time_ns), low(sent)};
    next_ = static_cast<std::uint8_t>((next_ + 1) % sent_.size());
}

std::optional<std::uint32_t> DataBalance::sent_with(std::uint64_t transmit_time_ns) const {
    for (const Sent& sent : sent_)
        if (sent.when == low(transmit_time_ns)) return sent.data;
    return {};
}

bool DataBalance::handle_echo(TimePoint now, std::uint64_t echo_time_ns, std::uint64_t received) {
    auto found = std::find_if(sent_.begin(), sent_.end(), [echo_time_ns](const Sent& s) {
        return s.when == low(echo_time_ns);
    });
    if (found == sent_.end()) return false;
    std::uint32_t sent = found->data - begin_sent_;
    std::uint32_t came = low(received) - begin_received_;
    bool is_over = units(now) - began_ >= units(TimePoint(kWindow)) && sent >= kLeast;
    bool is_stale = units(now) - began_ >= units(TimePoint(10s));
    bool went_back =
        is_before(found->data, begin_sent_) || is_before(low(received), begin_received_);
    if (has_begun_ && !went_back && !is_over && !is_stale) return false;
    if (!has_begun_ || went_back || !is_over)
        bad_ = 0;
    else if (came < sent && (sent - came) >= sent / 100 * kLossPercent + sent % 100 / 6)
        bad_ = one_more(bad_);
    else
        bad_ = 0;
    has_begun_ = true;
    begin_sent_ = found->data;
    begin_received_ = low(received);
    began_ = units(now);
    return is_over;
}

void Sickness::handle_heartbeat(unsigned lost_in, std::uint32_t lost_out_total) {
    std::uint32_t lost_out = lost_out_total - lost_out_;
    lost_out_ = lost_out_total;
    copies_.add(1, 0);
    if (is_excused_) lost_in = lost_out = 0;
    is_excused_ = false;
    in_.add(1, lost_in);
    if (is_before(lost_out, 0))
        out_.take_back(std::min(0u - lost_out, FaultBits::kSpan));
    else
        out_.add(1, lost_out);
}

void Sickness::handle_rtt(std::uint32_t rtt_us) {
    if (base_rtt_us_ == 0 || rtt_us < base_rtt_us_)
        base_rtt_us_ = std::max(rtt_us, 1u);
    else
        base_rtt_us_ += (rtt_us - base_rtt_us_) >> kBaseShift;
}

// What holds begins anew only when it has ended; the reason does not move about.
bool Sickness::still_holds(TimePoint now, const Measured& m) const {
    std::uint32_t slack = slack_us(m.interval);
    auto least = m.rtt.least(kRttSpan);
    switch (verdict_) {
        case Diagnostic::packets_lost: return in_.bad() + out_.bad() > 0;
        case Diagnostic::packets_duplicated: return copies_.bad() > 0;
        case Diagnostic::delay_rose: return least && *least > 2 * base_rtt_us_ + 10'000 + slack;
        case Diagnostic::delay_varies: return m.jitter_us > 7'000 + slack / 2 + base_rtt_us_ / 4;
        case Diagnostic::data_lost:
        case Diagnostic::packets_reordered:
        case Diagnostic::rate_limited: return is_before(millis(now), held_until_);
        default: return false;
    }
}

// Under load, a queue that fills is seen in three samples, or in one after a silence: what is lost
// does not come late.
Diagnostic Sickness::find_delay(const Measured& m) const {
    if (base_rtt_us_ == 0 || m.is_judge_weak) return Diagnostic::none;
    std::uint32_t bound = 4 * base_rtt_us_ + slack_us(m.interval);
    bool is_loaded = balance_.lately() >= kLoadedLeast;
    auto last = m.rtt.least(1);
    auto few = m.rtt.least(kRttSpanLoaded);
    bool is_full =
        (few && *few > bound + 50'000) || (m.was_silent && last && *last > bound + 100'000);
    if (is_loaded && is_full) return Diagnostic::rate_limited;
    auto many = m.rtt.least(kRttSpan);
    return many && *many > bound + 25'000 ? Diagnostic::delay_rose : Diagnostic::none;
}

Diagnostic Sickness::find(const Measured& m) const {
    if (auto delay = find_delay(m); delay != Diagnostic::none) return delay;
    if (in_.bad() >= kBadBegins || out_.bad() >= kBadBegins) return Diagnostic::packets_lost;
    if (balance_.bad_windows() >= kDataBegins) return Diagnostic::data_lost;
    if (disordered_ >= kDisorderedBegins) return Diagnostic::packets_reordered;
    if (varied_ >= kVariedBegins) return Diagnostic::delay_varies;
    if (copies_.bad() >= kCopiesBegin) return Diagnostic::packets_duplicated;
    return Diagnostic::none;
}

Diagnostic Sickness::judge(TimePoint now, const Measured& m) {
    if (auto late = order_.take_late_percent(now))
        disordered_ = *late < kLatePercent ? std::uint8_t{0} : one_more(disordered_);
    bool varies = m.jitter_us > 15'000 + slack_us(m.interval) + base_rtt_us_ / 2;
    varied_ = varies && !m.is_judge_weak ? one_more(varied_) : std::uint8_t{0};
    if (verdict_ != Diagnostic::none && still_holds(now, m)) return verdict_;
    if (is_of_data(verdict_)) forget_data();
    verdict_ = find(m);
    if (is_of_data(verdict_)) hold(now);
    return verdict_;
}

void Sickness::hold(TimePoint now) {
    // Long after the last one, it is another.
    auto length = static_cast<std::uint32_t>(to_ms(kHold)) << doublings_;
    bool is_again = held_until_ != 0 && millis(now) - held_until_ < 4 * length;
    if (!is_again)
        doublings_ = 0;
    else if (doublings_ < kHoldDoublings)
        ++doublings_;
    held_until_ = millis(now) + (static_cast<std::uint32_t>(to_ms(kHold)) << doublings_);
    forget_data();
}

// What was measured before a verdict, or under it, is no evidence for the next.
void Sickness::forget_data() {
    balance_.reset();
    disordered_ = 0;
}

void Sickness::reset() { *this = Sickness(); }

}  // namespace netft::core
