#include "netft/core/path_error.hpp"

namespace netft::core {

Diagnostic reason_of(PathError::Kind kind) {
    switch (kind) {
        case PathError::Kind::port_unreachable: return Diagnostic::rejected_by_peer;
        case PathError::Kind::prohibited: return Diagnostic::prohibited_on_path;
        case PathError::Kind::refused_here: return Diagnostic::refused_by_host;
        case PathError::Kind::rewritten: return Diagnostic::source_rewritten;
    }
    return Diagnostic::none;
}

std::string text_of(const PathError& error, const Endpoint& local) {
    std::string speaker = error.said_by.address.to_string();
    if (error.said_by.address != error.remote.address)
        speaker += " (for " + error.remote.address.to_string() + ")";
    switch (error.kind) {
        case PathError::Kind::port_unreachable:
            return speaker + " answers ICMP port unreachable to " + local.to_string() +
                   ": netftd is not running there, or a firewall rejects";
        case PathError::Kind::prohibited:
            return speaker + " answers ICMP administratively prohibited to " + local.to_string() +
                   ": a firewall rejects what is sent to " + error.remote.to_string();
        case PathError::Kind::refused_here:
            return "this host's firewall (or a prohibiting route) refuses what is sent from " +
                   local.to_string() + " to " + error.remote.to_string();
        case PathError::Kind::rewritten:
            return "heartbeats come from " + error.said_by.to_string() + " instead of " +
                   error.remote.to_string() + " to " + local.to_string() +
                   ": NAT rewrites the source, or the addresses are swapped";
    }
    return {};
}

}  // namespace netft::core
