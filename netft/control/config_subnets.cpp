#include "netft/control/config_subnets.hpp"

#include "netft/control/config_values.hpp"

namespace netft::control {

namespace {

std::string is(const IpAddress& address, const char* what, const Prefix& subnet) {
    return quoted(address.to_string()) + " is the " + what + " address of " +
           quoted(subnet.network().to_string());
}

}  // namespace

std::optional<std::string> no_host_in(const Prefix& subnet, const IpAddress& address) {
    if (!subnet.contains(address)) return {};
    if (address.is_v6()) {
        bool is_own = subnet.length < 127 && address == subnet.network().address;
        return is_own ? std::optional(is(address, "subnet's own", subnet)) : std::nullopt;
    }
    if (subnet.length > 30) return {};
    std::uint32_t hosts = 0xffffffffu >> subnet.length;
    std::uint32_t host = address.v4_value() & hosts;
    if (host == 0) return is(address, "subnet's own", subnet);
    if (host == hosts) return is(address, "broadcast", subnet);
    return {};
}

}  // namespace netft::control
