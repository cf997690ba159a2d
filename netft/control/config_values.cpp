#include "netft/control/config_values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include "netft/control/identity.hpp"

namespace netft::control {

namespace {

constexpr std::size_t kQuotedMax = 80;
constexpr std::size_t kInterfaceNameMax = 15;  // IFNAMSIZ - 1

struct Unit {
    std::string_view text;
    Duration length;
};
constexpr std::array<Unit, 5> kUnits{
    {{"us", 1us}, {"ms", 1ms}, {"s", 1s}, {"m", 60s}, {"h", 3600s}}};

bool is_alnum(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_printable(char c) { return c >= 0x20 && c < 0x7f; }

tl::unexpected<Error> not_a_duration(std::string_view text) {
    return fail(
        quoted(text) +
        " is not a duration; allowed: a whole number and us, ms, s, m or h, as in \"100ms\"");
}

Result<std::string> parse_name(std::string_view text, std::string_view also, const char* kind) {
    auto ok = [also](char c) { return is_alnum(c) || also.find(c) != std::string_view::npos; };
    bool good = !text.empty() && text.size() <= kNodeNameMax &&
                std::all_of(text.begin(), text.end(), ok) && is_alnum(text.front()) &&
                is_alnum(text.back());
    if (good) return std::string(text);
    return fail(quoted(text) + " is not a " + kind + "; allowed: 1 to 63 letters, digits and " +
                std::string(also == "-." ? "'-', '.'" : "'-', '.', '_'") +
                ", with a letter or digit at both ends");
}

// A name out of a table, or the error that lists the table.
template <class T, std::size_t N>
Result<T> one_of(std::string_view text, const std::array<std::pair<std::string_view, T>, N>& table,
                 const char* kind) {
    std::string allowed;
    for (const auto& [name, value] : table) {
        if (name == text) return value;
        allowed += (allowed.empty() ? "\"" : ", \"") + std::string(name) + "\"";
    }
    return fail(quoted(text) + " is not a " + kind + "; allowed: " + allowed);
}

}  // namespace

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (char c : text.substr(0, kQuotedMax)) out += is_printable(c) && c != '"' ? c : '?';
    return out + (text.size() > kQuotedMax ? "…\"" : "\"");
}

Result<Duration> parse_duration(std::string_view text) {
    std::int64_t number = 0;
    const char* end = text.data() + text.size();
    auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error == std::errc::result_out_of_range) return fail(quoted(text) + " is too long");
    if (error != std::errc{} || text.front() == '-') return not_a_duration(text);
    std::string_view unit_text(rest, static_cast<std::size_t>(end - rest));
    for (const Unit& unit : kUnits) {
        if (unit.text != unit_text) continue;
        if (number > std::numeric_limits<std::int64_t>::max() / unit.length.count())
            return fail(quoted(text) + " is too long");
        return unit.length * number;
    }
    return not_a_duration(text);
}

std::string to_text(Duration duration) {
    if (duration == Duration::zero()) return "0s";
    std::size_t unit = kUnits.size() - 1;
    while (unit > 0 && duration % kUnits[unit].length != Duration::zero()) --unit;
    return std::to_string(duration / kUnits[unit].length) + std::string(kUnits[unit].text);
}

Result<Prefix> parse_subnet(std::string_view text) {
    auto prefix = text.find('%') == std::string_view::npos ? Prefix::parse(text) : std::nullopt;
    if (!prefix)
        return fail(quoted(text) +
                    " is not a subnet; allowed: an address and a prefix length, as in "
                    "\"10.0.0.0/24\" or \"fd00:1::/64\"");
    if (prefix->network() != *prefix)
        return fail(quoted(text) + " has host bits; write \"" + prefix->network().to_string() +
                    "\"");
    return *prefix;
}

Result<IpAddress> parse_address(std::string_view text) {
    auto address = text.find('%') == std::string_view::npos ? IpAddress::parse(text) : std::nullopt;
    if (address) return *address;
    return fail(quoted(text) +
                " is not an address; allowed: one without prefix length and interface, as in "
                "\"169.254.10.1\" or \"fe80::1\"");
}

Result<Prefix> parse_inner_prefix(std::string_view text) {
    if (text.find('/') != std::string_view::npos) {
        auto prefix = parse_subnet(text);
        bool is_odd = prefix && (prefix->address.is_multicast() || prefix->address.is_loopback());
        if (is_odd) return fail(quoted(text) + " holds no unicast addresses");
        return prefix;
    }
    auto address = parse_address(text);
    if (!address) return tl::unexpected(address.error());
    if (address->is_multicast() || address->is_loopback() || address->is_unspecified())
        return fail(quoted(text) + " is no unicast address");
    return Prefix{*address, static_cast<std::uint8_t>(address->is_v4() ? 32 : 128)};
}

Result<Prefix> parse_ipv4_prefix(std::string_view text) {
    auto prefix = parse_subnet(text);
    if (!prefix) return prefix;
    const IpAddress& address = prefix->address;
    bool good = address.is_v4() && prefix->length >= 8 && prefix->length <= 30 &&
                !address.is_link_local() && !address.is_multicast() && !address.is_loopback() &&
                address.v4_value() >> 24 != 0 && address.v4_value() >> 28 != 15;
    if (good) return prefix;
    return fail(quoted(text) +
                " cannot hold node addresses; allowed: an IPv4 unicast subnet of length 8 to 30, "
                "not in 169.254.0.0/16");
}

