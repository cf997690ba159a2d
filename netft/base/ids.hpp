// Strong ids: two ids of different kinds do not mix, and none is an integer by accident.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace netft {

template <class Tag, class Rep>
struct StrongId {
    using Value = Rep;
    Rep value{};

    constexpr StrongId() = default;
    constexpr explicit StrongId(Rep v) : value(v) {}
    constexpr auto operator<=>(const StrongId&) const = default;
    constexpr bool operator==(const StrongId&) const = default;
};

// A local route. On the wire it is the `space` of the route's heartbeats; 0 means "not known".
using RouteId = StrongId<struct RouteIdTag, std::uint16_t>;
// A peer, by its public key: given when the key is first seen, the same over reloads wherever the
// node stands in the file. Says nothing of places in any list.
using PeerId = StrongId<struct PeerIdTag, std::uint16_t>;
// A local endpoint, given by the interface manager; never reused while the daemon runs.
using EndpointId = StrongId<struct EndpointIdTag, std::uint16_t>;
// How all nodes call a node on the wire (wire/relay.hpp); 0 is never a node.
using NodeId = StrongId<struct NodeIdTag, std::uint64_t>;
// Names a session at its receiver; 0 is never a session.
using SessionIndex = StrongId<struct SessionIndexTag, std::uint32_t>;

}  // namespace netft

template <class Tag, class Rep>
struct std::hash<netft::StrongId<Tag, Rep>> {
    std::size_t operator()(netft::StrongId<Tag, Rep> id) const noexcept {
        return std::hash<Rep>{}(id.value);
    }
};
