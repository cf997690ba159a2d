#include "tap/kernel_state.hpp"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <array>
#include <cerrno>

#include "tap/attributes.hpp"

namespace netft::tap {

namespace {

// Newer than the oldest kernel headers this builds with.
constexpr int kIflaGsoIpv4MaxSize = 63;
constexpr int kLinkAttributeMax = 96;

ifinfomsg link_header(std::uint32_t index) {
    ifinfomsg header{};
    header.ifi_index = static_cast<int>(index);
    return header;
}

std::optional<LinkState> parse_link(const Message& message, std::uint32_t index) {
    const auto* header = header_of<ifinfomsg>(message, RTM_NEWLINK);
    std::array<nlattr*, kLinkAttributeMax + 1> attributes{};
    if (header == nullptr || !parse<ifinfomsg>(message, attributes)) return {};
    if (header->ifi_index != static_cast<int>(index)) return {};
    LinkState out;
    if (nlattr* name = attributes[IFLA_IFNAME]) out.name = nla_get_string(name);
    nlattr* mac = attributes[IFLA_ADDRESS];
    if (mac != nullptr && nla_len(mac) == 6) nla_memcpy(out.mac.bytes.data(), mac, 6);
    out.mtu = number_of(attributes[IFLA_MTU]).value_or(0);
    out.is_up = (header->ifi_flags & IFF_UP) != 0;
    out.gso_max_size = number_of(attributes[IFLA_GSO_MAX_SIZE]).value_or(0);
    out.gso_ipv4_max_size = number_of(attributes[kIflaGsoIpv4MaxSize]);
    return out;
}

std::optional<AddressState> parse_address(const Message& message, std::uint32_t index) {
    const auto* header = header_of<ifaddrmsg>(message, RTM_NEWADDR);
    std::array<nlattr*, IFA_MAX + 1> attributes{};
    if (header == nullptr || !parse<ifaddrmsg>(message, attributes)) return {};
    if (header->ifa_index != index) return {};
    nlattr* local = attributes[IFA_LOCAL];
    const std::optional<IpAddress> address =
        address_of(local != nullptr ? local : attributes[IFA_ADDRESS]);
    if (!address) return {};
    AddressState out;
    out.prefix = Prefix{*address, header->ifa_prefixlen};
    out.scope = header->ifa_scope;
    out.flags = number_of(attributes[IFA_FLAGS]).value_or(header->ifa_flags);
    return out;
}

std::optional<RouteState> parse_route(const Message& message, std::uint32_t index) {
    const auto* header = header_of<rtmsg>(message, RTM_NEWROUTE);
    std::array<nlattr*, RTA_MAX + 1> attributes{};
    if (header == nullptr || !parse<rtmsg>(message, attributes)) return {};
    const std::uint32_t table = number_of(attributes[RTA_TABLE]).value_or(header->rtm_table);
    const bool is_cache_entry = (header->rtm_flags & RTM_F_CLONED) != 0;
    if (table != RT_TABLE_MAIN || header->rtm_type != RTN_UNICAST || is_cache_entry) return {};
    if (number_of(attributes[RTA_OIF]) != index) return {};
    RouteState out;
    const IpAddress any = header->rtm_family == AF_INET ? IpAddress() : IpAddress::v6({});
    const IpAddress to = address_of(attributes[RTA_DST]).value_or(any);
    out.destination = Prefix{to, header->rtm_dst_len};
    out.source = address_of(attributes[RTA_PREFSRC]);
    out.scope = header->rtm_scope;
    out.protocol = header->rtm_protocol;
    out.metric = number_of(attributes[RTA_PRIORITY]).value_or(0);
    out.on_link = attributes[RTA_GATEWAY] == nullptr && attributes[RTA_VIA] == nullptr;
    return out;
}

Message address_message(int type, int flags, std::uint32_t index, const AddressState& address) {
    const IpAddress& ip = address.prefix.address;
    ifaddrmsg header{};
    header.ifa_family = static_cast<unsigned char>(af_of(ip.family()));
    header.ifa_prefixlen = address.prefix.length;
    header.ifa_scope = address.scope;
    header.ifa_index = index;
    Message message = make_message(type, flags, header);
    put(message, IFA_LOCAL, ip.bytes());
    put(message, IFA_ADDRESS, ip.bytes());
    return message;
}

Message route_message(int type, int flags, std::uint32_t index, const RouteState& route) {
    const IpAddress& to = route.destination.address;
    rtmsg header{};
    header.rtm_family = static_cast<unsigned char>(af_of(to.family()));
    header.rtm_dst_len = route.destination.length;
    header.rtm_table = RT_TABLE_MAIN;
    header.rtm_protocol = route.protocol;
    header.rtm_scope = route.scope;
    header.rtm_type = RTN_UNICAST;
    Message message = make_message(type, flags, header);
    put(message, RTA_DST, to.bytes());
    put(message, RTA_OIF, index);
    if (route.source) put(message, RTA_PREFSRC, route.source->bytes());
    if (route.metric != 0) put(message, RTA_PRIORITY, route.metric);
    return message;
}

}  // namespace

Result<LinkState> KernelState::link() {
    const auto answers = rtnl_.query(make_message(RTM_GETLINK, 0, link_header(index_)));
    if (!answers) return tl::unexpected(answers.error());
    for (const Message& answer : *answers) {
        if (std::optional<LinkState> link = parse_link(answer, index_)) return *link;
    }
    return fail_errno("link", ENODEV);
}

Result<std::vector<AddressState>> KernelState::addresses() {
    ifaddrmsg header{};
    header.ifa_index = index_;
    const auto answers = rtnl_.query(make_message(RTM_GETADDR, NLM_F_DUMP, header));
    if (!answers) return tl::unexpected(answers.error());
    std::vector<AddressState> out;
    for (const Message& answer : *answers) {
        if (std::optional<AddressState> one = parse_address(answer, index_)) out.push_back(*one);
    }
    return out;
}

Status KernelState::routes_of(Family family, std::vector<RouteState>& out) {
    rtmsg header{};
    header.rtm_family = static_cast<unsigned char>(af_of(family));
    header.rtm_table = RT_TABLE_MAIN;
    Message message = make_message(RTM_GETROUTE, NLM_F_DUMP, header);
    put(message, RTA_OIF, index_);
    const auto answers = rtnl_.query(message);
    // A namespace that never had a route has no main table yet.
    if (!answers && answers.error().errno_value == ENOENT) return {};
    if (!answers) return tl::unexpected(answers.error());
    for (const Message& answer : *answers) {
        if (std::optional<RouteState> one = parse_route(answer, index_)) out.push_back(*one);
    }
    return {};
}

Result<std::vector<RouteState>> KernelState::routes() {
    std::vector<RouteState> out;
    for (Family family : {Family::ipv4, Family::ipv6}) {
        if (Status read = routes_of(family, out); !read) return tl::unexpected(read.error());
    }
    return out;
}

Status KernelState::change_link(const LinkChange& change) {
    Message message = make_message(RTM_SETLINK, 0, link_header(index_));
    if (change.mac) put(message, IFLA_ADDRESS, change.mac->bytes);
    put(message, IFLA_MTU, change.mtu);
    put(message, IFLA_GSO_MAX_SIZE, change.gso_max_size);
    put(message, kIflaGsoIpv4MaxSize, change.gso_ipv4_max_size);
    return rtnl_.request(message);
}

Status KernelState::set_addr_gen_mode_none() {
    Message message = make_message(RTM_SETLINK, 0, link_header(index_));
    if (!message) return fail_errno("netlink message", ENOMEM);
    nlattr* families = nla_nest_start(message.get(), IFLA_AF_SPEC);
    nlattr* inet6 = nla_nest_start(message.get(), AF_INET6);
    nla_put_u8(message.get(), IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
    nla_nest_end(message.get(), inet6);
    nla_nest_end(message.get(), families);
    return rtnl_.request(message);
}

Status KernelState::set_up() {
    ifinfomsg header = link_header(index_);
    header.ifi_flags = IFF_UP;
    header.ifi_change = IFF_UP;
    return rtnl_.request(make_message(RTM_SETLINK, 0, header));
}

Status KernelState::add(const AddressState& address) {
    constexpr int kFlags = NLM_F_CREATE | NLM_F_EXCL;
    Message message = address_message(RTM_NEWADDR, kFlags, index_, address);
    put(message, IFA_FLAGS, address.flags);
    return rtnl_.request(message);
}

Status KernelState::remove(const AddressState& address) {
    return rtnl_.request(address_message(RTM_DELADDR, 0, index_, address));
}

Status KernelState::add(const RouteState& route) {
    // IPv6 tells the routes of several interfaces to one destination apart; IPv4 does not, and ours
    // must not stand before another's.
    const bool is_v4 = route.destination.address.is_v4();
    const int flags = is_v4 ? NLM_F_CREATE | NLM_F_EXCL : NLM_F_CREATE;
    return rtnl_.request(route_message(RTM_NEWROUTE, flags, index_, route));
}

Status KernelState::remove(const RouteState& route) {
    return rtnl_.request(route_message(RTM_DELROUTE, 0, index_, route));
}

}  // namespace netft::tap
