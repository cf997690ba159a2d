// What the kernel knows of links, addresses, routes and neighbours, and when it changes.
//
// Parts: socket (libnl, RAII), message (rtnetlink messages as values), facts (dumps), next_hop
// (FIB and neighbour look-ups), this class. The rest of netft sees only this header; nothing is
// decided here.
//
// Event driven: the caller's epoll waits on fd(), handle_ready() says what is worth looking at
// again, and read_facts() reads all anew (whole lists; what an event says is never applied on top
// of an older list, so lost events do no harm). Loss of carrier arrives when the kernel's
// linkwatch tells it (net/core/link_watch.c): at once for virtual interfaces; for a NIC (and a veth
// that has the same index as its far end) at once too, unless some link of the host changed within
// the last second: then up to one second later. read_facts() sees the loss earlier, so it pays to
// call it also when a route has missed heartbeats.
//
// Limits: default routes of the main table only; read_facts() walks all of that table.
// Speed comes from /sys/class/net of this mount namespace: where that belongs to another network
// namespace, it is 0 (not known).
// Threads: control only. It works on the network namespace in which it was opened.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "netft/base/address.hpp"
#include "netft/base/result.hpp"
#include "routing/interfaces/interface_manager.hpp"
#include "routing/netlink/next_hop.hpp"
#include "routing/netlink/socket.hpp"

namespace netft::routing {

// What may be different since the last call.
struct Changes {
    bool links = false;  // read_facts() is worthwhile
    // Our adapter's link, addresses or routes, or a rule, were touched, by whomever.
    bool adapter = false;
    bool next_hops = false;  // resolve() may answer otherwise

    bool any() const { return links || adapter || next_hops; }
};

class Monitor {
 public:
    // `adapter_name`: the interface whose churn is told apart; it need not exist yet.
    static Result<Monitor> open(const std::string& adapter_name);

    // Readable when handle_ready() has something to do.
    int fd() const { return events_.fd(); }
    // Drains what waits (kMessagesMax buffers at most, then fd() stays readable). After an overrun
    // of the socket's buffer everything is said to have changed.
    Result<Changes> handle_ready();

    // All interfaces, our adapter included, in order of index. Addresses left out: tentative,
    // failed DAD, temporary (RFC 8981), and those of ports of a bridge, bond or team, which the
    // kernel does not serve there.
    Result<std::vector<InterfaceFact>> read_facts();

    // How a datagram from `local` to `remote` leaves by the given interface (0: any). nullopt: no
    // route there.
    Result<std::optional<NextHop>> resolve(const IpAddress& local, const IpAddress& remote,
                                           std::uint32_t interface_index);
    // Has the kernel find or confirm the next hop's MAC, as if it had sent a packet itself
    // (RTM_NEWNEIGH with NTF_USE): ARP or a solicitation goes out, no payload, nobody else's entry
    // changes. Needs CAP_NET_ADMIN in the namespace, which the daemon has for its adapter anyway.
    // The answer shows as Changes::next_hops. The kernel forgets entries nobody uses: a port that
    // sends past the kernel calls this for every next hop every few seconds.
    Status solicit(const NextHop& next_hop);
    // Has the kernel ask the next hop, whose MAC is known, whether it still has it, without waiting
    // for the entry to get old (NUD_PROBE): for a path that went silent. Where nobody answers the
    // entry fails within seconds, and the next solicit() finds whoever has the address now.
    Status probe(const NextHop& next_hop);

    static constexpr int kMessagesMax = 1024;

 private:
    Monitor(netlink::Socket events, netlink::Socket requests, std::string adapter_name);
    void handle_message(const nlmsghdr& message, Changes& changes);
    void handle_link(const nlmsghdr& message, Changes& changes);
    void handle_route(const nlmsghdr& message, Changes& changes);
    Result<std::vector<InterfaceFact>> read_facts_once();
    Result<void> find_neighbour(NextHop& next_hop);
    bool is_adapter(std::uint32_t index) const { return index != 0 && index == adapter_index_; }

    netlink::Socket events_;
    netlink::Socket requests_;
    std::string adapter_name_;
    std::uint32_t adapter_index_ = 0;  // 0: not there
};

}  // namespace netft::routing
