// What control tells people: lines for the log, and its peers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "netft/base/address.hpp"
#include "netft/base/ids.hpp"
#include "netft/base/time.hpp"
#include "netft/core/policy.hpp"

namespace netft::core {

// A line for the log.
struct Notice {
    enum class Severity : std::uint8_t { info, warning, error };
    enum class Fault : std::uint8_t { none, peer, local, config };
    Severity severity = Severity::info;
    Fault fault = Fault::none;
    std::string module;  // "IM", "TM", "session", "card"
    std::string text;
};

// What people are shown of a peer.
struct PeerView {
    PeerId id;
    std::string name;
    bool has_session = false;
    bool has_card = false;
    bool reachable = false;  // directly
    std::string relay;       // the node that brings it what we send, no direct route being up
    std::string note;
    IpAddress ipv4;
    IpAddress ipv6;
    std::optional<TimePoint> session_since;  // of the session in use
    std::uint64_t sessions_opened = 0;
    TrafficRule traffic;                   // from us to it
    std::vector<IpAddress> claimed = {};   // floating addresses that it has
    std::vector<std::string> doubts = {};  // what of its card is not used, and why
};

}  // namespace netft::core
