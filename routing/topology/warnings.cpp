#include "routing/topology/warnings.hpp"

#include <set>
#include <utility>

namespace netft::routing {

namespace {

constexpr char kOneCut[] = ": one cut separates us";

std::string lane(const End& end) {
    return end.interface.empty() ? end.endpoint.address.to_string() : end.interface;
}

std::string end_name(const End& end) {
    std::string address = end.endpoint.address.to_string();
    return end.interface.empty() ? address : end.interface + " (" + address + ")";
}

// What is cut with the end.
std::string ground(const End& end) { return end.nic.empty() ? lane(end) : end.nic; }

std::string list(const std::set<std::string>& names) {
    std::string out;
    std::size_t left = names.size();
    for (const std::string& name : names) {
        out += name;
        --left;
        if (left > 0) out += left == 1 ? " and " : ", ";
    }
    return out;
}

bool shares_subnet(const End& a, const End& b) {
    return a.prefix_length != 0 && !a.endpoint.address.is_link_local() &&
           a.endpoint.address.family() == b.endpoint.address.family() &&
           Prefix{a.endpoint.address, a.prefix_length}.network() ==
               Prefix{b.endpoint.address, b.prefix_length}.network();
}

std::string why_none(std::span<const End> local, std::span<const End> remote) {
    if (local.empty()) return "this node has no endpoint in use";
    if (remote.empty()) return "it has no endpoint in use";
    return "no two endpoints can be joined";
}

}  // namespace

std::string network_name(const Pair& pair) {
    if (pair.cross_subnet) return pair.local->network + " to " + pair.remote->network;
    return pair.local->prefix_length == 0 ? pair.remote->network : pair.local->network;
}

std::optional<std::string> find_warning(const std::string& peer, bool from_card,
                                        std::span<const End> local, std::span<const End> remote,
                                        std::span<const Pair> pairs) {
    if (pairs.empty()) return "no route to " + peer + ": " + why_none(local, remote);
    if (!from_card) return {};
    std::set<std::string> networks, ours, theirs, grounds;
    for (const Pair& pair : pairs) {
        networks.insert(network_name(pair));
        ours.insert(lane(*pair.local));
        grounds.insert(ground(*pair.local));
        theirs.insert(lane(*pair.remote));
    }
    if (networks.size() == 1)
        return peer + ": only one network (" + *networks.begin() + ") joins us" + kOneCut;
    if (ours.size() == 1)
        return peer + ": all routes leave by our interface " + *ours.begin() + kOneCut;
    if (grounds.size() == 1)
        return peer + ": " + list(ours) + " run over " + *grounds.begin() + kOneCut;
    if (theirs.size() == 1)
        return peer + ": all routes end at its interface " + *theirs.begin() + kOneCut;
    return {};
}

std::vector<std::string> find_filter_warnings(std::span<const End> local) {
    std::vector<std::string> warnings;
    std::set<std::string> named;
    for (const End& end : local) {
        std::set<std::string> together;
        bool is_strict = false;
        for (const End& other : local) {
            if (!other.usable || !shares_subnet(end, other)) continue;
            together.insert(lane(other));
            is_strict |= other.strict_filter;
        }
        std::string subnet = Prefix{end.endpoint.address, end.prefix_length}.network().to_string();
        if (!is_strict || together.size() < 2 || !named.insert(subnet).second) continue;
        warnings.push_back(list(together) + " are both on " + subnet +
                           ", and rp_filter=1 has the kernel drop what comes in by all but one of "
                           "them; set net.ipv4.conf rp_filter=2, arp_ignore=1, arp_announce=2 "
                           "for them and rp_filter=0 for \"all\"");
    }
    return warnings;
}

std::vector<std::string> find_ambiguity_warnings(const std::string& peer,
                                                 std::span<const End> local,
                                                 std::span<const End> remote) {
    std::vector<std::string> warnings;
    for (const End& ours : local)
        for (const End& theirs : remote)
            if (ours.endpoint.address == theirs.endpoint.address && ours.usable && theirs.usable &&
                !ours.endpoint.address.is_link_local())
                warnings.push_back(peer + " and this node both have the address " + end_name(ours) +
                                   ": it joins nothing, and one of them is to be "
                                   "given another");
    return warnings;
}

std::vector<std::string> find_mtu_warnings(const std::string& peer, std::span<const Pair> pairs) {
    std::vector<std::string> warnings;
    std::set<std::pair<std::string, std::string>> named;
    for (const Pair& pair : pairs) {
        const End& local = *pair.local;
        const End& remote = *pair.remote;
        bool differs = local.mtu != 0 && remote.mtu != 0 && local.mtu != remote.mtu;
        if (!differs || pair.cross_subnet || !named.emplace(lane(local), lane(remote)).second)
            continue;
        warnings.push_back(peer + ": MTU differs on " + network_name(pair) + ": our " +
                           end_name(local) + " has " + std::to_string(local.mtu) + ", its " +
                           end_name(remote) + " has " + std::to_string(remote.mtu));
    }
    return warnings;
}

}  // namespace netft::routing
