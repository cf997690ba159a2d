// parse_endpoint(): the forms of an endpoint in cluster.toml.
#include <charconv>
#include <optional>

#include "netft/control/config_values.hpp"

namespace netft::control {

namespace {

struct Parts {
    std::string_view host;  // "fe80::1%eth0"
    std::optional<std::string_view> port;
};

// Takes brackets and port off; nullopt where the brackets are wrong.
std::optional<Parts> split_port(std::string_view text) {
    if (text.starts_with('[')) {
        auto close = text.find(']');
        if (close == std::string_view::npos) return {};
        std::string_view host = text.substr(1, close - 1);
        std::string_view rest = text.substr(close + 1);
        if (host.find(':') == std::string_view::npos) return {};
        if (rest.empty()) return Parts{host, {}};
        if (rest.front() != ':') return {};
        return Parts{host, rest.substr(1)};
    }
    auto colon = text.find(':');
    bool one_colon = colon != std::string_view::npos && text.rfind(':') == colon;
    if (!one_colon) return Parts{text, {}};
    return Parts{text.substr(0, colon), text.substr(colon + 1)};
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || rest != text.data() + text.size() || port == 0) return {};
    return port;
}

// The IPv4 address in ::ffff:0:0/96.
std::optional<IpAddress> mapped_v4(const IpAddress& address) {
    static const Prefix kMapped = *Prefix::parse("::ffff:0:0/96");
    if (!kMapped.contains(address)) return {};
    return IpAddress::v4(ByteReader(address.bytes().subspan(12)).u32());
}

// RFC 1122 §3.2.1.3, RFC 6890: 0.0.0.0/8 is "this network", 240.0.0.0/4 is for later.
bool is_reserved_v4(const IpAddress& address) {
    if (!address.is_v4()) return false;
    std::uint32_t first = address.v4_value() >> 24;
    return first == 0 || first >= 240;
}

// What makes an address useless as an endpoint; nullopt: nothing.
std::optional<std::string> objection(const IpAddress& address, bool has_interface) {
    if (address.is_loopback())
        return "is a loopback address, which no other node reaches; allowed: an address of this "
               "node";
    if (address.is_unspecified() || address.is_multicast() || is_reserved_v4(address))
        return "is no unicast address; allowed: an address of this node";
    if (auto v4 = mapped_v4(address))
        return "is an IPv4 address in disguise; write it as \"" + v4->to_string() + "\"";
    bool needs_interface = address.is_v6() && address.is_link_local();
    if (needs_interface && !has_interface)
        return "is link-local and needs its interface, as in \"fe80::1%eth0\"";
    if (!needs_interface && has_interface)
        return "names an interface, which only link-local IPv6 addresses do; leave out '%…'";
    return {};
}

}  // namespace

Result<routing::ConfiguredEndpoint> parse_endpoint(std::string_view text,
                                                   std::uint16_t default_port) {
    auto bad = [text](const std::string& why) { return fail(quoted(text) + " " + why); };
    auto parts = split_port(text);
    std::string_view host = parts ? parts->host : std::string_view();
    auto percent = host.find('%');
    auto address = IpAddress::parse(host.substr(0, percent));
    if (!address)
        return bad(
            "is not an endpoint; allowed: an address with or without a port, as in \"10.0.0.1\", "
            "\"10.0.0.1:3344\", \"fd00::1\", \"[fd00::1]:3344\", \"fe80::1%eth0\"");
    auto port = parts->port ? parse_port(*parts->port) : std::optional(default_port);
    if (!port) return bad("has a bad port; allowed: 1 to 65535");
    bool has_interface = percent != std::string_view::npos;
    if (auto why = objection(*address, has_interface)) return bad(*why);
    std::string interface;
    if (has_interface) {
        auto name = parse_interface_name(host.substr(percent + 1));
        if (!name) return tl::unexpected(name.error());
        interface = *name;
    }
    return routing::ConfiguredEndpoint{{*address, *port}, interface};
}

}  // namespace netft::control
