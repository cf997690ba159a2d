// Monitor::read_facts(): three dumps (links, addresses, routes) made into one list.
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <map>

#include "routing/netlink/message.hpp"
#include "routing/netlink/monitor.hpp"

namespace netft::routing {

namespace {

constexpr int kDumpTriesMax = 5;

// A link's fact and what decides about its addresses.
struct Link {
    InterfaceFact fact;
    std::uint32_t master = 0;
};
using Links = std::map<std::uint32_t, Link>;

std::uint32_t read_speed(const std::string& name) {
    // Absent for some kinds, unreadable without carrier, -1 where the driver does not know.
    std::ifstream file("/sys/class/net/" + name + "/speed");
    std::int64_t mbps = 0;
    if (!(file >> mbps) || mbps <= 0 || mbps > 10'000'000) return 0;
    return static_cast<std::uint32_t>(mbps);
}

template <class Header>
Status dump(netlink::Socket& socket, std::uint16_t type, const Header& header,
            const netlink::Socket::OnMessage& on_message) {
    auto request = netlink::make_request(type, NLM_F_DUMP, &header, sizeof header);
    if (!request) return tl::unexpected(request.error());
    return socket.request(*std::move(request), on_message);
}

Status dump_links(netlink::Socket& socket, Links& links) {
    return dump(socket, RTM_GETLINK, ifinfomsg{}, [&](const nlmsghdr& message) {
        auto link = netlink::parse_link(message);
        if (!link || link->of_bridge || message.nlmsg_type != RTM_NEWLINK) return;
        InterfaceFact fact{.index = link->index,
                           .name = link->name,
                           .kind = link->kind,
                           .mac = link->mac,
                           .mtu = link->mtu,
                           .speed_mbps = read_speed(link->name),
                           .loopback = (link->flags & IFF_LOOPBACK) != 0,
                           .admin_up = (link->flags & IFF_UP) != 0,
                           .carrier = (link->flags & IFF_LOWER_UP) != 0};
        links[link->index] = {std::move(fact), link->master};
    });
}

// IFA_F_TEMPORARY is the same bit as IPv4's IFA_F_SECONDARY.
bool is_usable(const netlink::AddressMessage& address) {
    if (address.prefix.address.is_v4()) return true;
    if ((address.flags & (IFA_F_DADFAILED | IFA_F_TEMPORARY)) != 0) return false;
    return (address.flags & IFA_F_TENTATIVE) == 0 || (address.flags & IFA_F_OPTIMISTIC) != 0;
}

Status dump_addresses(netlink::Socket& socket, Links& links) {
    return dump(socket, RTM_GETADDR, ifaddrmsg{}, [&](const nlmsghdr& message) {
        auto address = netlink::parse_address(message);
        if (!address || message.nlmsg_type != RTM_NEWADDR || !is_usable(*address)) return;
        auto link = links.find(address->index);
        if (link != links.end()) link->second.fact.addresses.push_back(address->prefix);
    });
}

Status dump_default_routes(netlink::Socket& socket, Links& links) {
    return dump(socket, RTM_GETROUTE, rtmsg{}, [&](const nlmsghdr& message) {
        auto route = netlink::parse_route(message);
        if (!route || message.nlmsg_type != RTM_NEWROUTE) return;
        if (route->table != RT_TABLE_MAIN || route->destination_length != 0) return;
        if (route->type != RTN_UNICAST) return;
        for (std::uint32_t index : route->interfaces) {
            auto link = links.find(index);
            if (link != links.end()) link->second.fact.default_route = true;
        }
    });
}

// Ports of these do not take IP packets for themselves; those of a VRF do.
bool is_swallowed(const Link& link, const Links& links) {
    auto master = links.find(link.master);
    if (link.master == 0 || master == links.end()) return false;
    const std::string& kind = master->second.fact.kind;
    return kind == "bridge" || kind == "bond" || kind == "team" || kind == "openvswitch";
}

}  // namespace

Result<std::vector<InterfaceFact>> Monitor::read_facts_once() {
    Links links;
    if (auto done = dump_links(requests_, links); !done) return with_context("links", done.error());
    if (auto done = dump_addresses(requests_, links); !done)
        return with_context("addresses", done.error());
    if (auto done = dump_default_routes(requests_, links); !done)
        return with_context("routes", done.error());
    std::vector<InterfaceFact> facts;
    for (auto& [index, link] : links) {
        if (is_swallowed(link, links)) link.fact.addresses.clear();
        if (link.fact.name == adapter_name_) adapter_index_ = index;
    }
    for (auto& [index, link] : links) facts.push_back(std::move(link.fact));
    return facts;
}

Result<std::vector<InterfaceFact>> Monitor::read_facts() {
    for (int i = 1; i < kDumpTriesMax; ++i) {
        auto facts = read_facts_once();
        if (facts || facts.error().errno_value != EINTR) return facts;
    }
    return read_facts_once();
}

}  // namespace netft::routing
