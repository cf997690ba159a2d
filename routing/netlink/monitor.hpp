// What the kernel knows of links, addresses, routes and neighbours, and when it changes.
//
// Parts: socket (libnl, RAII), message (rtnetlink messages as values), fact_table (what they said),
// facts (dumps), next_hop (FIB and neighbour look-ups), this class. The rest of netft sees only
// this header; nothing is decided here.
//
// Event driven: the caller's epoll waits on fd(), handle_ready() applies what events say to a table
// of links and addresses and tells what is worth looking at again, facts() gives the table. All is
// read anew (dumps) at the start, after an overrun of the socket's buffer and when mark_stale()
// says so. A dump during which something changed (NLM_F_DUMP_INTR) is no failure: what it named is
// taken, nothing is taken away, events fill the gap, and is_stale() says that it is to be done
// again. So neither many interfaces nor many events make anything wait.
// Loss of carrier arrives when the kernel's linkwatch tells it (net/core/link_watch.c): at once for
// virtual interfaces; for a NIC (and a veth that has the same index as its far end) at once too,
// unless some link of the host changed within the last second: then up to one second later.
// look_again() sees the loss earlier, so it pays to call it when a route has missed heartbeats.
//
// What costs per interface (speed, default route) is asked only of those that set_wanted() names,
// once per change. Whether a default route leaves there is asked of the FIB, and no routing table
// is ever read: it may have a million entries.
//
// Limits: default routes of the main table only, and not those behind a rule or a route that takes
// 240.0.0.1 or 4000::1 elsewhere.
// Speed comes from /sys/class/net of this mount namespace: where that belongs to another network
// namespace, it is 0 (not known).
// Threads: control only. It works on the network namespace in which it was opened.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "netft/base/address.hpp"
#include "netft/base/result.hpp"
#include "routing/interfaces/interface_manager.hpp"
#include "routing/netlink/fact_table.hpp"
#include "routing/netlink/next_hop.hpp"
#include "routing/netlink/socket.hpp"

namespace netft::routing {

// What may be different since the last call.
struct Changes {
    bool links = false;    // facts() are others
    bool watched = false;  // of these, such of a watched interface
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
    Changes handle_ready();

    // Reads anew what is not known for sure. On failure, and while is_stale(), what is known stays:
    // call it again a little later.
    Status sync();
    bool is_stale() const { return is_stale_; }
    void mark_stale() { is_stale_ = true; }
    // All interfaces, our adapter included, in order of index. Addresses left out: tentative,
    // failed DAD, temporary (RFC 8981), and those of ports of a bridge, bond or team, which the
    // kernel does not serve there.
    std::vector<InterfaceFact> facts();
    // Both, sync() tried a few times: for the start.
    Result<std::vector<InterfaceFact>> read_facts();

    // Interfaces whose events are told apart and whose state look_again() has sync() ask for.
    void watch(std::vector<std::uint32_t> indices) { watched_ = std::move(indices); }
    void look_again() { look_due_ = true; }
    // Those whose speed and default route are of interest; until then, of none.
    using IsWanted = std::function<bool(const InterfaceFact&)>;
    void set_wanted(IsWanted is_wanted);

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
    static constexpr int kDumpTriesMax = 5;

 private:
    Monitor(netlink::Socket events, netlink::Socket requests, std::string adapter_name);
    void handle_message(const nlmsghdr& message, Changes& changes);
    void drain(Changes& changes);
    void handle_link(const nlmsghdr& message, Changes& changes);
    void handle_address(const nlmsghdr& message, Changes& changes);
    void handle_sysctl(const nlmsghdr& message, Changes& changes);
    void handle_route(const nlmsghdr& message, Changes& changes);
    Status dump_links();
    Status dump_addresses();
    Status dump_all();
    void look_at_watched();
    bool has_default_route(std::uint32_t index);
    bool is_watched(std::uint32_t index) const;
    Result<void> find_neighbour(NextHop& next_hop);
    bool is_adapter(std::uint32_t index) const { return index != 0 && index == adapter_index_; }

    netlink::Socket events_;
    netlink::Socket requests_;
    std::string adapter_name_;
    std::uint32_t adapter_index_ = 0;  // 0: not there
    netlink::FactTable table_;
    Changes pending_;  // of events that sync() read; handle_ready() tells them
    std::vector<std::uint32_t> watched_;
    IsWanted is_wanted_;
    bool is_stale_ = true;
    bool look_due_ = false;
};

}  // namespace netft::routing
