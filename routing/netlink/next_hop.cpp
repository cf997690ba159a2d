// Monitor::resolve() and solicit(): single questions to the FIB and the neighbour table.
#include "routing/netlink/next_hop.hpp"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <cerrno>

#include "routing/netlink/message.hpp"
#include "routing/netlink/monitor.hpp"

namespace netft::routing {

namespace {

std::uint8_t kernel_family(const IpAddress& address) {
    return address.is_v4() ? AF_INET : AF_INET6;
}

bool put_address(nl_msg* message, int type, const IpAddress& address) {
    Bytes bytes = address.bytes();
    return nla_put(message, type, static_cast<int>(bytes.size()), bytes.data()) >= 0;
}

// No such route, in the words of the FIB.
bool means_unreachable(int errno_value) {
    return errno_value == ENETUNREACH || errno_value == EHOSTUNREACH || errno_value == EACCES ||
           errno_value == ENONET || errno_value == ENODEV;
}

Result<netlink::Message> make_route_request(const IpAddress& local, const IpAddress& remote,
                                            std::uint32_t interface_index) {
    auto bits = static_cast<std::uint8_t>(remote.bytes().size() * 8);
    rtmsg header{.rtm_family = kernel_family(remote), .rtm_dst_len = bits, .rtm_src_len = bits};
    auto request = netlink::make_request(RTM_GETROUTE, 0, &header, sizeof header);
    if (!request) return request;
    bool fits =
        put_address(request->get(), RTA_DST, remote) &&
        put_address(request->get(), RTA_SRC, local) &&
        (interface_index == 0 || nla_put_u32(request->get(), RTA_OIF, interface_index) >= 0);
    if (!fits) return fail("netlink: no room in a request", ENOMEM);
    return request;
}

Result<netlink::Message> make_neighbour_request(std::uint16_t type, std::uint16_t flags,
                                                std::uint8_t neighbour_flags,
                                                const NextHop& next_hop, std::uint16_t state = 0) {
    ndmsg header{.ndm_family = kernel_family(next_hop.address),
                 .ndm_ifindex = static_cast<int>(next_hop.interface_index),
                 .ndm_state = state,
                 .ndm_flags = neighbour_flags};
    auto request = netlink::make_request(type, flags, &header, sizeof header);
    if (!request) return request;
    if (!put_address(request->get(), NDA_DST, next_hop.address))
        return fail("netlink: no room in a request", ENOMEM);
    return request;
}

}  // namespace

Result<std::optional<NextHop>> Monitor::resolve(const IpAddress& local, const IpAddress& remote,
                                                std::uint32_t interface_index) {
    auto request = make_route_request(local, remote, interface_index);
    if (!request) return tl::unexpected(request.error());
    std::optional<netlink::RouteMessage> route;
    auto done = requests_.request(*std::move(request), [&](const nlmsghdr& message) {
        route = netlink::parse_route(message);
    });
    if (!done && means_unreachable(done.error().errno_value)) return std::nullopt;
    if (!done) return with_context("route to " + remote.to_string(), done.error());
    if (!route || route->interfaces.empty() || route->type != RTN_UNICAST) return std::nullopt;
    NextHop next_hop{.interface_index = route->interfaces.front(),
                     .address = route->gateway.value_or(remote.with_scope(0)),
                     .is_gateway = route->gateway.has_value()};
    if (next_hop.address.is_v6() && next_hop.address.is_link_local())
        next_hop.address = next_hop.address.with_scope(next_hop.interface_index);
    if (auto found = find_neighbour(next_hop); !found)
        return with_context("neighbour " + next_hop.address.to_string(), found.error());
    return next_hop;
}

Result<void> Monitor::find_neighbour(NextHop& next_hop) {
    auto request = make_neighbour_request(RTM_GETNEIGH, 0, 0, next_hop);
    if (!request) return tl::unexpected(request.error());
    auto done = requests_.request(*std::move(request), [&](const nlmsghdr& message) {
        auto neighbour = netlink::parse_neighbour(message);
        if (!neighbour) return;
        next_hop.mac = neighbour->mac;
        next_hop.state = neighbour->state;
    });
    if (!done && done.error().errno_value == ENOENT) return {};
    return done;
}

Status Monitor::solicit(const NextHop& next_hop) {
    auto request =
        make_neighbour_request(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_ACK, NTF_USE, next_hop);
    if (!request) return tl::unexpected(request.error());
    auto done = requests_.request(*std::move(request), [](const nlmsghdr&) {});
    if (!done) return with_context("solicit " + next_hop.address.to_string(), done.error());
    return {};
}

Status Monitor::probe(const NextHop& next_hop) {
    auto request =
        make_neighbour_request(RTM_NEWNEIGH, NLM_F_REPLACE | NLM_F_ACK, 0, next_hop, NUD_PROBE);
    if (!request) return tl::unexpected(request.error());
    const auto& mac = next_hop.mac.bytes;
    if (nla_put(request->get(), NDA_LLADDR, static_cast<int>(mac.size()), mac.data()) < 0)
        return fail("netlink: no room in a request", ENOMEM);
    auto done = requests_.request(*std::move(request), [](const nlmsghdr&) {});
    if (!done) return with_context("probe " + next_hop.address.to_string(), done.error());
    return {};
}

}  // namespace netft::routing
