#include "netft/control/addresses.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "netft/base/assert.hpp"

namespace netft::control {

namespace {

using Digest = std::array<std::uint8_t, 32>;

// Far beyond what 1024 nodes need in a /16; a small prefix that is full must end too.
constexpr std::uint32_t kCandidatesMax = 4096;

Digest sha256(Bytes bytes) {
    Digest out{};
    bool ok = EVP_Digest(bytes.data(), bytes.size(), out.data(), nullptr, EVP_sha256(), nullptr);
    NETFT_ASSERT(ok);
    return out;
}

Digest digest_of(const PublicKey& key, std::uint32_t n) {
    if (n == 0) return sha256(key);
    std::array<std::uint8_t, 36> input{};
    ByteWriter writer(input);
    writer.bytes(key);
    writer.u32(n);
    return sha256(input);
}

std::uint32_t u32_at(const Digest& digest, std::size_t offset) {
    return ByteReader(Bytes(digest).subspan(offset)).u32();
}

bool is_allowed_host_octet(std::uint32_t address) {
    std::uint32_t last = address & 0xff;
    return last != 0 && last != 255;
}

bool is_free_link_local(std::uint32_t address) {
    std::uint32_t third = address >> 8 & 0xff;
    for (std::uint32_t reserved : {0, 20, 169, 170, 255})
        if (third == reserved) return false;
    return is_allowed_host_octet(address);
}

std::optional<IpAddress> link_local_v4(const Digest& digest) {
    std::uint32_t address = 0xa9fe0000u | (u32_at(digest, 8) >> 16);
    if (!is_free_link_local(address)) return {};
    return IpAddress::v4(address);
}

std::optional<IpAddress> prefixed_v4(const Digest& digest, const Prefix& prefix) {
    std::uint32_t host_mask = 0xffffffffu >> prefix.length;
    std::uint32_t host = u32_at(digest, 10) & host_mask;
    std::uint32_t address = prefix.network().address.v4_value() | host;
    if (host == 0 || host == host_mask || !is_allowed_host_octet(address)) return {};
    return IpAddress::v4(address);
}

IpAddress prefixed_v6(const Digest& digest, const Prefix& prefix) {
    std::array<std::uint8_t, 16> bytes{};
    auto network = prefix.network().address;
    std::copy_n(network.bytes().begin(), 8, bytes.begin());
    std::copy_n(digest.begin(), 8, bytes.begin() + 8);
    bytes[8] &= 0xfd;  // universal/local bit
    return IpAddress::v6(bytes);
}

struct Choice {
    IpAddress address;
    bool moved = false;
};

// The first candidate that `candidate` allows and nobody has; takes it.
template <class Candidate>
std::optional<Choice> choose(const PublicKey& key, std::set<IpAddress>& taken,
                             Candidate candidate) {
    bool moved = false;
    for (std::uint32_t n = 0; n < kCandidatesMax; ++n) {
        std::optional<IpAddress> address = candidate(digest_of(key, n));
        if (!address) continue;
        if (taken.insert(*address).second) return Choice{*address, moved};
        moved = true;
    }
    return {};
}

Prefix link_local_v6() { return {IpAddress::v6({0xfe, 0x80}), 64}; }

// Neither the network's own address nor IPv4's broadcast address.
bool is_host_of(const Prefix& network, const IpAddress& address) {
    if (!network.contains(address) || address == network.address) return false;
    if (!address.is_v4()) return true;
    std::uint32_t host_mask = 0xffffffffu >> network.length;
    return (address.v4_value() & host_mask) != host_mask;
}

struct Taken {
    std::set<IpAddress> ipv4, ipv6, extra_ipv4, extra_ipv6;
};

Result<VirtualAddresses> assign_one(const PublicKey& key, const ExtraPrefixes& prefixes,
                                    Taken& taken) {
    auto v6_in = [](const Prefix& prefix) {
        return [prefix](const Digest& d) { return std::optional(prefixed_v6(d, prefix)); };
    };
    auto ipv4 = choose(key, taken.ipv4, link_local_v4);
    auto ipv6 = choose(key, taken.ipv6, v6_in(link_local_v6()));
    if (!ipv4 || !ipv6) return fail("169.254.0.0/16 has no room for so many nodes");
    VirtualAddresses out{.ipv4 = ipv4->address, .ipv6 = ipv6->address, .ipv4_moved = ipv4->moved};
    if (prefixes.ipv4) {
        auto extra = choose(key, taken.extra_ipv4,
                            [&](const Digest& d) { return prefixed_v4(d, *prefixes.ipv4); });
        if (!extra) return fail(prefixes.ipv4->to_string() + " has no room for so many nodes");
        out.extra_ipv4 = Prefix{extra->address, prefixes.ipv4->length};
    }
    if (prefixes.ipv6) {
        auto extra = choose(key, taken.extra_ipv6, v6_in(*prefixes.ipv6));
        if (!extra) return fail(prefixes.ipv6->to_string() + " has no room for so many nodes");
        out.extra_ipv6 = Prefix{extra->address, prefixes.ipv6->length};
    }
    return out;
}

}  // namespace

Result<std::vector<VirtualAddresses>> assign_addresses(std::span<const PublicKey> keys,
                                                       const ExtraPrefixes& prefixes) {
    std::vector<VirtualAddresses> out;
    Taken taken;
    for (const PublicKey& key : keys) {
        auto assigned = assign_one(key, prefixes, taken);
        if (!assigned) return tl::unexpected(assigned.error());
        out.push_back(*assigned);
    }
    return out;
}

Result<AddressPlace> choose_address(const IpAddress& address, const ExtraPrefixes& prefixes,
                                    VirtualAddresses& out) {
    const std::string what = address.to_string();
    if (address.is_v4() && address.is_link_local()) {
        if (!is_free_link_local(address.v4_value()))
            return fail(what +
                        " is reserved; allowed: 169.254.0.0/16 but the subnets .0, .20, .169, "
                        ".170, .255 and the host numbers 0 and 255");
        out.ipv4 = address;
        out.ipv4_moved = false;
        return AddressPlace::ipv4;
    }
    if (is_host_of(link_local_v6(), address)) {
        out.ipv6 = address;
        return AddressPlace::ipv6;
    }
    if (prefixes.ipv4 && is_host_of(*prefixes.ipv4, address)) {
        out.extra_ipv4 = Prefix{address, prefixes.ipv4->length};
        return AddressPlace::extra_ipv4;
    }
    if (prefixes.ipv6 && is_host_of(*prefixes.ipv6, address)) {
        out.extra_ipv6 = Prefix{address, prefixes.ipv6->length};
        return AddressPlace::extra_ipv6;
    }
    return fail(what +
                " cannot be a node's own; allowed: a host's address in 169.254.0.0/16, fe80::/64, "
                "ipv4_prefix and ipv6_prefix; others belong into allowed");
}

ClusterId cluster_id_of(std::string_view name) {
    std::string input = "netft1" + std::string(name);
    Digest digest =
        sha256(Bytes(reinterpret_cast<const std::uint8_t*>(input.data()), input.size()));
    return ByteReader(digest).array<16>();
}

MacAddress adapter_mac(const PublicKey& key) {
    MacAddress out;
    Digest digest = digest_of(key, 0);
    std::copy_n(digest.begin() + 14, 5, out.bytes.begin() + 1);
    out.bytes[0] = 0x02;
    return out;
}

}  // namespace netft::control
