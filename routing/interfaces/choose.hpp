// Which addresses of which interfaces are endpoints: the rules of interface_manager.hpp. PURE.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "routing/interfaces/interface_manager.hpp"

namespace netft::routing {

// An address that shall be an endpoint, and where it is.
struct Candidate {
    Endpoint endpoint;      // without scope
    std::string interface;  // as configured; empty where it may be on any
    bool configured = false;
    // The interface that has the address or, where none has, had it last. Borrowed from the facts;
    // null: it is not there.
    const InterfaceFact* home = nullptr;
    std::optional<std::uint8_t> prefix_length;  // nullopt: the address is on no interface
    const LocalEndpoint* known = nullptr;       // what it was so far; borrowed
};

// All candidates, the configured ones first. `known` are the endpoints so far; each is named by one
// candidate at most.
std::vector<Candidate> find_candidates(const InterfaceSettings& settings,
                                       std::span<const InterfaceFact> facts,
                                       std::span<const LocalEndpoint> known);

// True where an unconfigured address may be chosen on an interface of this name and kind.
bool is_eligible(const InterfaceSettings& settings, const std::string& name,
                 const std::string& kind);

// The interface the endpoint is or was on, by index and name, by index, or by name.
const InterfaceFact* find_home(std::span<const InterfaceFact> facts, std::uint32_t index,
                               const std::string& name);

// As the interface has the address; null: it does not have it.
const OwnAddress* find_address(const InterfaceFact& fact, const IpAddress& address);

}  // namespace netft::routing
