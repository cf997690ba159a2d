#include "netft/session/doorkeeper.hpp"

namespace netft::session {

bool Doorkeeper::take(Primitives& primitives, TimePoint now, const Endpoint& source,
                      bool is_known) {
    Bytes address = source.address.bytes();
    constexpr std::size_t kNetworkBytes = 8;
    bool is_wide = address.size() > kNetworkBytes && !is_known;
    std::array<std::uint8_t, 4> scope{};
    ByteWriter(scope).u32(source.address.scope());
    Digest digest =
        primitives.hmac(key_.bytes(), {is_wide ? address.first(kNetworkBytes) : address, scope});
    std::size_t slot = ByteReader(digest).u16() % kSources;
    return sources_[slot].take(now, Rate::of(kSourcePerSecond, kSourceBurst));
}

}  // namespace netft::session
