#include "netft/session/doorkeeper.hpp"

#include <functional>

namespace netft::session {

bool Doorkeeper::take(TimePoint now, const Endpoint& source) {
    std::size_t slot = std::hash<Endpoint>{}(Endpoint{source.address, 0}) % kSources;
    return sources_[slot].take(now, Rate::of(kSourcePerSecond, kSourceBurst));
}

}  // namespace netft::session
