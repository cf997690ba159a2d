#include "netft/base/address.hpp"

#include <arpa/inet.h>  // inet_pton, inet_ntop: text conversion only

#include <charconv>
#include <cstdio>

#include "netft/base/assert.hpp"

namespace netft {

namespace {

template <class T>
std::optional<T> number(std::string_view text) {
    T value{};
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return {};
    return value;
}

std::uint8_t prefix_mask(std::size_t byte_index, std::uint8_t length) {
    std::size_t first_bit = byte_index * 8;
    if (length >= first_bit + 8) return 0xff;
    if (length <= first_bit) return 0;
    return static_cast<std::uint8_t>(0xff << (8 - (length - first_bit)));
}

}  // namespace

IpAddress IpAddress::v4(std::array<std::uint8_t, 4> bytes) {
    IpAddress out;
    std::copy(bytes.begin(), bytes.end(), out.bytes_.begin());
    return out;
}

IpAddress IpAddress::v4(std::uint32_t host_order) {
    std::array<std::uint8_t, 4> bytes{};
    ByteWriter(bytes).u32(host_order);
    return v4(bytes);
}

IpAddress IpAddress::v6(std::array<std::uint8_t, 16> bytes, std::uint32_t scope) {
    IpAddress out;
    out.bytes_ = bytes;
    out.family_ = Family::ipv6;
    out.scope_ = scope;
    return out;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    std::uint32_t scope = 0;
    std::string address(text);
    if (auto percent = text.find('%'); percent != std::string_view::npos) {
        auto parsed = number<std::uint32_t>(text.substr(percent + 1));
        if (!parsed) return {};
        scope = *parsed;
        address.resize(percent);
    }
    std::array<std::uint8_t, 4> four{};
    if (scope == 0 && inet_pton(AF_INET, address.c_str(), four.data()) == 1) return v4(four);
    std::array<std::uint8_t, 16> sixteen{};
    if (inet_pton(AF_INET6, address.c_str(), sixteen.data()) == 1) return v6(sixteen, scope);
    return {};
}

bool IpAddress::is_unspecified() const { return bytes_ == std::array<std::uint8_t, 16>{}; }

bool IpAddress::is_loopback() const {
    if (is_v4()) return bytes_[0] == 127;
    return Prefix{*this, 127}.network().address.is_unspecified() && bytes_[15] == 1;
}

bool IpAddress::is_multicast() const {
    return is_v4() ? (bytes_[0] & 0xf0) == 0xe0 : bytes_[0] == 0xff;
}

bool IpAddress::is_link_local() const {
    if (is_v4()) return bytes_[0] == 169 && bytes_[1] == 254;
    return bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

std::uint32_t IpAddress::v4_value() const {
    NETFT_ASSERT(is_v4());
    return ByteReader(bytes()).u32();
}

IpAddress IpAddress::with_scope(std::uint32_t scope) const {
    IpAddress out = *this;
    out.scope_ = scope;
    return out;
}

std::string IpAddress::to_string() const {
    char text[INET6_ADDRSTRLEN];
    inet_ntop(is_v4() ? AF_INET : AF_INET6, bytes_.data(), text, sizeof text);
    return text;
}

std::optional<Prefix> Prefix::parse(std::string_view text) {
    auto slash = text.find('/');
    if (slash == std::string_view::npos) return {};
    auto address = IpAddress::parse(text.substr(0, slash));
    auto length = number<std::uint8_t>(text.substr(slash + 1));
    if (!address || !length || *length > address->bytes().size() * 8) return {};
    return Prefix{*address, *length};
}

bool Prefix::contains(const IpAddress& other) const {
    if (other.family() != address.family()) return false;
    return Prefix{other, length}.network().address == network().address;
}

Prefix Prefix::network() const {
    std::array<std::uint8_t, 16> bytes{};
    for (std::size_t i = 0; i < address.bytes().size(); ++i)
        bytes[i] = address.bytes()[i] & prefix_mask(i, length);
    if (address.is_v6()) return {IpAddress::v6(bytes), length};
    return {IpAddress::v4({bytes[0], bytes[1], bytes[2], bytes[3]}), length};
}

std::string Prefix::to_string() const { return address.to_string() + "/" + std::to_string(length); }

std::string Endpoint::to_string() const {
    std::string host = address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
    return host + ":" + std::to_string(port);
}

std::string Endpoint::to_cluster_log() const {
    return address.to_string() + ":~" + std::to_string(port) + "~";
}

std::optional<MacAddress> MacAddress::parse(std::string_view text) {
    if (text.size() != 17) return {};
    MacAddress out;
    for (std::size_t i = 0; i < 6; ++i) {
        if (i > 0 && text[3 * i - 1] != ':') return {};
        if (!from_hex(text.substr(3 * i, 2), MutableBytes(out.bytes).subspan(i, 1))) return {};
    }
    return out;
}

std::string MacAddress::to_string() const {
    char text[18];
    std::snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2],
                  bytes[3], bytes[4], bytes[5]);
    return text;
}

}  // namespace netft

std::size_t std::hash<netft::Endpoint>::operator()(const netft::Endpoint& endpoint) const noexcept {
    std::uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a
    auto mix = [&hash](std::uint64_t byte) { hash = (hash ^ byte) * 0x100000001b3u; };
    for (std::uint8_t byte : endpoint.address.bytes()) mix(byte);
    mix(endpoint.address.scope());
    mix(endpoint.port);
    return static_cast<std::size_t>(hash);
}
