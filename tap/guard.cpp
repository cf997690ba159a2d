#include "tap/guard.hpp"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "tap/attributes.hpp"
#include "tap/kernel_state.hpp"

namespace netft::tap {

namespace {

// Behind any route of a device, as the kernel's own last resorts are.
constexpr std::uint32_t kLastMetric = 4'278'198'272;
constexpr std::uint32_t kIpv6Metric = 1024;  // what IPv6 makes of 0
constexpr std::uint32_t kOtherTables = 33'430'000;
constexpr std::uint32_t kOtherTablesMax = 10'000;

Family family_of(const Prefix& prefix) { return prefix.address.family(); }

}  // namespace

struct Guard::Entry {
    Prefix destination;
    std::optional<IpAddress> source;
    std::uint32_t interface_index = 0;  // 0: unreachable
    std::uint32_t metric = 0;
    std::uint8_t protocol = kRouteProtocol;

    bool operator==(const Entry&) const = default;
    // What tells one from the other in the kernel's table.
    bool stands_for(const Entry& other) const {
        return destination == other.destination && metric == other.metric;
    }
    std::string to_string() const {
        return (interface_index == 0 ? "unreachable " : "route ") + destination.to_string() +
               " of the guard";
    }
};

std::uint32_t guard_table(const std::string& adapter_name) {
    if (adapter_name == "netft0") return kGuardTable;
    std::uint32_t hash = 2'166'136'261;  // FNV-1a
    for (char c : adapter_name) hash = (hash ^ static_cast<std::uint8_t>(c)) * 16'777'619;
    return kOtherTables + hash % kOtherTablesMax;
}

Result<Guard> Guard::open(const std::string& adapter_name, std::uint32_t priority) {
    Result<Rtnl> rtnl = Rtnl::open();
    if (!rtnl) return with_context("guard", rtnl.error());
    return Guard(std::move(*rtnl), guard_table(adapter_name), priority);
}

Status Guard::change_rule(int type, int flags, Family family) {
    fib_rule_hdr header{};
    header.family = static_cast<std::uint8_t>(af_of(family));
    header.action = FR_ACT_TO_TBL;
    Message message = make_message(type, flags, header);
    put(message, FRA_PRIORITY, priority_);
    put(message, FRA_TABLE, table_);
    const std::uint8_t protocol = kRouteProtocol;
    put(message, FRA_PROTOCOL, Bytes(&protocol, 1));
    return rtnl_.request(message);
}

Result<bool> Guard::has_rule(Family family) {
    fib_rule_hdr header{};
    header.family = static_cast<std::uint8_t>(af_of(family));
    const auto answers = rtnl_.query(make_message(RTM_GETRULE, NLM_F_DUMP, header));
    if (!answers) return tl::unexpected(answers.error());
    for (const Message& answer : *answers) {
        const auto* rule = header_of<fib_rule_hdr>(answer, RTM_NEWRULE);
        std::array<nlattr*, FRA_MAX + 1> attributes{};
        if (rule == nullptr || !parse<fib_rule_hdr>(answer, attributes)) continue;
        const bool is_for_all =
            rule->src_len == 0 && rule->dst_len == 0 && attributes[FRA_IIFNAME] == nullptr &&
            attributes[FRA_OIFNAME] == nullptr && attributes[FRA_FWMARK] == nullptr;
        if (is_for_all && rule->action == FR_ACT_TO_TBL &&
            number_of(attributes[FRA_PRIORITY]) == priority_ &&
            number_of(attributes[FRA_TABLE]).value_or(rule->table) == table_)
            return true;
    }
    return false;
}

Status Guard::change(int type, int flags, const Entry& entry) {
    rtmsg header{};
    header.rtm_family = static_cast<unsigned char>(af_of(family_of(entry.destination)));
    header.rtm_dst_len = entry.destination.length;
    header.rtm_table = RT_TABLE_UNSPEC;
    header.rtm_protocol = entry.protocol;
    const bool is_link = entry.interface_index != 0 && entry.destination.address.is_v4();
    header.rtm_scope = is_link ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
    header.rtm_type = entry.interface_index != 0 ? RTN_UNICAST : RTN_UNREACHABLE;
    Message message = make_message(type, flags, header);
    put(message, RTA_TABLE, table_);
    put(message, RTA_DST, entry.destination.address.bytes());
    if (entry.interface_index != 0) put(message, RTA_OIF, entry.interface_index);
    if (entry.source) put(message, RTA_PREFSRC, entry.source->bytes());
    if (entry.metric != 0) put(message, RTA_PRIORITY, entry.metric);
    return rtnl_.request(message);
}

Result<std::vector<Guard::Entry>> Guard::entries(Family family) {
    rtmsg header{};
    header.rtm_family = static_cast<unsigned char>(af_of(family));
    Message message = make_message(RTM_GETROUTE, NLM_F_DUMP, header);
    put(message, RTA_TABLE, table_);
    const auto answers = rtnl_.query(message);
    if (!answers && answers.error().errno_value == ENOENT) return std::vector<Entry>{};  // no table
    if (!answers) return tl::unexpected(answers.error());
    std::vector<Entry> out;
    for (const Message& answer : *answers) {
        const auto* route = header_of<rtmsg>(answer, RTM_NEWROUTE);
        std::array<nlattr*, RTA_MAX + 1> attributes{};
        if (route == nullptr || !parse<rtmsg>(answer, attributes)) continue;
        if (number_of(attributes[RTA_TABLE]).value_or(route->rtm_table) != table_) continue;
        const std::optional<IpAddress> to = address_of(attributes[RTA_DST]);
        if (!to) continue;
        // IPv6 names the loopback device as that of an unreachable route.
        const bool is_unicast = route->rtm_type == RTN_UNICAST;
        out.push_back(
            {.destination = {*to, route->rtm_dst_len},
             .source = address_of(attributes[RTA_PREFSRC]),
             .interface_index = is_unicast ? number_of(attributes[RTA_OIF]).value_or(0) : 0,
             .metric = number_of(attributes[RTA_PRIORITY]).value_or(0),
             .protocol = route->rtm_protocol});
    }
    return out;
}

Status Guard::keep_rule(Family family, std::vector<std::string>& repaired) {
    const Result<bool> has = has_rule(family);
    if (!has) return with_context("rules", has.error());
    if (*has) return {};
    const Status added = change_rule(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, family);
    if (!added && added.error().errno_value != EEXIST) return with_context("rule", added.error());
    repaired.push_back("rule " + std::to_string(priority_) + " to table " + std::to_string(table_));
    return {};
}

// What is wrong goes first: IPv4 has one route of a metric.
Status Guard::keep_routes(Family family, const std::vector<Entry>& wanted,
                          std::vector<std::string>& repaired) {
    const auto have = entries(family);
    if (!have) return with_context("table", have.error());
    Status first;
    const auto did = [&](const Entry& entry, const Status& status) {
        if (status)
            repaired.push_back(entry.to_string());
        else if (first)
            first = with_context(entry.to_string(), status.error());
    };
    for (const Entry& one : *have) {
        const bool is_wanted = std::find(wanted.begin(), wanted.end(), one) != wanted.end();
        const bool is_in_the_way = std::any_of(wanted.begin(), wanted.end(),
                                               [&](const Entry& w) { return w.stands_for(one); });
        if (is_wanted || (one.protocol != kRouteProtocol && !is_in_the_way)) continue;
        const Status removed = change(RTM_DELROUTE, 0, one);
        if (!removed && removed.error().errno_value != ESRCH) did(one, removed);
    }
    for (const Entry& one : wanted) {
        if (std::find(have->begin(), have->end(), one) != have->end()) continue;
        const Status added = change(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, one);
        if (added || added.error().errno_value != EEXIST) did(one, added);
    }
    return first;
}

Status Guard::apply_family(Family family, const GuardState& wanted,
                           std::vector<std::string>& repaired) {
    std::vector<Entry> entries;
    for (const GuardedRoute& route : wanted.routes) {
        if (family_of(route.destination) != family) continue;
        entries.push_back({.destination = route.destination, .metric = kLastMetric});
        if (wanted.interface_index == 0) continue;
        entries.push_back({.destination = route.destination,
                           .source = route.source,
                           .interface_index = wanted.interface_index,
                           .metric = family == Family::ipv6 ? kIpv6Metric : 0});
    }
    // Routes first: a rule that leads to nothing would let through what it is to hold.
    if (Status done = keep_routes(family, entries, repaired); !done) return done;
    return entries.empty() ? Status() : keep_rule(family, repaired);
}

Status Guard::apply(const GuardState& wanted, std::vector<std::string>& repaired) {
    repaired.clear();
    Status first;
    for (Family family : {Family::ipv4, Family::ipv6}) {
        Status done = apply_family(family, wanted, repaired);
        // IPv6 may be off in this kernel.
        const bool is_off =
            !done && family == Family::ipv6 &&
            (done.error().errno_value == EAFNOSUPPORT || done.error().errno_value == EOPNOTSUPP);
        if (!done && !is_off && first) first = with_context("guard", done.error());
    }
    return first;
}

void Guard::remove() {
    for (Family family : {Family::ipv4, Family::ipv6}) {
        (void)change_rule(RTM_DELRULE, 0, family);
        const auto have = entries(family);
        if (!have) continue;
        for (const Entry& entry : *have)
            if (entry.protocol == kRouteProtocol) (void)change(RTM_DELROUTE, 0, entry);
    }
}

}  // namespace netft::tap
