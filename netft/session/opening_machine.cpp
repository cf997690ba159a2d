#include "netft/session/opening_machine.hpp"

#include <algorithm>

#include "netft/base/assert.hpp"

namespace netft::session {

std::optional<Duration> OpeningMachine::end_age() const {
    if (!renew_after_) return {};
    return std::max<Duration>(kLeastEnd, *renew_after_ * kRenewalsToEnd);
}

std::optional<TimePoint> OpeningMachine::end_of(const Session& session) const {
    if (session.superseded) return *session.superseded + kSupersededAge;
    if (!session.confirmed) return session.created + kPendingAge;
    if (auto age = end_age()) return session.created + *age;
    return {};
}

void OpeningMachine::start(TimePoint now, SessionIndex fresh) {
    if (initiating_) return;
    TimePoint first = now;
    // A peer that is just opening a session with us shall have time to finish.
    for (const Session& session : sessions_)
        if (!session.confirmed) first = std::max(first, session.created + kPatience);
    initiating_ = {fresh, first, kFirstRetry, now};
}

std::optional<SessionIndex> OpeningMachine::initiating() const {
    if (!initiating_) return {};
    return initiating_->local;
}

bool OpeningMachine::wants_fresh_initiation(TimePoint now) const {
    return initiating_ && now - initiating_->made >= kInitiationAge;
}

void OpeningMachine::renew_initiation(TimePoint now, SessionIndex fresh) {
    NETFT_ASSERT(initiating_.has_value());
    initiating_->local = fresh;
    initiating_->made = now;
}

Duration OpeningMachine::renewal_age(const Session& session) const {
    return *renew_after_ + (session.is_initiator ? Duration{} : kRenewalGrace);
}

bool OpeningMachine::wants_renewal(TimePoint now) const {
    const Session* session = current();
    return renew_after_ && session != nullptr && now - session->created >= renewal_age(*session);
}

std::optional<TimePoint> OpeningMachine::overdue_at() const {
    const Session* session = current();
    if (!renew_after_ || session == nullptr) return {};
    return session->created + renewal_age(*session) + *renew_after_;
}

std::optional<SessionIndex> OpeningMachine::handle_initiation(TimePoint now,
                                                              const OpeningClaim& claim,
                                                              SessionIndex fresh) {
    for (const Session& session : sessions_)
        if (!session.is_initiator && session.remote == claim.index &&
            session.incarnation == claim.incarnation)
            return session.local;  // a copy: the same answer again
    bool asked = has_asked();
    if (keeps_initiative()) return {};
    // The peer's goes on. Ours is given up if it is out (an answer to it would make a second
    // session that the two ends rank differently), else it waits.
    if (asked)
        initiating_.reset();
    else if (initiating_)
        initiating_->next_try = std::max(initiating_->next_try, now + kPatience);
    Session session;
    session.local = fresh;
    session.remote = claim.index;
    session.incarnation = claim.incarnation;
    session.created = now;
    add(session);
    return fresh;
}

void OpeningMachine::set_keys(SessionIndex local, SessionKeysPtr keys) {
    for (Session& session : sessions_)
        if (session.local == local) session.keys = keys;
}

bool OpeningMachine::handle_response(TimePoint now, SessionIndex receiver,
                                     const OpeningClaim& claim, SessionKeysPtr keys) {
    if (!initiating_ || initiating_->local != receiver) return false;
    initiating_.reset();
    Session session;
    session.local = receiver;
    session.remote = claim.index;
    session.incarnation = claim.incarnation;
    session.confirmed = true;
    session.created = now;
    session.is_initiator = true;
    session.keys = std::move(keys);
    add(session);
    supersede_all_but_current(now);
    return true;
}

void OpeningMachine::handle_shown(TimePoint now, SessionIndex local) {
    for (Session& session : sessions_) {
        if (session.local != local || session.confirmed) continue;
        session.confirmed = true;
        initiating_.reset();
        supersede_all_but_current(now);
        return;
    }
}

void OpeningMachine::handle_timers(TimePoint now) {
    std::erase_if(sessions_, [this, now](const Session& session) {
        auto end = end_of(session);
        return end && *end <= now;
    });
}

std::optional<TimePoint> OpeningMachine::next_deadline() const {
    std::optional<TimePoint> soonest;
    if (initiating_) soonest = initiating_->next_try;
    for (const Session& session : sessions_)
        if (auto end = end_of(session); end && (!soonest || *end < *soonest)) soonest = end;
    const Session* session = current();
    if (renew_after_ && session != nullptr && !initiating_) {
        TimePoint due = session->created + renewal_age(*session);
        if (!soonest || due < *soonest) soonest = due;
    }
    return soonest;
}

bool OpeningMachine::wants_transmit(TimePoint now) const {
    return initiating_ && initiating_->next_try <= now;
}

std::optional<TimePoint> OpeningMachine::next_try() const {
    if (!initiating_) return {};
    return initiating_->next_try;
}

void OpeningMachine::count_try(TimePoint now, Random& random) {
    NETFT_ASSERT(initiating_.has_value());
    Duration interval = initiating_->interval;
    initiating_->next_try = now + random.between(interval * 3 / 4, interval);
    initiating_->interval = std::min(interval * 2, kLastRetry);
}

void OpeningMachine::handle_sign_of_life(TimePoint now) {
    if (!initiating_ || initiating_->interval < kLastRetry) return;
    initiating_->next_try = std::min(initiating_->next_try, now);
    initiating_->interval = 2 * kFirstRetry;  // not the first: one is out
}

void OpeningMachine::handle_cookie(TimePoint now, Random& random) {
    if (!initiating_) return;
    TimePoint soon = now + random.between(kFirstRetry / 2, kFirstRetry);
    initiating_->next_try = std::min(initiating_->next_try, soon);
}

void OpeningMachine::drop_incarnation(std::uint64_t incarnation) {
    std::erase_if(sessions_, [incarnation](const Session& session) {
        return session.incarnation == incarnation;
    });
}

void OpeningMachine::drop_predecessors() {
    const Session* found = current();
    if (found == nullptr) return;
    Session keep = *found;  // erasing moves it
    std::erase_if(sessions_, [&keep](const Session& session) {
        return session.incarnation == keep.incarnation && session.serial < keep.serial;
    });
}

void OpeningMachine::drop_session(SessionIndex local) {
    std::erase_if(sessions_, [local](const Session& session) { return session.local == local; });
}

void OpeningMachine::drop_everything() {
    sessions_.clear();
    initiating_.reset();
}

bool OpeningMachine::has_session(SessionIndex local) const {
    return std::any_of(sessions_.begin(), sessions_.end(),
                       [local](const Session& session) { return session.local == local; });
}

const Session* OpeningMachine::current() const {
    const Session* best = nullptr;
    for (const Session& session : sessions_)
        if (session.confirmed && (best == nullptr || session.serial > best->serial))
            best = &session;
    return best;
}

void OpeningMachine::add(const Session& session) {
    if (sessions_.size() == kSessionsMax) {
        // The one in use stays; of the others the oldest goes.
        const Session* keep = current();
        auto oldest = std::find_if(sessions_.begin(), sessions_.end(),
                                   [keep](const Session& s) { return &s != keep; });
        sessions_.erase(oldest);
    }
    sessions_.push_back(session);
    sessions_.back().serial = next_serial_++;
}

// What is pending stays so until it ends: a straggler may have confirmed another one.
void OpeningMachine::supersede_all_but_current(TimePoint now) {
    const Session* keep = current();
    for (Session& session : sessions_)
        if (&session != keep && session.confirmed && !session.superseded) session.superseded = now;
}

}  // namespace netft::session
