#include "netft/session/doorkeeper.hpp"

#include <functional>

namespace netft::session {

namespace {

constexpr std::uint64_t kToken = 1'000'000'000;

}  // namespace

bool Doorkeeper::Bucket::take(TimePoint now, std::uint32_t per_second, std::uint32_t burst) {
    auto passed = now > at ? static_cast<std::uint64_t>((now - at).count()) : 0;
    std::uint64_t full = burst * kToken;
    // Above this the bucket has run off whatever was in it.
    std::uint64_t earned = passed > full / per_second ? full : passed * per_second;
    spent = spent > earned ? spent - earned : 0;
    at = now;
    if (spent + kToken > full) return false;
    spent += kToken;
    return true;
}

bool Doorkeeper::take(TimePoint now, const Endpoint& source) {
    std::size_t slot = std::hash<Endpoint>{}(Endpoint{source.address, 0}) % kSources;
    return sources_[slot].take(now, kSourcePerSecond, kSourceBurst);
}

}  // namespace netft::session
