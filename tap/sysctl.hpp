// The interface's settings that have no netlink attribute: /proc/sys/net/ipv6/conf/<interface>.
#pragma once

#include <string>

#include "netft/base/result.hpp"

namespace netft::tap {

// False: the kernel does no IPv6 on this interface (off at boot, or the MTU is below 1280).
bool has_ipv6(const std::string& interface);
// The value as text, without the line's end.
Result<std::string> read_sysctl(const std::string& interface, const std::string& key);
Status write_sysctl(const std::string& interface, const std::string& key, const std::string& value);

}  // namespace netft::tap
