#include "netft/control/addresses.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <numeric>
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

std::optional<IpAddress> link_local_v4(const Digest& digest) {
    std::uint32_t address = 0xa9fe0000u | (u32_at(digest, 8) >> 16);
    std::uint32_t third = address >> 8 & 0xff;
    for (std::uint32_t reserved : {0, 20, 169, 170, 255})
        if (third == reserved) return {};
    if (!is_allowed_host_octet(address)) return {};
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
    std::vector<std::size_t> order(keys.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](auto a, auto b) { return keys[a] < keys[b]; });

    std::vector<VirtualAddresses> out(keys.size());
    Taken taken;
    for (std::size_t index : order) {
        auto assigned = assign_one(keys[index], prefixes, taken);
        if (!assigned) return tl::unexpected(assigned.error());
        out[index] = *assigned;
    }
    return out;
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
