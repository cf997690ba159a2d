// Attributes of rtnetlink messages (libnl), written and read. Only for tap.
#pragma once

#include <netlink/attr.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>

#include "netft/base/address.hpp"
#include "netft/base/bytes.hpp"
#include "tap/rtnl.hpp"

namespace netft::tap {

inline int af_of(Family family) { return family == Family::ipv4 ? AF_INET : AF_INET6; }

inline std::optional<std::uint32_t> number_of(nlattr* attribute) {
    if (attribute == nullptr || nla_len(attribute) < 4) return {};
    return nla_get_u32(attribute);
}

inline std::optional<IpAddress> address_of(nlattr* attribute) {
    if (attribute == nullptr) return {};
    ByteReader in(Bytes(static_cast<const std::uint8_t*>(nla_data(attribute)),
                        static_cast<std::size_t>(nla_len(attribute))));
    if (in.remaining() == 4) return IpAddress::v4(in.array<4>());
    if (in.remaining() == 16) return IpAddress::v6(in.array<16>());
    return {};
}

inline void put(const Message& message, int type, Bytes value) {
    if (message) nla_put(message.get(), type, static_cast<int>(value.size()), value.data());
}

inline void put(const Message& message, int type, std::optional<std::uint32_t> value) {
    if (message && value) nla_put_u32(message.get(), type, *value);
}

// The family's fixed header, or nullptr where the message is no `type` or too short for it.
template <class Header>
Header* header_of(const Message& message, int type) {
    nlmsghdr* header = nlmsg_hdr(message.get());
    if (header->nlmsg_type != type || !nlmsg_valid_hdr(header, sizeof(Header))) return nullptr;
    return static_cast<Header*>(nlmsg_data(header));
}

template <class Header, std::size_t N>
bool parse(const Message& message, std::array<nlattr*, N>& out) {
    return nlmsg_parse(nlmsg_hdr(message.get()), sizeof(Header), out.data(), N - 1, nullptr) >= 0;
}

}  // namespace netft::tap
