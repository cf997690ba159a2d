#include "routing/netlink/monitor.hpp"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "routing/netlink/message.hpp"

namespace netft::routing {

namespace {

constexpr std::size_t kReceiveBytes = 64 * 1024;

}  // namespace

Result<Monitor> Monitor::open(const std::string& adapter_name) {
    auto events = netlink::Socket::open();
    if (!events) return tl::unexpected(events.error());
    auto requests = netlink::Socket::open();
    if (!requests) return tl::unexpected(requests.error());
    if (auto joined = events->listen({RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
                                      RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_NEIGH,
                                      RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE, RTNLGRP_IPV4_NETCONF});
        !joined)
        return tl::unexpected(joined.error());
    return Monitor(*std::move(events), *std::move(requests), adapter_name);
}

Monitor::Monitor(netlink::Socket events, netlink::Socket requests, std::string adapter_name)
    : events_(std::move(events)),
      requests_(std::move(requests)),
      adapter_name_(std::move(adapter_name)),
      adapter_index_(if_nametoindex(adapter_name_.c_str())) {}

Changes Monitor::handle_ready() {
    Changes changes = std::exchange(pending_, {});
    drain(changes);
    return changes;
}

void Monitor::set_wanted(IsWanted is_wanted) {
    is_wanted_ = std::move(is_wanted);
    table_.forget_details();
}

bool Monitor::is_watched(std::uint32_t index) const {
    return std::find(watched_.begin(), watched_.end(), index) != watched_.end();
}

// A failure other than an overrun (ENOBUFS) means no less that events may be lost.
void Monitor::drain(Changes& changes) {
    alignas(nlmsghdr) std::array<std::uint8_t, kReceiveBytes> buffer;
    for (int i = 0; i < kMessagesMax; ++i) {
        sockaddr_nl from{};
        socklen_t from_bytes = sizeof from;
        ssize_t got = recvfrom(fd(), buffer.data(), buffer.size(), MSG_DONTWAIT,
                               reinterpret_cast<sockaddr*>(&from), &from_bytes);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
        if (got < 0) {
            adapter_index_ = if_nametoindex(adapter_name_.c_str());
            changes = {true, true, true, true};
            is_stale_ = true;
        }
        if (got <= 0 || from.nl_pid != 0) continue;  // another process may send here too
        int rest = static_cast<int>(got);
        for (auto* message = reinterpret_cast<nlmsghdr*>(buffer.data()); nlmsg_ok(message, rest);
             message = nlmsg_next(message, &rest))
            handle_message(*message, changes);
    }
}

void Monitor::handle_message(const nlmsghdr& message, Changes& changes) {
    switch (message.nlmsg_type) {
        case RTM_NEWLINK:
        case RTM_DELLINK: handle_link(message, changes); break;
        case RTM_NEWADDR:
        case RTM_DELADDR: handle_address(message, changes); break;
        case RTM_NEWROUTE:
        case RTM_DELROUTE: handle_route(message, changes); break;
        case RTM_NEWNEIGH:
        case RTM_DELNEIGH:
            if (auto neighbour = netlink::parse_neighbour(message))
                changes.next_hops |= !is_adapter(neighbour->index);
            break;
        case RTM_NEWRULE:
        case RTM_DELRULE: changes.adapter = true; break;  // where packets for the peers go
        case RTM_NEWNETCONF: handle_sysctl(message, changes); break;
        default: break;  // the kernel's list is open
    }
}

void Monitor::handle_link(const nlmsghdr& message, Changes& changes) {
    auto link = netlink::parse_link(message);
    if (!link || link->of_bridge || link->is_partial) return;
    table_.apply(*link, message.nlmsg_type == RTM_DELLINK);
    changes.watched |= is_watched(link->index);
    bool was_adapter = is_adapter(link->index);
    bool now_adapter = link->name == adapter_name_ && message.nlmsg_type == RTM_NEWLINK;
    if (now_adapter) adapter_index_ = link->index;
    if (was_adapter && !now_adapter) adapter_index_ = 0;
    if (was_adapter || now_adapter)
        changes.adapter = true;
    else
        changes.links = true;
    // The adapter renamed away, or another interface renamed to it, is news for the list too.
    if (was_adapter != now_adapter) changes.links = true;
}

void Monitor::handle_address(const nlmsghdr& message, Changes& changes) {
    auto address = netlink::parse_address(message);
    if (!address) return;
    table_.apply(*address, message.nlmsg_type == RTM_DELADDR);
    changes.watched |= is_watched(address->index);
    (is_adapter(address->index) ? changes.adapter : changes.links) = true;
}

// Of one interface (every new one is told of, too), or of all.
void Monitor::handle_sysctl(const nlmsghdr& message, Changes& changes) {
    auto index = netlink::parse_sysctl(message);
    if (!index) return;
    table_.forget_details(*index > 0 ? std::optional(static_cast<std::uint32_t>(*index))
                                     : std::nullopt);
    changes.links = true;
}

void Monitor::handle_route(const nlmsghdr& message, Changes& changes) {
    auto route = netlink::parse_route(message);
    if (!route) return;
    bool ours = std::any_of(route->interfaces.begin(), route->interfaces.end(),
                            [this](std::uint32_t index) { return is_adapter(index); });
    if (ours) {
        changes.adapter = true;
        return;
    }
    changes.next_hops = true;
    if (route->table != RT_TABLE_MAIN || route->destination_length != 0) return;
    table_.forget_details();
    changes.links = true;
}

}  // namespace netft::routing
