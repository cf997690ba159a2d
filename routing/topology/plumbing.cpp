#include "routing/topology/plumbing.hpp"

#include <algorithm>

namespace netft::routing {

namespace {

enum class Kind { none, same_subnet, cross_subnet, link_local_configured, link_local };

bool has_address(std::span<const End> ends, const IpAddress& address) {
    return std::any_of(ends.begin(), ends.end(),
                       [&](const End& end) { return end.endpoint.address == address; });
}

bool is_nonsense(const IpAddress& address) {
    return address.is_loopback() || address.is_unspecified() || address.is_multicast();
}

// An address of both nodes is not the way from one to the other. Symmetric in the two lists.
bool is_ambiguous(const End& local, const End& remote, std::span<const End> locals,
                  std::span<const End> remotes) {
    return has_address(locals, remote.endpoint.address) ||
           has_address(remotes, local.endpoint.address);
}

Kind kind_of(const End& a, const End& b) {
    if (a.endpoint.address.family() != b.endpoint.address.family()) return Kind::none;
    if (is_nonsense(a.endpoint.address) || is_nonsense(b.endpoint.address)) return Kind::none;
    bool link_local = a.endpoint.address.is_link_local();
    if (link_local != b.endpoint.address.is_link_local()) return Kind::none;
    if (link_local)
        return a.configured && b.configured ? Kind::link_local_configured : Kind::link_local;
    return is_same_subnet(a, b) ? Kind::same_subnet : Kind::cross_subnet;
}

struct Possible {
    Pair pair;
    Kind kind;
};

std::vector<Possible> find_possible(std::span<const End> locals, std::span<const End> remotes) {
    std::vector<Possible> out;
    for (const End& local : locals) {
        for (const End& remote : remotes) {
            Kind kind = kind_of(local, remote);
            if (kind == Kind::none || is_ambiguous(local, remote, locals, remotes)) continue;
            out.push_back({{&local, &remote, kind == Kind::cross_subnet}, kind});
        }
    }
    return out;
}

bool has_kind(const std::vector<Possible>& possible, Kind kind) {
    return std::any_of(possible.begin(), possible.end(),
                       [&](const Possible& p) { return p.kind == kind; });
}

}  // namespace

bool is_same_subnet(const End& a, const End& b) {
    if (a.prefix_length == 0 && b.prefix_length == 0) return false;
    auto contains = [](const End& whole, const End& part) {
        return whole.prefix_length == 0 ||
               Prefix{whole.endpoint.address, whole.prefix_length}.contains(part.endpoint.address);
    };
    return a.endpoint.address.family() == b.endpoint.address.family() && contains(a, b) &&
           contains(b, a);
}

std::vector<Pair> plumb(std::span<const End> local, std::span<const End> remote, bool all_cross) {
    std::vector<Possible> possible = find_possible(local, remote);
    bool cross = all_cross || !has_kind(possible, Kind::same_subnet);
    bool joined = has_kind(possible, Kind::same_subnet) || has_kind(possible, Kind::cross_subnet) ||
                  has_kind(possible, Kind::link_local_configured);
    std::vector<Pair> out;
    for (const Possible& p : possible) {
        bool wanted = false;
        switch (p.kind) {
            case Kind::none: break;
            case Kind::same_subnet: wanted = true; break;
            case Kind::cross_subnet: wanted = cross; break;
            case Kind::link_local_configured: wanted = true; break;
            case Kind::link_local: wanted = !joined; break;
        }
        if (wanted) out.push_back(p.pair);
    }
    return out;
}

}  // namespace netft::routing
