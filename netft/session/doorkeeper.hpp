// Who may make us do a key agreement now: everybody while it is quiet; under load only who proves
// its address with a cookie, and each address only so often.
//
// PURE, fixed size. A flood from spoofed addresses costs a hash a message; a flood from a real
// address costs itself its share. Threads: control only.
#pragma once

#include <array>
#include <cstdint>

#include "netft/base/address.hpp"
#include "netft/base/token_bucket.hpp"

namespace netft::session {

class Doorkeeper {
 public:
    // Handshakes that are taken unasked.
    static constexpr std::uint32_t kQuietPerSecond = 50;
    static constexpr std::uint32_t kQuietBurst = 64;
    // Under load, from one address.
    static constexpr std::uint32_t kSourcePerSecond = 20;
    static constexpr std::uint32_t kSourceBurst = 20;
    static constexpr std::size_t kSources = 1024;

    // True: take it, without more ado.
    bool is_quiet(TimePoint now) { return load_.take(now); }
    // Under load, the cookie being right: whether the address is within its share.
    bool take(TimePoint now, const Endpoint& source);

 private:
    RateLimit load_{kQuietPerSecond, kQuietBurst};
    // By hash of the address: two that meet share, which errs on the side of refusing.
    std::array<TokenBucket, kSources> sources_{};
};

}  // namespace netft::session
