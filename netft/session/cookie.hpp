// Cookies: proof that a sender receives at the address it names, asked for under load.
//
// PURE. Made as WireGuard's are (whitepaper §5.4.7): nothing is remembered of whom they were given
// to. Threads: control only.
#pragma once

#include <optional>

#include "netft/base/address.hpp"
#include "netft/base/time.hpp"
#include "netft/session/primitives.hpp"
#include "netft/wire/handshake.hpp"

namespace netft::session {

constexpr Duration kCookieAge = 120s;

// HMAC-SHA-256(SHA-256("netft1 mac1" ‖ receiver), before mac1), cut.
Mac make_mac1(Primitives& primitives, const PublicKey& receiver, Bytes before_mac1);
// HMAC-SHA-256(cookie, before mac2), cut.
Mac make_mac2(Primitives& primitives, const Mac& cookie, Bytes before_mac2);
// Writes it into an initiation or a response.
void put_mac2(Primitives& primitives, const Mac& cookie, MutableBytes message);
// In constant time.
bool is_same(const Mac& a, const Mac& b);

// Makes cookies and knows them again.
class CookieJar {
 public:
    explicit CookieJar(const PublicKey& own) : own_(own) {}

    // Whether mac2 of `message` (initiation or response) is right for its sender.
    bool is_valid(Primitives& primitives, TimePoint now, const Endpoint& sender, Bytes message);
    // The answer to `message`: kCookieSize bytes.
    std::array<std::uint8_t, kCookieSize> answer(Primitives& primitives, TimePoint now,
                                                 const Endpoint& sender, Bytes message);

 private:
    void renew_secret(Primitives& primitives, TimePoint now);
    static Mac cookie(Primitives& primitives, const Secret32& secret, const Endpoint& sender);

    PublicKey own_;
    Secret32 secret_;
    Secret32 former_;
    std::optional<TimePoint> secret_since_;
};

// A cookie that a peer gave us.
class CookieStore {
 public:
    // False: it does not answer the message whose mac1 is `mac1`, or does not open.
    bool take(Primitives& primitives, TimePoint now, const PublicKey& peer, const Mac& mac1,
              Bytes message);
    std::optional<Mac> current(TimePoint now) const;

 private:
    Mac cookie_{};
    std::optional<TimePoint> since_;
};

}  // namespace netft::session
