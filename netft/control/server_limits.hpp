// How much one user may ask of the control socket. PURE.
//
// Every connection and every user id has a bucket of requests: so a client in a loop is held up,
// and so is a user who opens many connections to get around that. Root's are ten times as large;
// root is never kept out by what others do, because the last places are root's.
//
// What is refused is told to the audit once a burst, not once a request: a flood must not become a
// flood of the log.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>

#include "netft/base/token_bucket.hpp"

namespace netft::control {

// A rate limit that knows whether its refusals have been told of.
class RequestLimit {
 public:
    RequestLimit(std::uint32_t per_second, std::uint32_t burst) : limit_(per_second, burst) {}
    bool take(TimePoint now);
    void drain(TimePoint now, std::uint32_t count);
    bool is_full(TimePoint now) const { return limit_.is_full(now); }
    // True the first time since it was full.
    bool tell_once();

 private:
    void forget_when_full(TimePoint now);

    RateLimit limit_;
    bool told_ = false;
};

struct Admission {
    bool admitted = true;
    bool first = false;  // of a burst: to be audited
};

class ServerLimits {
 public:
    static constexpr std::size_t kClientsMax = 64;
    static constexpr std::size_t kRootClients = 16;  // of these, kept free for root
    static constexpr std::size_t kUserClientsMax = 16;
    static constexpr std::size_t kUsersMax = 1024;  // remembered at a time
    static constexpr std::uint32_t kRequestsPerSecond = 100;
    static constexpr std::uint32_t kRequestsBurst = 200;
    static constexpr std::uint32_t kRootFactor = 10;
    // A request that is refused leaves an audit record: it costs as much as so many others.
    static constexpr std::uint32_t kRefusalCost = 20;

    static RequestLimit client_bucket(uid_t uid);

    // `own` of `all` clients are this user's already.
    Admission admit_client(TimePoint now, uid_t uid, std::size_t own, std::size_t all);
    Admission admit_request(TimePoint now, uid_t uid, RequestLimit& client);
    void handle_refusal(TimePoint now, uid_t uid);

 private:
    struct User {
        explicit User(uid_t uid);
        RequestLimit requests;
        RequestLimit refused_clients;
    };
    // nullptr: too many users at a time.
    User* find(TimePoint now, uid_t uid);

    std::map<uid_t, User> users_;
};

}  // namespace netft::control
