// Addresses of a subnet that no host has.
//
// PURE.
#pragma once

#include <optional>
#include <string>

#include "netft/base/address.hpp"

namespace netft::control {

// '"10.0.0.255" is the broadcast address of "10.0.0.0/24"', or the subnet's own (RFC 1122 §3.2.1.3;
// in IPv6 the subnet-router anycast address, RFC 4291 §2.6.1). nullopt: a host may have it. Subnets
// of two addresses or one have no such (RFC 3021, RFC 6164).
std::optional<std::string> no_host_in(const Prefix& subnet, const IpAddress& address);

}  // namespace netft::control
