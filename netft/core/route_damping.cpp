// What of a route's doings counts as a flap (core/damping), and what follows.
//
// A loss or a suspicion counts that is the path's: not what people did, not what a node's restart,
// end or stall did. Which of them it was may turn out later; then it is taken back.
#include <algorithm>
#include <array>
#include <cmath>

#include "netft/core/route.hpp"

namespace netft::core {

namespace {

// What people do, and the ends' own restarts and stalls. What a later version says is the path's.
constexpr std::array kNotThePath{Diagnostic::none,
                                 Diagnostic::administratively_down,
                                 Diagnostic::interface_admin_down,
                                 Diagnostic::shutting_down,
                                 Diagnostic::peer_restarted,
                                 Diagnostic::peer_restarting,
                                 Diagnostic::restart_overdue,
                                 Diagnostic::session_lost,
                                 Diagnostic::local_stall,
                                 Diagnostic::peer_stalled};

bool is_path_fault(Diagnostic reason) {
    return std::find(kNotThePath.begin(), kNotThePath.end(), reason) == kNotThePath.end();
}

}  // namespace

void Route::note_loss(Diagnostic reason) {
    if (is_path_fault(reason))
        count_as(Counted::loss);
    else
        counted_ = Counted::nothing;
}

// A slow node suspects everybody. A path that takes heartbeats and loses data is as good as down.
void Route::note_suspicion(Diagnostic reason) {
    bool is_node = patience_ > 4 || stall_tellings_ > 0 || remote_was_stalled_;
    if (is_node || !is_path_fault(reason)) return;
    count_as(reason == Diagnostic::data_lost ? Counted::loss : Counted::suspicion);
}

// The loss or suspicion that goes on is no fault of the path.
void Route::excuse_flap() { count_as(Counted::nothing); }

// What it has been counted as before is part of it.
void Route::count_as(Counted as) {
    constexpr std::array<int, 3> kFlaps{0, 1, Damping::kLoss / Damping::kSuspicion};
    int more = kFlaps[static_cast<std::size_t>(as)] - kFlaps[static_cast<std::size_t>(counted_)];
    owed_flaps_ = static_cast<std::int8_t>(owed_flaps_ + more);
    counted_ = as;
}

void Route::count_flaps(TimePoint now, const DampingRule& rule) {
    if (owed_flaps_ != 0) damping_.add(now, rule, owed_flaps_ * Damping::kSuspicion);
    owed_flaps_ = 0;
    bool was_damped = damped_;
    damped_ = damping_.is_damped(now, rule, was_damped);
    if (damped_ == was_damped || !is_up()) return;
    transmit_due_ = may_send();
    emit(now, state_, suspect_, damped_ ? Diagnostic::flapping : reason_,
         !damped_ && remote_said_so_);
}

void Route::report_damping(TimePoint now, const DampingRule& rule, RouteReport& out) const {
    out.penalty = static_cast<std::uint32_t>(std::lround(damping_.penalty(now, rule)));
    OptionalTime free_at = damping_.free_at();
    if (free_at && *free_at > now) out.reuse_in = *free_at - now;
}

}  // namespace netft::core
