// One end of a possible route, ours or a peer's, with all that the rules ask about it. PURE.
#pragma once

#include <cstdint>
#include <string>

#include "netft/base/address.hpp"
#include "netft/base/ids.hpp"
#include "netft/wire/control.hpp"
#include "netft/wire/heartbeat.hpp"

namespace netft::routing {

struct End {
    Endpoint endpoint;               // without scope
    std::uint8_t prefix_length = 0;  // 0: not known
    NetworkRole role = NetworkRole::cluster;
    std::uint32_t metric = 0;
    std::uint16_t mtu = 0;
    bool configured = false;
    bool usable = true;
    Diagnostic reason = Diagnostic::none;
    std::string interface;  // empty: not known
    std::string network;    // name for people
    // Ours only.
    EndpointId id;
    std::uint32_t interface_index = 0;
    std::string nic;  // below the interface; empty: itself
    bool strict_filter = false;
};

}  // namespace netft::routing
