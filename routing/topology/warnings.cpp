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
    std::set<std::string> networks, ours, theirs;
    for (const Pair& pair : pairs) {
        networks.insert(network_name(pair));
        ours.insert(lane(*pair.local));
        theirs.insert(lane(*pair.remote));
    }
    if (networks.size() == 1)
        return peer + ": only one network (" + *networks.begin() + ") joins us" + kOneCut;
    if (ours.size() == 1)
        return peer + ": all routes leave by our interface " + *ours.begin() + kOneCut;
    if (theirs.size() == 1)
        return peer + ": all routes end at its interface " + *theirs.begin() + kOneCut;
    return {};
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
