#include "netft/core/path_mtu.hpp"

#include <algorithm>

namespace netft::core {

namespace {

std::uint32_t units(Duration d) { return static_cast<std::uint32_t>(d.count() >> 20); }
std::uint32_t units(TimePoint t) { return static_cast<std::uint32_t>(to_ns(t) >> 20); }

}  // namespace

std::uint16_t PathMtu::limit() const { return is_lost_ ? std::max(low_, kBase) : confirmed_; }

std::optional<std::uint16_t> PathMtu::handle_heartbeat(TimePoint at, const Heard& heard) {
    if (heard.ceiling <= kBase) return {};
    std::uint32_t now = units(at);
    if (!is_open_ || ceiling_ != heard.ceiling) {
        reset();
        is_open_ = true;
        ceiling_ = heard.ceiling;
        acknowledged_ = heard.probes_received;
        sent_at_ = now + units(heard.stagger);
    }
    if (acknowledged_ != heard.probes_received) {
        acknowledged_ = heard.probes_received;
        if (outstanding_ != 0) handle_acknowledged(now);
    }
    if (outstanding_ != 0) {
        if (now - sent_at_ < units(heard.timeout)) return {};
        if (++tries_ < tries_max(heard.loss)) {
            sent_at_ = now;
            return outstanding_;
        }
        handle_failed(now);
    }
    std::optional<std::uint16_t> size = next_size(now, heard);
    if (!size) return {};
    outstanding_ = *size;
    tries_ = 0;
    sent_at_ = now;
    return size;
}

// So many that all of them are lost by chance once in 10,000 times at most.
std::uint8_t PathMtu::tries_max(double loss) const {
    constexpr double kChance = 1e-4;
    std::uint8_t tries = is_searching() && low_ != 0 ? std::uint8_t{2} : kTries;
    double all_lost = 1;
    for (std::uint8_t i = 0; i < tries; ++i) all_lost *= loss;
    for (; all_lost > kChance && tries < kTriesMax; ++tries) all_lost *= loss;
    return tries;
}

void PathMtu::handle_acknowledged(std::uint32_t now) {
    std::uint16_t size = outstanding_;
    outstanding_ = 0;
    is_peer_able_ = true;
    if (is_searching()) {
        is_lost_ = true;
        low_ = size;
        end_search_when_done(now);
    } else if (is_lost_ && size < ceiling_) {
        low_ = size;
        high_ = ceiling_;
    } else {
        confirmed_ = size;
        is_lost_ = false;
    }
}

void PathMtu::handle_failed(std::uint32_t now) {
    std::uint16_t size = outstanding_;
    outstanding_ = 0;
    bool is_raise = !is_searching() && confirmed_ != 0 && size > confirmed_;
    if (is_raise) return;
    confirmed_ = 0;
    is_lost_ = is_peer_able_;
    if (size <= kBase) {
        low_ = high_ = 0;
    } else {
        if (!is_searching()) low_ = 0;
        high_ = size;
        end_search_when_done(now);
    }
}

void PathMtu::end_search_when_done(std::uint32_t now) {
    if (low_ == 0 || high_ - low_ > kStep) return;
    confirmed_ = low_;
    low_ = high_ = 0;
    is_lost_ = false;
    raised_at_ = now;
}

std::optional<std::uint16_t> PathMtu::next_size(std::uint32_t now, const Heard& heard) {
    auto waited = [&](std::uint32_t since, Duration d) {
        return static_cast<std::int32_t>(now - since) >= static_cast<std::int32_t>(units(d));
    };
    if (is_searching()) return low_ == 0 ? kBase : static_cast<std::uint16_t>((low_ + high_) / 2);
    if (is_lost_) return waited(sent_at_, kBaseRetry) ? std::optional(kBase) : std::nullopt;
    if (confirmed_ == 0) {
        bool is_first = tries_ == 0;
        return waited(sent_at_, is_first ? kFirst : kOldPeer) ? std::optional(ceiling_)
                                                              : std::nullopt;
    }
    if (confirmed_ < ceiling_ && waited(raised_at_, kRaise)) {
        raised_at_ = now;
        return ceiling_;
    }
    if (!waited(sent_at_, heard.is_active ? kActive : kIdle)) return {};
    return confirmed_;
}

}  // namespace netft::core
