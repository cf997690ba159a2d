#include "routing/interfaces/nic.hpp"

#include <string_view>

namespace netft::routing {

namespace {

constexpr int kStoriesMax = 8;  // of interfaces on interfaces

const InterfaceFact* find(std::span<const InterfaceFact> facts, std::uint32_t index) {
    for (const InterfaceFact& fact : facts)
        if (fact.index == index) return &fact;
    return nullptr;
}

// Ports that lead to containers and guests only are not what a bridge stands on.
bool leads_inside(const InterfaceFact& port, const InterfaceFact& bridge) {
    return bridge.kind == "bridge" && (port.kind == "tun" || port.name.starts_with("veth"));
}

const InterfaceFact* only_port(std::span<const InterfaceFact> facts, const InterfaceFact& fact) {
    const InterfaceFact* only = nullptr;
    for (const InterfaceFact& port : facts) {
        if (port.master != fact.index || leads_inside(port, fact)) continue;
        if (only != nullptr) return nullptr;
        only = &port;
    }
    return only;
}

// The other end of a veth is beside it, not below it.
const InterfaceFact* below(std::span<const InterfaceFact> facts, const InterfaceFact& fact) {
    if (fact.kind == "bridge" || fact.kind == "bond" || fact.kind == "team")
        return only_port(facts, fact);
    return fact.lower == 0 || fact.kind == "veth" ? nullptr : find(facts, fact.lower);
}

}  // namespace

const InterfaceFact& nic_of(std::span<const InterfaceFact> facts, const InterfaceFact& fact) {
    const InterfaceFact* nic = &fact;
    for (int i = 0; i < kStoriesMax; ++i) {
        const InterfaceFact* lower = below(facts, *nic);
        if (lower == nullptr) break;
        nic = lower;
    }
    return *nic;
}

}  // namespace netft::routing
