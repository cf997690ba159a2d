// Who may make us do a key agreement now: everybody while it is quiet; under load only who proves
// its address with a cookie, and each address only so often. And not more of them than a fifth of a
// core does, whoever asks.
//
// PURE, fixed size. A flood from spoofed addresses costs a hash a message; a flood from a real
// address costs itself its share. Initiations are counted as they come, answers to ours only where
// they do not open: a node that starts among a thousand gets a thousand at once. Threads: control
// only.
#pragma once

#include <array>
#include <cstdint>

#include "netft/base/address.hpp"
#include "netft/base/token_bucket.hpp"
#include "netft/session/primitives.hpp"

namespace netft::session {

class Doorkeeper {
 public:
    // Handshakes that are taken unasked, and answers that did not open before cookies are asked
    // for.
    static constexpr std::uint32_t kQuietPerSecond = 50;
    static constexpr std::uint32_t kQuietBurst = 64;
    // Under load, from one address.
    static constexpr std::uint32_t kSourcePerSecond = 20;
    static constexpr std::uint32_t kSourceBurst = 20;
    static constexpr std::size_t kSources = 1024;
    // Key agreements for nothing: for what comes from nodes' addresses, and as many for all other
    // addresses. At some 100 us each both are a fifth of a core.
    static constexpr std::uint32_t kWastePerSecond = 1000;
    static constexpr std::uint32_t kWasteBurst = 500;

    // That reading a message takes, at least.
    static constexpr std::uint32_t kAgreements = 2;

    explicit Doorkeeper(Primitives& primitives) { primitives.random(key_.room()); }

    // True: take this initiation, without more ado.
    bool is_quiet(TimePoint now) { return load_.take(now); }
    // True: answers may be tried without more ado.
    bool is_quiet_for_answers(TimePoint now) const { return failed_.has(now); }
    void count_failed_answer(TimePoint now) { failed_.drain(now, 1); }
    // Under load, the cookie being right: whether the address is within its share. `is_known`: it
    // is that of a node; all others of one IPv6 network (/64) are one.
    bool take(Primitives& primitives, TimePoint now, const Endpoint& source, bool is_known);

    // Whether there is time left for key agreements; and what was spent on nothing.
    bool has_time(TimePoint now, bool is_known) const {
        return waste_[is_known].has(now, kAgreements);
    }
    void count_waste(TimePoint now, bool is_known, std::uint32_t agreements) {
        waste_[is_known].drain(now, agreements);
    }

 private:
    RateLimit load_{kQuietPerSecond, kQuietBurst};
    RateLimit failed_{kQuietPerSecond, kQuietBurst};
    std::array<RateLimit, 2> waste_{RateLimit(kWastePerSecond, kWasteBurst),
                                    RateLimit(kWastePerSecond, kWasteBurst)};
    Secret32 key_;  // nobody can choose an address that shares another's bucket
    // By hash of the address: two that meet share, which errs on the side of refusing.
    std::array<TokenBucket, kSources> sources_{};
};

}  // namespace netft::session
