#include "routing/netlink/message.hpp"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace netft::routing::netlink {

namespace {

// libnl only reads the message; its signatures are older than const.
nlmsghdr* writable(const nlmsghdr& message) { return const_cast<nlmsghdr*>(&message); }

template <class Header, int kMax>
struct Parsed {
    Header header{};
    nlattr* attributes[kMax + 1] = {};

    bool read(const nlmsghdr& message) {
        if (!nlmsg_valid_hdr(&message, sizeof(Header))) return false;
        header = *static_cast<const Header*>(nlmsg_data(&message));
        return nlmsg_parse(writable(message), sizeof(Header), attributes, kMax, nullptr) >= 0;
    }
    std::uint32_t u32(int type, std::uint32_t otherwise = 0) const {
        const nlattr* attribute = attributes[type];
        return attribute != nullptr && nla_len(attribute) >= 4 ? nla_get_u32(attribute) : otherwise;
    }
};

std::optional<IpAddress> to_address(int family, const void* data, int bytes) {
    const auto* from = static_cast<const std::uint8_t*>(data);
    if (family == AF_INET && bytes == 4) {
        std::array<std::uint8_t, 4> v4{};
        std::copy_n(from, 4, v4.begin());
        return IpAddress::v4(v4);
    }
    if (family == AF_INET6 && bytes == 16) {
        std::array<std::uint8_t, 16> v6{};
        std::copy_n(from, 16, v6.begin());
        return IpAddress::v6(v6);
    }
    return {};
}

std::optional<IpAddress> to_address(int family, const nlattr* attribute) {
    if (attribute == nullptr) return {};
    return to_address(family, nla_data(attribute), nla_len(attribute));
}

// RTA_VIA: a gateway of another family than the route's.
std::optional<IpAddress> to_via(const nlattr* attribute) {
    if (attribute == nullptr || nla_len(attribute) < 2) return {};
    const auto* via = static_cast<const rtvia*>(nla_data(attribute));
    return to_address(via->rtvia_family, via->rtvia_addr, nla_len(attribute) - 2);
}

std::optional<IpAddress> gateway_of(int family, nlattr* const* attributes) {
    if (auto gateway = to_address(family, attributes[RTA_GATEWAY])) return gateway;
    return to_via(attributes[RTA_VIA]);
}

MacAddress to_mac(const nlattr* attribute) {
    MacAddress mac;
    if (attribute == nullptr || nla_len(attribute) != 6) return mac;
    std::copy_n(static_cast<const std::uint8_t*>(nla_data(attribute)), 6, mac.bytes.begin());
    return mac;
}

std::string to_text(const nlattr* attribute) {
    if (attribute == nullptr) return {};
    const char* text = static_cast<const char*>(nla_data(attribute));
    return std::string(text, strnlen(text, static_cast<std::size_t>(nla_len(attribute))));
}

std::string to_kind(nlattr* link_info) {
    nlattr* inner[IFLA_INFO_MAX + 1] = {};
    if (link_info == nullptr || nla_parse_nested(inner, IFLA_INFO_MAX, link_info, nullptr) < 0)
        return {};
    return to_text(inner[IFLA_INFO_KIND]);
}

std::uint32_t created_at(const nlattr* cache_info) {
    ifa_cacheinfo info{};
    if (cache_info == nullptr || nla_len(cache_info) < static_cast<int>(sizeof info)) return 0;
    std::memcpy(&info, nla_data(cache_info), sizeof info);
    return info.cstamp;
}

void read_multipath(int family, const nlattr* attribute, RouteMessage& out) {
    if (attribute == nullptr) return;
    auto* hop = static_cast<rtnexthop*>(nla_data(attribute));
    auto rest = nla_len(attribute);
    // RTNH_OK reads the length before it looks whether there is one.
    for (; rest >= static_cast<int>(sizeof *hop) && RTNH_OK(hop, rest);
         rest -= RTNH_ALIGN(hop->rtnh_len), hop = RTNH_NEXT(hop)) {
        out.interfaces.push_back(static_cast<std::uint32_t>(hop->rtnh_ifindex));
        nlattr* inner[RTA_MAX + 1] = {};
        int inner_bytes = static_cast<int>(hop->rtnh_len) - static_cast<int>(sizeof *hop);
        auto* first = reinterpret_cast<nlattr*>(RTNH_DATA(hop));
        if (out.interfaces.size() == 1 && inner_bytes > 0 &&
            nla_parse(inner, RTA_MAX, first, inner_bytes, nullptr) >= 0)
            out.gateway = gateway_of(family, inner);
    }
}

NeighbourState to_state(std::uint16_t nud) {
    if (nud & NUD_PERMANENT) return NeighbourState::permanent;
    if (nud & NUD_NOARP) return NeighbourState::no_arp;
    if (nud & NUD_REACHABLE) return NeighbourState::reachable;
    if (nud & (NUD_DELAY | NUD_PROBE)) return NeighbourState::probing;
    if (nud & NUD_STALE) return NeighbourState::stale;
    if (nud & NUD_FAILED) return NeighbourState::failed;
    if (nud & NUD_INCOMPLETE) return NeighbourState::incomplete;
    return NeighbourState::none;
}

}  // namespace

