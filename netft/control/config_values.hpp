// Values of the configuration: text -> value.
//
// Each parser's error is the end of a sentence about its key: what is wrong and what is allowed.
// No parser touches a file or throws.
#pragma once

#include <string>
#include <string_view>

#include "netft/base/address.hpp"
#include "netft/base/bytes.hpp"
#include "netft/base/result.hpp"
#include "netft/base/time.hpp"
#include "netft/core/settings.hpp"

namespace netft::control {

// "250us", "100ms", "5s", "2m", "24h": a whole number and a unit.
Result<Duration> parse_duration(std::string_view text);
// The same back, in the largest unit that divides it.
std::string to_text(Duration duration);

// "10.0.0.1", "fd00::1", "fe80::1%eth0", "10.0.0.1:3344", "[fd00::1]:3344",
// "[fe80::1%eth0]:3344". Without a port the given one. An interface is needed for fe80::/10 and
// refused elsewhere.
Result<routing::ConfiguredEndpoint> parse_endpoint(std::string_view text,
                                                   std::uint16_t default_port);

// A network in its plain form: "10.0.0.0/24"; host bits are refused.
Result<Prefix> parse_subnet(std::string_view text);
// [adapter] floating, [[node]] allowed: a network in its plain form, or one address.
Result<Prefix> parse_inner_prefix(std::string_view text);
// An address, without prefix length, port or interface.
Result<IpAddress> parse_address(std::string_view text);
// [adapter] ipv4_prefix: length 8..30, unicast, outside 169.254.0.0/16.
Result<Prefix> parse_ipv4_prefix(std::string_view text);
// [adapter] ipv6_prefix: length 16..64, unicast, outside fe80::/10.
Result<Prefix> parse_ipv6_prefix(std::string_view text);

// 1..63 letters, digits, '-' and '.', a letter or digit at both ends.
Result<std::string> parse_node_name(std::string_view text);
// The same, '_' too.
Result<std::string> parse_cluster_name(std::string_view text);
// What the kernel takes as an interface's name: 1..15 characters, no '/', ':', '%' or space.
Result<std::string> parse_interface_name(std::string_view text);
// 1..255 printable characters.
Result<std::string> parse_printable(std::string_view text);

Result<PublicKey> parse_key(std::string_view text);
Result<NetworkRole> parse_role(std::string_view text);
Result<core::PortKind> parse_port_kind(std::string_view text);
Result<SecurityMode> parse_security_mode(std::string_view text);
// "auto", "aesni_gcm", "openssl".
Result<core::CryptoKind> parse_crypto_kind(std::string_view text);
std::string_view to_text(SecurityMode mode);
// An absolute path.
Result<std::string> parse_path(std::string_view text);
Result<core::Policy> parse_policy(std::string_view text);
// "5405" or "6800-7300", neither above `max`.
Result<core::ValueRange> parse_range(std::string_view text, std::uint32_t max);

using netft::to_base64;
// False when the text is not the canonical base64 of exactly out.size() bytes.
bool from_base64(std::string_view text, MutableBytes out);

// What is quoted in an error: the text without control characters, shortened.
std::string quoted(std::string_view text);

}  // namespace netft::control
