// Is all well? The one answer that `show`, `check` and their JSON give. PURE.
//
// An expected route that is not up is critical: the redundancy that it is there for is gone, as is
// that of a peer joined by fewer independent networks than the file lists or than it had. So is
// a peer whose packets this host sends elsewhere than by the adapter. A route that is suspect or
// damped, a card that contradicts the configuration or another's, and a fault of this node's set-up
// are warnings.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "netft/control/status.hpp"

namespace netft::control {

enum class Severity : std::uint8_t { ok, warning, critical };
std::string_view to_string(Severity severity);

struct VerdictFinding {
    Severity severity = Severity::ok;
    std::string peer;                    // "": this node
    std::string reason;                  // for people
    const RouteStatus* route = nullptr;  // that it is about; borrowed
};

struct PeerVerdict {
    std::string peer;
    std::size_t networks_up = 0;  // independent ones
    std::size_t networks_expected = 0;
};

struct Verdict {
    Severity severity = Severity::ok;
    std::size_t routes_up = 0;  // and well
    std::size_t routes_expected = 0;
    std::vector<VerdictFinding> findings;
    std::vector<PeerVerdict> peers;
};

// How many networks these routes run over that no single cut takes all together: of networks, our
// NICs and the peer's addresses the fewest. `up`: of those that are up only.
std::size_t independent_networks(const PeerStatus& peer, bool only_up);

Verdict judge(const NodeStatus& status);
nlohmann::json to_json(const Verdict& verdict);

}  // namespace netft::control
