// Addresses as values: IP, prefix, endpoint, MAC. Text in both directions, no socket anywhere.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "netft/base/bytes.hpp"

namespace netft {

constexpr std::uint16_t kNetftPort = 3343;

enum class Family : std::uint8_t { ipv4 = 4, ipv6 = 6 };

// An IPv4 or IPv6 address. `scope` is the interface index of an IPv6 link-local address on this
// node and 0 for all others; it never crosses the wire.
class IpAddress {
 public:
    constexpr IpAddress() = default;  // 0.0.0.0
    static IpAddress v4(std::array<std::uint8_t, 4> bytes);
    static IpAddress v4(std::uint32_t host_order);
    static IpAddress v6(std::array<std::uint8_t, 16> bytes, std::uint32_t scope = 0);
    // "10.0.0.1", "fd00::1", "fe80::1%3" (a numeric scope only). nullopt for anything else.
    static std::optional<IpAddress> parse(std::string_view text);

    Family family() const { return family_; }
    bool is_v4() const { return family_ == Family::ipv4; }
    bool is_v6() const { return family_ == Family::ipv6; }
    bool is_unspecified() const;
    bool is_loopback() const;
    bool is_multicast() const;
    // 169.254.0.0/16 or fe80::/10.
    bool is_link_local() const;
    // 4 or 16 bytes, network order.
    Bytes bytes() const { return Bytes(bytes_).first(is_v4() ? 4 : 16); }
    // Host order; IPv4 only.
    std::uint32_t v4_value() const;
    std::uint32_t scope() const { return scope_; }
    IpAddress with_scope(std::uint32_t scope) const;
    // Without scope: "fe80::1".
    std::string to_string() const;

    auto operator<=>(const IpAddress&) const = default;

 private:
    std::array<std::uint8_t, 16> bytes_{};
    std::uint32_t scope_ = 0;
    Family family_ = Family::ipv4;
};

// An address with a prefix length (0..32 or 0..128).
struct Prefix {
    IpAddress address;
    std::uint8_t length = 0;

    // "10.0.0.1/24"; nullopt for bad text or a length out of range.
    static std::optional<Prefix> parse(std::string_view text);
    bool contains(const IpAddress& other) const;
    // The same with all host bits (and the scope) zero: the subnet.
    Prefix network() const;
    std::string to_string() const;

    auto operator<=>(const Prefix&) const = default;
};

// One address and UDP port of a node.
struct Endpoint {
    IpAddress address;
    std::uint16_t port = kNetftPort;

    // "10.0.0.1:3343", "[fe80::1]:3343".
    std::string to_string() const;
    // The same with the port as NetFT's cluster log writes it: "10.0.0.1:~3343~".
    std::string to_cluster_log() const;

    auto operator<=>(const Endpoint&) const = default;
};

struct MacAddress {
    std::array<std::uint8_t, 6> bytes{};

    static std::optional<MacAddress> parse(std::string_view text);
    bool is_multicast() const { return (bytes[0] & 1) != 0; }
    bool is_zero() const { return bytes == std::array<std::uint8_t, 6>{}; }
    std::string to_string() const;

    auto operator<=>(const MacAddress&) const = default;
};

}  // namespace netft

template <>
struct std::hash<netft::Endpoint> {
    std::size_t operator()(const netft::Endpoint& endpoint) const noexcept;
};
