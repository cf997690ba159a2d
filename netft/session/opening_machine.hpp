// Opens and keeps the session with one peer (security mode none).
//
// PURE. Initiations go out on all routes at once until one is answered; the first answer wins. The
// responder may send on its new session only when the initiator has shown it, so that a straggling
// copy of an old initiation changes nothing. When both initiate at the same time, the initiation of
// the node with the lower public key is answered and the other is not. A superseded session is
// still received for kSupersededAge.
// Threads: control only.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "netft/base/random.hpp"
#include "netft/base/time.hpp"
#include "netft/wire/opening.hpp"

namespace netft::session {

struct OpeningIdentity {
    ClusterId cluster{};
    PublicKey own_key{};
    PublicKey peer_key{};
    std::uint64_t incarnation = 0;  // ours, new at every start
    SecurityMode mode = SecurityMode::none;
};

struct Session {
    SessionIndex local;
    SessionIndex remote;
    std::uint64_t incarnation = 0;  // the peer's
    bool confirmed = false;         // we may send on it
    std::uint64_t serial = 0;       // order of creation
    TimePoint created;
    std::optional<TimePoint> superseded;
};

class OpeningMachine {
 public:
    static constexpr Duration kFirstRetry = 100ms;
    static constexpr Duration kLastRetry = 1s;  // the interval doubles up to this
    static constexpr Duration kPendingAge = 5s;
    static constexpr Duration kSupersededAge = 20s;
    // How long we leave the initiative to a peer whose initiation we answered.
    static constexpr Duration kPatience = 1s;
    static constexpr std::size_t kSessionsMax = 3;

    explicit OpeningMachine(const OpeningIdentity& identity) : identity_(identity) {}

    // Begins to initiate, with `fresh` as our index, unless it is at it already.
    void start(TimePoint now, SessionIndex fresh);
    bool is_initiating() const { return initiating_.has_value(); }

    // The answer to send back by the path the initiation came by; nullopt: none, we are the winner
    // of a simultaneous opening. `fresh`: an index nobody uses. The caller has checked cluster,
    // keys and mode.
    std::optional<Opening> handle_initiation(TimePoint now, const Opening& initiation,
                                             SessionIndex fresh);
    // False: not the answer to what we asked (rx_stale_opening).
    bool handle_response(TimePoint now, SessionIndex receiver, const Opening& response);
    // The peer used the session that we call `local`.
    void handle_shown(TimePoint now, SessionIndex local);
    void handle_timers(TimePoint now);
    std::optional<TimePoint> next_deadline() const;

    bool wants_transmit(TimePoint now) const;
    Opening make_initiation(TimePoint now, Random& random);

    // Newest last. At most kSessionsMax.
    const std::vector<Session>& sessions() const { return sessions_; }
    // The one to send on; nullptr: none yet.
    const Session* current() const;

 private:
    struct Initiating {
        SessionIndex local;
        TimePoint next_try;
        Duration interval{};
    };
    Opening compose(SessionIndex local) const;
    void add(const Session& session);
    void supersede_all_but_current(TimePoint now);

    OpeningIdentity identity_;
    std::optional<Initiating> initiating_;
    std::vector<Session> sessions_;
    std::uint64_t next_serial_ = 1;
};

}  // namespace netft::session
