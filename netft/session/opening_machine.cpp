#include "netft/session/opening_machine.hpp"

#include <algorithm>

#include "netft/base/assert.hpp"

namespace netft::session {

namespace {

std::optional<TimePoint> end_of(const Session& session) {
    if (session.superseded) return *session.superseded + OpeningMachine::kSupersededAge;
    if (!session.confirmed) return session.created + OpeningMachine::kPendingAge;
    return {};
}

}  // namespace

void OpeningMachine::start(TimePoint now, SessionIndex fresh) {
    if (initiating_) return;
    TimePoint first = now;
    // A peer that is just opening a session with us shall have time to finish.
    for (const Session& session : sessions_)
        if (!session.confirmed) first = std::max(first, session.created + kPatience);
    initiating_ = {fresh, first, kFirstRetry};
}

std::optional<Opening> OpeningMachine::handle_initiation(TimePoint now, const Opening& initiation,
                                                         SessionIndex fresh) {
    for (const Session& session : sessions_)
        if (session.remote == initiation.sender_index &&
            session.incarnation == initiation.incarnation)
            return compose(session.local);  // a copy: the same answer again
    bool asked = initiating_ && initiating_->interval > kFirstRetry;  // at least one try is out
    if (asked && identity_.own_key < identity_.peer_key) return {};
    // The peer's goes on. Ours is given up if it is out (an answer to it would make a second
    // session that the two ends rank differently), else it waits.
    if (asked)
        initiating_.reset();
    else if (initiating_)
        initiating_->next_try = std::max(initiating_->next_try, now + kPatience);
    add({fresh, initiation.sender_index, initiation.incarnation, false, next_serial_++, now, {}});
    return compose(fresh);
}

bool OpeningMachine::handle_response(TimePoint now, SessionIndex receiver,
                                     const Opening& response) {
    if (!initiating_ || initiating_->local != receiver) return false;
    initiating_.reset();
    add({receiver, response.sender_index, response.incarnation, true, next_serial_++, now, {}});
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
    std::erase_if(sessions_, [now](const Session& session) {
        auto end = end_of(session);
        return end && *end <= now;
    });
}

std::optional<TimePoint> OpeningMachine::next_deadline() const {
    std::optional<TimePoint> soonest;
    if (initiating_) soonest = initiating_->next_try;
    for (const Session& session : sessions_)
        if (auto end = end_of(session); end && (!soonest || *end < *soonest)) soonest = end;
    return soonest;
}

bool OpeningMachine::wants_transmit(TimePoint now) const {
    return initiating_ && initiating_->next_try <= now;
}

Opening OpeningMachine::make_initiation(TimePoint now, Random& random) {
    NETFT_ASSERT(initiating_.has_value());
    Duration interval = initiating_->interval;
    initiating_->next_try = now + random.between(interval * 3 / 4, interval);
    initiating_->interval = std::min(interval * 2, kLastRetry);
    return compose(initiating_->local);
}

const Session* OpeningMachine::current() const {
    const Session* best = nullptr;
    for (const Session& session : sessions_)
        if (session.confirmed && (best == nullptr || session.serial > best->serial))
            best = &session;
    return best;
}

Opening OpeningMachine::compose(SessionIndex local) const {
    return {identity_.cluster,     identity_.own_key, identity_.peer_key, local,
            identity_.incarnation, identity_.mode};
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
}

// What is pending stays so until it ends: a straggler may have confirmed another one.
void OpeningMachine::supersede_all_but_current(TimePoint now) {
    const Session* keep = current();
    for (Session& session : sessions_)
        if (&session != keep && session.confirmed && !session.superseded) session.superseded = now;
}

}  // namespace netft::session