Result<Prefix> parse_ipv6_prefix(std::string_view text) {
    auto prefix = parse_subnet(text);
    if (!prefix) return prefix;
    const IpAddress& address = prefix->address;
    bool good = address.is_v6() && prefix->length >= 16 && prefix->length <= 64 &&
                !address.is_link_local() && !address.is_multicast() && !address.is_unspecified();
    if (good) return prefix;
    return fail(quoted(text) +
                " cannot hold node addresses; allowed: an IPv6 unicast subnet of length 16 to 64, "
                "not in fe80::/10, as in \"fd00:1::/64\"");
}

Result<std::string> parse_node_name(std::string_view text) {
    return parse_name(text, "-.", "host name");
}

Result<std::string> parse_cluster_name(std::string_view text) {
    return parse_name(text, "-._", "cluster name");
}

Result<std::string> parse_interface_name(std::string_view text) {
    auto ok = [](char c) {
        return is_printable(c) && std::string_view("/:% ").find(c) == std::string_view::npos;
    };
    bool good = !text.empty() && text.size() <= kInterfaceNameMax && text != "." && text != ".." &&
                std::all_of(text.begin(), text.end(), ok);
    if (good) return std::string(text);
    return fail(quoted(text) +
                " is not an interface name; allowed: 1 to 15 characters without '/', ':', '%' and "
                "space");
}

Result<std::string> parse_printable(std::string_view text) {
    bool good =
        !text.empty() && text.size() <= 255 && std::all_of(text.begin(), text.end(), is_printable);
    if (good) return std::string(text);
    return fail(quoted(text) + " is not allowed; allowed: 1 to 255 printable ASCII characters");
}

Result<PublicKey> parse_key(std::string_view text) {
    auto key = parse_public_key(text);
    if (key && !is_low_order(*key)) return *key;
    if (key)
        return fail(quoted(text) +
                    " is no public key that anybody has the private half of (zero, or a point of "
                    "low order); allowed: what netft-key prints");
    return fail(quoted(text) +
                " is not a public key; allowed: the base64 of 32 bytes that netft-key prints");
}

Result<NetworkRole> parse_role(std::string_view text) {
    static constexpr std::array<std::pair<std::string_view, NetworkRole>, 3> kRoles{
        {{"none", NetworkRole::none},
         {"cluster", NetworkRole::cluster},
         {"cluster-and-client", NetworkRole::cluster_and_client}}};
    return one_of(text, kRoles, "role");
}

Result<core::PortKind> parse_port_kind(std::string_view text) {
    static constexpr std::array<std::pair<std::string_view, core::PortKind>, 3> kKinds{
        {{"socket", core::PortKind::socket},
         {"af_packet", core::PortKind::af_packet},
         {"af_xdp", core::PortKind::af_xdp}}};
    return one_of(text, kKinds, "kind of port");
}

Result<SecurityMode> parse_security_mode(std::string_view text) {
    static constexpr std::array<std::pair<std::string_view, SecurityMode>, 3> kModes{
        {{"encrypt", SecurityMode::encrypt},
         {"sign", SecurityMode::sign},
         {"none", SecurityMode::none}}};
    return one_of(text, kModes, "security mode");
}

Result<core::CryptoKind> parse_crypto_kind(std::string_view text) {
    static constexpr std::array<std::pair<std::string_view, core::CryptoKind>, 3> kKinds{
        {{"auto", core::CryptoKind::automatic},
         {"aesni_gcm", core::CryptoKind::aesni_gcm},
         {"openssl", core::CryptoKind::openssl}}};
    return one_of(text, kKinds, "crypto device");
}

std::string_view to_text(SecurityMode mode) {
    switch (mode) {
        case SecurityMode::none: return "none";
        case SecurityMode::sign: return "sign";
        case SecurityMode::encrypt: return "encrypt";
    }
    return "unknown";
}

Result<std::string> parse_path(std::string_view text) {
    constexpr std::size_t kPathMax = 4095;
    bool good = text.starts_with('/') && text.size() <= kPathMax &&
                std::all_of(text.begin(), text.end(), is_printable);
    if (good) return std::string(text);
    return fail(quoted(text) +
                " is not the path of a file; allowed: an absolute one, as in "
                "\"/etc/netft/cluster.key\"");
}

Result<core::Policy> parse_policy(std::string_view text) {
    static constexpr std::array<std::pair<std::string_view, core::Policy>, 3> kPolicies{
        {{"failover", core::Policy::failover},
         {"spread", core::Policy::spread},
         {"duplicate", core::Policy::duplicate}}};
    return one_of(text, kPolicies, "policy");
}

Result<core::ValueRange> parse_range(std::string_view text, std::uint32_t max) {
    auto number = [](std::string_view digits) -> std::optional<std::uint32_t> {
        std::uint32_t value = 0;
        const char* end = digits.data() + digits.size();
        auto [rest, error] = std::from_chars(digits.data(), end, value);
        return error == std::errc{} && rest == end ? std::optional(value) : std::nullopt;
    };
    std::size_t dash = text.find('-');
    auto first = number(text.substr(0, dash));
    auto last = dash == std::string_view::npos ? first : number(text.substr(dash + 1));
    if (first && last && *first <= *last && *last <= max) return core::ValueRange{*first, *last};
    return fail(quoted(text) + " is not a range; allowed: \"FIRST-LAST\" within 0 to " +
                std::to_string(max));
}

}  // namespace netft::control
