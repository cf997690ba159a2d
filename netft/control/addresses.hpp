// Virtual addresses, the cluster's id and the adapter's MAC: all derived, none configured, so that
// every node computes the same for every other.
//
// With digest(n) = SHA-256(public key) for n = 0 and SHA-256(public key ‖ n as u32) beyond:
//   IPv6       fe80::/64, interface id = bytes 0..7 with the universal/local bit clear (RFC 4291
//              appendix A: "local", no MAC claims it)
//   IPv4       169.254.b8.b9, leaving out the third octets 0, 255 (RFC 3927 §2.1), 20, 169, 170
//              (cloud metadata, DNS and time services) and the last octets 0 and 255
//   ipv6_prefix  the prefix with the same interface id
//   ipv4_prefix  the prefix with host bits from bytes 10..13, leaving out the subnet's own and
//              broadcast address and the last octets 0 and 255
// A node takes its first candidate n = 0, 1, 2, … that is allowed and free. Nodes choose in the
// order of the file, so that one that is added behind the others moves none of them.
//
// [[node]] address names addresses in place of these. A node with chosen addresses still takes
// part in the choice: to write down or change an address moves nobody else's.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "netft/base/address.hpp"
#include "netft/base/result.hpp"
#include "netft/wire/opening.hpp"

namespace netft::control {

// [adapter] ipv4_prefix and ipv6_prefix: networks, host bits zero.
struct ExtraPrefixes {
    std::optional<Prefix> ipv4;  // length 8..30
    std::optional<Prefix> ipv6;  // length 16..64
};

struct VirtualAddresses {
    IpAddress ipv4;
    IpAddress ipv6;
    bool ipv4_moved = false;           // its first choice was taken by another node
    std::optional<Prefix> extra_ipv4;  // with the length of the prefix
    std::optional<Prefix> extra_ipv6;

    bool operator==(const VirtualAddresses&) const = default;
};

// In the order of `keys`, which are all different; who is first has the first choice. Fails when
// ipv4_prefix has no room for them.
Result<std::vector<VirtualAddresses>> assign_addresses(std::span<const PublicKey> keys,
                                                       const ExtraPrefixes& prefixes);

enum class AddressPlace : std::uint8_t { ipv4, ipv6, extra_ipv4, extra_ipv6 };
// Puts an address from the file where it belongs. Fails, and says what is allowed, where no node
// may have it.
Result<AddressPlace> choose_address(const IpAddress& address, const ExtraPrefixes& prefixes,
                                    VirtualAddresses& out);

// First 16 bytes of SHA-256("netft1" ‖ name).
ClusterId cluster_id_of(std::string_view name);

// 02 followed by bytes 14..18 of the key's digest: nobody without the key can claim it, and it
// stays when the NIC is another.
MacAddress adapter_mac(const PublicKey& key);

}  // namespace netft::control
