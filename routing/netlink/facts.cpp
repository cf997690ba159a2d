// Monitor::sync() and facts(): dumps and single questions, made into one list.
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <fstream>

#include "routing/netlink/message.hpp"
#include "routing/netlink/monitor.hpp"

namespace netft::routing {

namespace {

std::uint32_t read_speed(const std::string& name) {
    // Absent for some kinds, unreadable without carrier, -1 where the driver does not know.
    std::ifstream file("/sys/class/net/" + name + "/speed");
    std::int64_t mbps = 0;
    if (!(file >> mbps) || mbps <= 0 || mbps > 10'000'000) return 0;
    return static_cast<std::uint32_t>(mbps);
}

int read_filter(const std::string& name) {
    std::ifstream file("/proc/sys/net/ipv4/conf/" + name + "/rp_filter");
    int value = 0;
    return file >> value ? value : 0;
}

// Of an interface's value and that for all the larger one holds (ip-sysctl, rp_filter).
bool is_filter_strict(const std::string& name) {
    return std::max(read_filter("all"), read_filter(name)) == 1;
}

template <class Header>
Status dump(netlink::Socket& socket, std::uint16_t type, const Header& header,
            const netlink::Socket::OnMessage& on_message) {
    auto request = netlink::make_request(type, NLM_F_DUMP, &header, sizeof header);
    if (!request) return tl::unexpected(request.error());
    return socket.request(*std::move(request), on_message);
}

// Which route would take a packet that nothing but a default route fits (class E; what IANA has
// not given away), were it to leave by that interface.
Result<netlink::Message> make_default_question(std::uint8_t family, std::uint32_t index) {
    bool is_v4 = family == AF_INET;
    rtmsg header{.rtm_family = family,
                 .rtm_dst_len = static_cast<std::uint8_t>(is_v4 ? 32 : 128),
                 .rtm_flags = RTM_F_FIB_MATCH | RTM_F_LOOKUP_TABLE};
    auto request = netlink::make_request(RTM_GETROUTE, 0, &header, sizeof header);
    if (!request) return request;
    IpAddress v4 = IpAddress::v4({240, 0, 0, 1});
    IpAddress v6 = IpAddress::v6({0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
    Bytes bytes = is_v4 ? v4.bytes() : v6.bytes();
    bool fits =
        nla_put(request->get(), RTA_DST, static_cast<int>(bytes.size()), bytes.data()) >= 0 &&
        nla_put_u32(request->get(), RTA_OIF, index) >= 0;
    if (!fits) return fail("netlink: no room in a request", ENOMEM);
    return request;
}

bool is_default(const netlink::RouteMessage& route, std::uint32_t index) {
    bool leaves_there = std::count(route.interfaces.begin(), route.interfaces.end(), index) > 0;
    return leaves_there && route.table == RT_TABLE_MAIN && route.destination_length == 0 &&
           route.type == RTN_UNICAST;
}

}  // namespace

bool Monitor::has_default_route(std::uint32_t index) {
    bool found = false;
    for (int family : {AF_INET, AF_INET6}) {
        auto request = make_default_question(static_cast<std::uint8_t>(family), index);
        if (!request) continue;
        // Not answered: there is none, as far as can be known.
        (void)requests_.request(*std::move(request), [&](const nlmsghdr& message) {
            auto route = netlink::parse_route(message);
            found |= route && is_default(*route, index);
        });
    }
    return found;
}

Status Monitor::dump_links() {
    return dump(requests_, RTM_GETLINK, ifinfomsg{}, [this](const nlmsghdr& message) {
        auto link = netlink::parse_link(message);
        if (link && message.nlmsg_type == RTM_NEWLINK) table_.apply(*link, false);
    });
}

Status Monitor::dump_addresses() {
    return dump(requests_, RTM_GETADDR, ifaddrmsg{}, [this](const nlmsghdr& message) {
        auto address = netlink::parse_address(message);
        if (address && message.nlmsg_type == RTM_NEWADDR) table_.apply(*address, false);
    });
}

// What changed meanwhile stands in the events, which are read before and after.
Status Monitor::dump_all() {
    drain(pending_);
    table_.begin_dump();
    bool is_whole = true;
    for (auto part : {&Monitor::dump_links, &Monitor::dump_addresses}) {
        Status done = (this->*part)();
        if (done) continue;
        is_whole = false;
        if (done.error().errno_value == EINTR) continue;
        table_.end_dump(false);
        return with_context(part == &Monitor::dump_links ? "links" : "addresses", done.error());
    }
    is_stale_ = !is_whole;
    drain(pending_);
    table_.end_dump(is_whole);
    return {};
}

void Monitor::look_at_watched() {
    for (std::uint32_t index : watched_) {
        ifinfomsg header{.ifi_index = static_cast<int>(index)};
        auto request = netlink::make_request(RTM_GETLINK, 0, &header, sizeof header);
        if (!request) continue;
        // Not answered: the events will tell.
        (void)requests_.request(*std::move(request), [this](const nlmsghdr& message) {
            auto link = netlink::parse_link(message);
            if (link && message.nlmsg_type == RTM_NEWLINK) table_.apply(*link, false);
        });
    }
}

Status Monitor::sync() {
    drain(pending_);
    if (is_stale_)
        if (auto done = dump_all(); !done) return done;
    if (std::exchange(look_due_, false)) look_at_watched();
    return {};
}

std::vector<InterfaceFact> Monitor::facts() {
    std::vector<InterfaceFact> facts = table_.facts();
    for (InterfaceFact& fact : facts) {
        if (fact.name == adapter_name_) adapter_index_ = fact.index;
        if (!table_.wants_details(fact.index)) continue;
        if (fact.loopback || fact.name == adapter_name_ || !(is_wanted_ && is_wanted_(fact)))
            continue;
        bool is_live = fact.admin_up && fact.carrier;
        fact.speed_mbps = is_live ? read_speed(fact.name) : 0;
        fact.default_route = fact.admin_up && has_default_route(fact.index);
        fact.strict_filter = is_filter_strict(fact.name);
        table_.set_details(fact.index, {fact.speed_mbps, fact.default_route, fact.strict_filter});
    }
    return facts;
}

Result<std::vector<InterfaceFact>> Monitor::read_facts() {
    Status done;
    for (int i = 0; i < kDumpTriesMax; ++i) {
        done = sync();
        if (done && !is_stale_) break;
    }
    if (!done) return tl::unexpected(done.error());
    return facts();
}

}  // namespace netft::routing
