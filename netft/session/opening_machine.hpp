// Opens and keeps the sessions with one peer: who asks, who answers, which session is in use.
//
// PURE, of all security modes; what the messages contain is others' business. Initiations go out on
// all routes at once until one is answered; the first answer wins. The responder may send on its
// new session only when the initiator has shown it, so that a straggling copy of an old initiation
// changes nothing. When both initiate at the same time, the initiation of the node with the lower
// public key is answered and the other is not. A superseded session is still received for
// kSupersededAge. Keys that cannot be renewed end with their session (ADR 27). Threads: control
// only.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "netft/base/random.hpp"
#include "netft/base/time.hpp"
#include "netft/session/keys.hpp"
#include "netft/wire/opening.hpp"

namespace netft::session {

// What an opening says of its sender: authenticated by the handshake, believed in mode none.
struct OpeningClaim {
    SessionIndex index;             // how the sender calls the session
    std::uint64_t incarnation = 0;  // new at every start of the sender
};

struct Session {
    SessionIndex local;
    SessionIndex remote;
    std::uint64_t incarnation = 0;  // the peer's
    bool confirmed = false;         // we may send on it
    std::uint64_t serial = 0;       // order of creation
    TimePoint created;
    std::optional<TimePoint> superseded;
    bool is_initiator = false;  // we asked for it
    SessionKeysPtr keys;        // nullptr in mode none
};

class OpeningMachine {
 public:
    static constexpr Duration kFirstRetry = 100ms;
    static constexpr Duration kLastRetry = 1s;  // the interval doubles up to this
    static constexpr Duration kPendingAge = 5s;
    static constexpr Duration kSupersededAge = 20s;
    // An initiation this old is made anew.
    static constexpr Duration kInitiationAge = 5s;
    // How long we leave the initiative to a peer whose initiation we answered.
    static constexpr Duration kPatience = 1s;
    // How much longer than the initiator its peer waits before it renews the keys itself.
    static constexpr Duration kRenewalGrace = 10s;
    // A session that cannot be renewed ends when it is so many renewals old, and this old at least.
    static constexpr int kRenewalsToEnd = 10;
    static constexpr Duration kLeastEnd = 5min;
    static constexpr std::size_t kSessionsMax = 3;

    // `is_lower`: our key is the lower one. `renew_after`: age of a session at which the one who
    // asked for it asks for the next; nullopt: never (mode none).
    OpeningMachine(bool is_lower, std::optional<Duration> renew_after)
        : is_lower_(is_lower), renew_after_(renew_after) {}
    void set_renew_after(std::optional<Duration> renew_after) { renew_after_ = renew_after; }

    // Begins to initiate, with `fresh` as our index, unless it is at it already.
    void start(TimePoint now, SessionIndex fresh);
    bool is_initiating() const { return initiating_.has_value(); }
    // The index our initiation carries.
    std::optional<SessionIndex> initiating() const;
    // True: the initiation is too old; renew_initiation() gives it another index.
    bool wants_fresh_initiation(TimePoint now) const;
    void renew_initiation(TimePoint now, SessionIndex fresh);
    // The session in use is due to be replaced.
    bool wants_renewal(TimePoint now) const;
    // When it should long have been replaced; nullopt: no session, or none is renewed.
    std::optional<TimePoint> overdue_at() const;
    // Age at which a session ends that nothing replaces; nullopt: never.
    std::optional<Duration> end_age() const;

    // An initiation that comes now gets no answer: ours is out, and goes before.
    bool keeps_initiative() const { return has_asked() && is_lower_; }
    // Our index for the answer, to be sent by the path the initiation came by; nullopt: no answer,
    // we are the winner of a simultaneous opening. `fresh`: an index nobody uses.
    std::optional<SessionIndex> handle_initiation(TimePoint now, const OpeningClaim& claim,
                                                  SessionIndex fresh);
    // Of the session that handle_initiation() has just made.
    void set_keys(SessionIndex local, SessionKeysPtr keys);
    // False: not the answer to what we asked (rx_stale_opening).
    bool handle_response(TimePoint now, SessionIndex receiver, const OpeningClaim& claim,
                         SessionKeysPtr keys);
    // The peer used the session that we call `local`.
    void handle_shown(TimePoint now, SessionIndex local);
    void handle_timers(TimePoint now);
    std::optional<TimePoint> next_deadline() const;

    bool wants_transmit(TimePoint now) const;
    // When the next try is due; nullopt: not initiating.
    std::optional<TimePoint> next_try() const;
    // One try goes out now: plans the next.
    void count_try(TimePoint now, Random& random);
    // The peer is there after all: what has been put off for long goes out now.
    void handle_sign_of_life(TimePoint now);
    // It asks for a cookie, and has given it to us: the next try will do.
    void handle_cookie(TimePoint now, Random& random);
    // Ends every session with that life of the peer.
    void drop_incarnation(std::uint64_t incarnation);
    // Ends those of the same life that are older than the one in use.
    void drop_predecessors();
    void drop_session(SessionIndex local);
    // Ends all of them, and what is out: our keys may be in other hands.
    void drop_everything();

    // Newest last. At most kSessionsMax.
    const std::vector<Session>& sessions() const { return sessions_; }
    bool has_session(SessionIndex local) const;
    // The one to send on; nullptr: none yet.
    const Session* current() const;

 private:
    struct Initiating {
        SessionIndex local;
        TimePoint next_try;
        Duration interval{};
        TimePoint made;
    };
    // At least one try is out.
    bool has_asked() const { return initiating_ && initiating_->interval > kFirstRetry; }
    Duration renewal_age(const Session& session) const;
    std::optional<TimePoint> end_of(const Session& session) const;
    void add(const Session& session);
    void supersede_all_but_current(TimePoint now);

    bool is_lower_;
    std::optional<Duration> renew_after_;
    std::optional<Initiating> initiating_;
    std::vector<Session> sessions_;
    std::uint64_t next_serial_ = 1;
};

}  // namespace netft::session
