// The guard: a rule and a routing table of netft's own, which keep packets for the peers' virtual
// addresses on the adapter, whatever other rules and routes say, and in the node where there is no
// adapter.
//
//   ip rule:  1: from all lookup 3343 proto 143
//   table 3343, for each destination D:
//             D dev netft0 [src own] proto 143 scope link
//             unreachable D metric 4278198272 proto 143
//
// The rule stands ahead of those that VPN clients make (strongSwan 220, Tailscale 5210, wg-quick
// below 32766). The table holds nothing but these destinations, so any other packet falls through
// to the rules behind. The kernel takes routes of a device away with it: what is left answers "no
// route to host" at once, and nothing leaves in the clear by another interface while netftd starts,
// was killed or is replaced. remove() is for a netftd that ends on purpose. One that was killed
// leaves the rule and the unreachable routes; the next start takes them over.
//
// Only the rule of this priority and table and the routes of protocol 143 in this table are ever
// touched. Where the kernel has no policy routing, there is no guard: apply() says so.
//
// Threads: control only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "netft/base/address.hpp"
#include "netft/base/result.hpp"
#include "tap/rtnl.hpp"

namespace netft::tap {

constexpr std::uint32_t kGuardPriority = 1;
// Of the adapter "netft0"; each other name has one of its own, so that several netftd on one host
// do not meet.
constexpr std::uint32_t kGuardTable = 3343;
std::uint32_t guard_table(const std::string& adapter_name);

struct GuardedRoute {
    Prefix destination;
    std::optional<IpAddress> source;  // the own address of that family and kind

    bool operator==(const GuardedRoute&) const = default;
};

struct GuardState {
    std::uint32_t interface_index = 0;  // of the adapter; 0: it is not there yet
    std::vector<GuardedRoute> routes;   // destinations differ

    bool operator==(const GuardState&) const = default;
};

class Guard {
 public:
    static Result<Guard> open(const std::string& adapter_name,
                              std::uint32_t priority = kGuardPriority);

    // Makes the kernel agree with `wanted`. Says in `repaired` what was done for it; empty: nothing
    // was missing. Goes on after a failure; the first one is returned.
    Status apply(const GuardState& wanted, std::vector<std::string>& repaired);
    // Takes back all that apply() has made.
    void remove();
    std::uint32_t table() const { return table_; }

 private:
    struct Entry;  // of the table
    Guard(Rtnl rtnl, std::uint32_t table, std::uint32_t priority)
        : rtnl_(std::move(rtnl)), table_(table), priority_(priority) {}
    Status apply_family(Family family, const GuardState& wanted,
                        std::vector<std::string>& repaired);
    Status keep_rule(Family family, std::vector<std::string>& repaired);
    Status keep_routes(Family family, const std::vector<Entry>& wanted,
                       std::vector<std::string>& repaired);
    Result<std::vector<Entry>> entries(Family family);
    Result<bool> has_rule(Family family);
    Status change(int type, int flags, const Entry& entry);
    Status change_rule(int type, int flags, Family family);

    Rtnl rtnl_;
    std::uint32_t table_;
    std::uint32_t priority_;
};

}  // namespace netft::tap
