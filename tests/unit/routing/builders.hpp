// Short words for the inputs of IM and TM.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "routing/interfaces/interface_manager.hpp"
#include "routing/topology/topology_manager.hpp"

namespace netft::routing::test {

inline IpAddress ip(const char* text) { return IpAddress::parse(text).value(); }

inline Prefix prefix(const char* text) { return Prefix::parse(text).value(); }

// Up, with carrier, 1500 bytes. Link-local addresses get the index as scope.
inline InterfaceFact fact(std::uint32_t index, std::string name,
                          std::vector<const char*> addresses) {
    InterfaceFact f{.index = index, .name = std::move(name), .kind = "veth", .mtu = 1500};
    f.admin_up = f.carrier = true;
    for (const char* text : addresses) {
        Prefix p = prefix(text);
        if (p.address.is_v6() && p.address.is_link_local()) p.address = p.address.with_scope(index);
        f.addresses.push_back(p);
    }
    return f;
}

inline ConfiguredEndpoint configured(const char* address, std::string interface = "") {
    return {{ip(address), kNetftPort}, std::move(interface)};
}

// A usable local endpoint as IM gives it.
inline LocalEndpoint local(std::uint16_t id, const char* address, std::string interface) {
    Prefix p = prefix(address);
    if (p.address.is_v6() && p.address.is_link_local()) p.address = p.address.with_scope(id + 10u);
    return {.id = EndpointId(id),
            .endpoint = {p.address, kNetftPort},
            .prefix_length = p.length,
            .interface_index = id + 10u,
            .interface = std::move(interface),
            .mtu = 1500,
            .usable = true};
}

inline CardEndpoint card(const char* address, std::string interface, std::uint32_t metric = 100) {
    Prefix p = prefix(address);
    return {.endpoint = {p.address, kNetftPort},
            .prefix_length = p.length,
            .metric = metric,
            .mtu = 1500,
            .interface = std::move(interface)};
}

// A peer before its card has come.
inline PeerEndpoints bootstrap(std::uint16_t id, std::vector<const char*> addresses) {
    PeerEndpoints peer{.peer = PeerId(id), .name = "n" + std::to_string(id)};
    for (const char* text : addresses)
        peer.endpoints.push_back({.endpoint = {ip(text), kNetftPort}, .configured = true});
    return peer;
}

inline PeerEndpoints peer(std::uint16_t id, std::vector<CardEndpoint> endpoints) {
    return {PeerId(id), "n" + std::to_string(id), true, std::move(endpoints)};
}

// "10.0.0.1>10.0.0.2 …", " x" behind a cross-subnet one, " !" behind an unusable one.
inline std::vector<std::string> texts(const std::vector<Route>& routes) {
    std::vector<std::string> out;
    for (const Route& r : routes) {
        out.push_back(r.local.address.to_string() + ">" + r.remote.address.to_string() +
                      (r.cross_subnet ? " x" : "") + (r.usable ? "" : " !"));
    }
    return out;
}

}  // namespace netft::routing::test