std::optional<LinkMessage> parse_link(const nlmsghdr& message) {
    Parsed<ifinfomsg, IFLA_MAX> in;
    if (!in.read(message)) return {};
    bool is_elsewhere = in.attributes[IFLA_LINK_NETNSID] != nullptr;
    return LinkMessage{.index = static_cast<std::uint32_t>(in.header.ifi_index),
                       .master = in.u32(IFLA_MASTER),
                       .lower = is_elsewhere ? 0 : in.u32(IFLA_LINK),
                       .flags = in.header.ifi_flags,
                       .mtu = in.u32(IFLA_MTU),
                       .of_bridge = in.header.ifi_family == AF_BRIDGE,
                       .is_partial = in.attributes[IFLA_MTU] == nullptr,
                       .name = to_text(in.attributes[IFLA_IFNAME]),
                       .kind = to_kind(in.attributes[IFLA_LINKINFO]),
                       .mac = to_mac(in.attributes[IFLA_ADDRESS])};
}

std::optional<AddressMessage> parse_address(const nlmsghdr& message) {
    Parsed<ifaddrmsg, IFA_MAX> in;
    if (!in.read(message)) return {};
    // On point-to-point links IFA_ADDRESS is the other end and IFA_LOCAL our own.
    const nlattr* own = in.attributes[IFA_LOCAL];
    auto address =
        to_address(in.header.ifa_family, own != nullptr ? own : in.attributes[IFA_ADDRESS]);
    if (!address) return {};
    if (address->is_v6() && address->is_link_local())
        address = address->with_scope(in.header.ifa_index);
    auto peer = to_address(in.header.ifa_family, in.attributes[IFA_ADDRESS]);
    if (own == nullptr || peer == to_address(in.header.ifa_family, own)) peer.reset();
    return AddressMessage{.index = in.header.ifa_index,
                          .flags = in.u32(IFA_FLAGS, in.header.ifa_flags),
                          .prefix = {*address, in.header.ifa_prefixlen},
                          .peer = peer,
                          .created = created_at(in.attributes[IFA_CACHEINFO])};
}

std::optional<RouteMessage> parse_route(const nlmsghdr& message) {
    Parsed<rtmsg, RTA_MAX> in;
    if (!in.read(message)) return {};
    int family = in.header.rtm_family;
    if (family != AF_INET && family != AF_INET6) return {};
    RouteMessage out{.table = in.u32(RTA_TABLE, in.header.rtm_table),
                     .destination_length = in.header.rtm_dst_len,
                     .type = in.header.rtm_type,
                     .gateway = gateway_of(family, in.attributes)};
    if (std::uint32_t index = in.u32(RTA_OIF); index != 0) out.interfaces.push_back(index);
    read_multipath(family, in.attributes[RTA_MULTIPATH], out);
    return out;
}

std::optional<std::int32_t> parse_sysctl(const nlmsghdr& message) {
    Parsed<netconfmsg, NETCONFA_MAX> in;
    if (!in.read(message) || in.header.ncm_family != AF_INET) return {};
    if (in.attributes[NETCONFA_IFINDEX] == nullptr) return {};
    return static_cast<std::int32_t>(in.u32(NETCONFA_IFINDEX));
}

std::optional<NeighbourMessage> parse_neighbour(const nlmsghdr& message) {
    Parsed<ndmsg, NDA_MAX> in;
    if (!in.read(message)) return {};
    if (in.header.ndm_family != AF_INET && in.header.ndm_family != AF_INET6) return {};
    return NeighbourMessage{.index = static_cast<std::uint32_t>(in.header.ndm_ifindex),
                            .address = to_address(in.header.ndm_family, in.attributes[NDA_DST]),
                            .mac = to_mac(in.attributes[NDA_LLADDR]),
                            .state = to_state(in.header.ndm_state)};
}

}  // namespace netft::routing::netlink
