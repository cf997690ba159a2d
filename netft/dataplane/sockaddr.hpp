// Endpoint <-> sockaddr.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "netft/base/address.hpp"

namespace netft::dataplane {

union SocketAddress {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
};

// The length of what it wrote.
inline socklen_t to_sockaddr(const Endpoint& endpoint, SocketAddress& out) {
    Bytes bytes = endpoint.address.bytes();
    if (endpoint.address.is_v4()) {
        out.v4 = {};
        out.v4.sin_family = AF_INET;
        out.v4.sin_port = htons(endpoint.port);
        std::copy(bytes.begin(), bytes.end(),
                  reinterpret_cast<std::uint8_t*>(&out.v4.sin_addr.s_addr));
        return sizeof(out.v4);
    }
    out.v6 = {};
    out.v6.sin6_family = AF_INET6;
    out.v6.sin6_port = htons(endpoint.port);
    out.v6.sin6_scope_id = endpoint.address.scope();
    std::copy(bytes.begin(), bytes.end(), out.v6.sin6_addr.s6_addr);
    return sizeof(out.v6);
}

// `from` is AF_INET or AF_INET6.
inline Endpoint from_sockaddr(const SocketAddress& from) {
    if (from.any.sa_family == AF_INET)
        return {IpAddress::v4(ntohl(from.v4.sin_addr.s_addr)), ntohs(from.v4.sin_port)};
    std::array<std::uint8_t, 16> bytes{};
    std::copy_n(from.v6.sin6_addr.s6_addr, 16, bytes.begin());
    IpAddress address = IpAddress::v6(bytes);
    if (address.is_link_local()) address = address.with_scope(from.v6.sin6_scope_id);
    return {address, ntohs(from.v6.sin6_port)};
}

}  // namespace netft::dataplane
