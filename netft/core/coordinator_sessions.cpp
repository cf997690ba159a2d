// The coordinator's part in the life of a session: when the next is asked for, and when it ends
// because none comes.
#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "netft/core/coordinator.hpp"

namespace netft::core {

std::optional<Duration> Coordinator::renew_after() const {
    if (settings_.security == SecurityMode::none) return {};
    return settings_.rekey_after;
}

// A peer out of reach may have lost our session: it is asked for another. Where handshakes arrive
// and nothing else does, that helps neither the first time nor the hundredth.
std::optional<TimePoint> Coordinator::reopens_at(const Peer& peer) {
    if (is_in_reach(peer)) return {};
    TimePoint at = peer.unreachable_since + kReopenAfter;
    const session::Session* session = peer.opening.current();
    if (session == nullptr) return at;
    Duration pause = kReopenAfter;
    for (unsigned i = 1; i < peer.fruitless && pause < kReopenMost; ++i) pause *= 2;
    return std::max(at, session->created + std::min<Duration>(pause, kReopenMost));
}

void Coordinator::keep_sessions(TimePoint now, Peer& peer) {
    std::size_t sessions = peer.opening.sessions().size();
    peer.opening.handle_timers(now);
    if (peer.opening.sessions().size() != sessions) {
        plan_dirty_ = true;
        forget_sends();
    }
    judge_age(now, peer);
    auto reopens = reopens_at(peer);
    bool wants_session = peer.opening.current() == nullptr || (reopens && *reopens <= now) ||
                         peer.opening.wants_renewal(now);
    if (wants_session && !peer.opening.is_initiating()) peer.opening.start(now, fresh_index());
    if (peer.next_card && *peer.next_card <= now) send_card(now, peer);
    if (peer.next_view && *peer.next_view <= now) send_view(now, peer);
}

// Whether keys in use have outlived their time: somebody lets everything pass but handshakes.
void Coordinator::judge_age(TimePoint now, Peer& peer) {
    auto due = peer.opening.overdue_at();
    bool was = std::exchange(peer.is_overdue, is_in_reach(peer) && due && *due <= now);
    if (was == peer.is_overdue) return;
    touch_view(now);
    if (peer.is_overdue)
        note(Notice::Severity::warning, Notice::Fault::peer, "session", overdue_text(peer));
    else if (peer.opening.current() == nullptr)
        note_trouble(now, peer, Standing::unrenewed);
}

std::string Coordinator::overdue_text(const Peer& peer) const {
    auto seconds = [](Duration d) {
        return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(d).count()) + " s";
    };
    return peer.node.name + ": the keys of its session are not renewed (every " +
           seconds(settings_.rekey_after) + "): handshakes are lost or filtered; after " +
           seconds(*peer.opening.end_age()) + " nothing is sent with them any more";
}

// So much was sealed with its keys that they must not be used any longer, renewed or not.
void Coordinator::end_spent(TimePoint now, Peer& peer, SessionIndex local) {
    note(Notice::Severity::error, Notice::Fault::peer, "session",
         peer.node.name +
             ": a session ends, too much was sealed with its keys, and they could not "
             "be renewed: handshakes are lost or filtered");
    peer.opening.drop_session(local);
    plan_dirty_ = true;
    forget_sends();
    note_trouble(now, peer, Standing::unrenewed);
}

// Set by somebody, or by what sets the clock of a machine that was restored. New keys cost nothing,
// whichever it was; timestamps of handshakes go on rising.
void Coordinator::note_clock_jump(TimePoint now, Duration by) {
    if (by < kClockJump && by > -kClockJump) return;
    identity_.wall_offset_ns += std::max(by, Duration{}).count();
    clock_jumped_ = now;
    if (!secure_) return;
    for (auto& [id, peer] : peers_)
        if (!peer.opening.is_initiating()) peer.opening.start(now, fresh_index());
}

// To peers the counters of a restored machine are old: it loses them all. Who reaches nobody loses
// nothing by a new life.
void Coordinator::judge_clock_jump(TimePoint now) {
    if (!clock_jumped_ || now - *clock_jumped_ >= kJumpRemembered) return;
    bool is_alone = std::none_of(peers_.begin(), peers_.end(),
                                 [](const auto& entry) { return is_in_reach(entry.second); });
    if (!is_alone) return;
    clock_jumped_.reset();
    begin_life(now);
}

void Coordinator::handle_machine_restored(TimePoint now, std::int64_t wall_offset_ns) {
    identity_.wall_offset_ns = wall_offset_ns;
    begin_life(now);
}

void Coordinator::begin_life(TimePoint now) {
    note(Notice::Severity::warning, Notice::Fault::local, "session",
         "this machine goes on from a snapshot: all sessions are opened anew");
    identity_.incarnation = fresh_incarnation();
    if (secure_) {
        secure_.reset();
        begin_secure();
    }
    for (auto& [id, peer] : peers_) {
        peer.opening.drop_everything();
        peer.handshake = {};
        peer.owes_introduction = true;
        peer.opening.start(now, fresh_index());
    }
    forget_sends();
    plan_dirty_ = true;
}

// Another in each of several copies of this machine: our own generator goes on alike in all.
std::uint64_t Coordinator::fresh_incarnation() {
    std::array<std::uint8_t, 2 * sizeof(std::uint64_t)> bytes{};
    if (identity_.primitives == nullptr) return random_.next();
    identity_.primitives->random(bytes);
    ByteReader in(bytes);
    random_ = Random(in.u64());
    return in.u64() | 1;
}

}  // namespace netft::core
